//! A plan with less in it: the whole list stays, and some of it is no longer carried out.
//! Recording the result supersedes the parent; approvals do not carry over, since its id differs.

use std::collections::BTreeSet;

use crate::ids::PersonName;
use crate::plan::{BadPlan, CheckpointRef, Do, Plan};
use crate::time::Time;

/// Why a plan cannot be narrowed so.
#[derive(Debug, thiserror::Error)]
pub enum CannotNarrow {
    /// Nothing was named.
    #[error("no action was named")]
    Nothing,
    /// There is no such action.
    #[error("the plan has no action {}", .index + 1)]
    NoSuchAction {
        /// Its place, from 0.
        index: usize,
    },
    /// It is left out already.
    #[error("action {} is left out already", .index + 1)]
    Skipped {
        /// Its place, from 0.
        index: usize,
    },
    /// Nothing would be left, or the parent's time is over.
    #[error("what would be left is no plan")]
    Left(#[source] BadPlan),
}

/// The plan that leaves out the actions at `skip` (places from 0). It ends when its parent does.
/// `by` is whoever stands behind the narrowing, or behind a diagnosis that may have led to it: they
/// may not approve it either.
pub fn narrow(
    plan: &Plan,
    skip: &BTreeSet<usize>,
    by: &[PersonName],
    now: Time,
    checkpoint: CheckpointRef,
) -> Result<Plan, CannotNarrow> {
    if skip.is_empty() {
        return Err(CannotNarrow::Nothing);
    }
    let mut body = plan.body().clone();
    for &index in skip {
        let planned = body
            .actions
            .get_mut(index)
            .ok_or(CannotNarrow::NoSuchAction { index })?;
        match planned.r#do {
            Do::Act => planned.r#do = Do::Skip,
            Do::Skip => return Err(CannotNarrow::Skipped { index }),
        }
    }
    body.parent = Some(plan.id());
    body.created_at = now;
    body.checkpoint = checkpoint;
    body.owners.extend_from_slice(by);
    body.owners.sort();
    body.owners.dedup();
    Plan::new(body).map_err(CannotNarrow::Left)
}

/// Whether `child` is `parent` with some of it left out, and nothing else changed but who stands
/// behind it, when it was made and the journal's checkpoint.
pub fn is_narrowed(child: &Plan, parent: &Plan) -> bool {
    let mut expected = parent.body().clone();
    let body = child.body();
    if body.actions.len() != expected.actions.len()
        || body.created_at < expected.created_at
        || !expected
            .owners
            .iter()
            .all(|owner| body.owners.contains(owner))
    {
        return false;
    }
    for (ours, theirs) in expected.actions.iter_mut().zip(&body.actions) {
        match (ours.r#do, theirs.r#do) {
            (Do::Act, Do::Act | Do::Skip) | (Do::Skip, Do::Skip) => ours.r#do = theirs.r#do,
            (Do::Skip, Do::Act) => return false,
        }
    }
    expected.parent = Some(parent.id());
    expected.created_at = body.created_at;
    expected.checkpoint = body.checkpoint.clone();
    expected.owners.clone_from(&body.owners);
    expected == *body && expected.actions != parent.body().actions
}
