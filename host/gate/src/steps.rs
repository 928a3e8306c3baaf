//! What there is to do, step by step, and which step comes next.

use std::collections::BTreeSet;

use crate::action::AnyAction;
use crate::case::Case;
use crate::history::Kind;
use crate::plan::{PlannedAction, RuleRef};
use crate::reason::Reason;
use crate::revision::Revision;
use crate::state::PlanState;

/// The action that would come next.
pub(crate) struct Next {
    pub(crate) index: u16,
    pub(crate) step: u16,
    pub(crate) action: AnyAction,
    pub(crate) seen: Revision,
    pub(crate) rule: RuleRef,
}

/// One step of carrying out, or of taking back.
pub(crate) struct Step<'a> {
    pub(crate) index: u16,
    pub(crate) planned: &'a PlannedAction,
    pub(crate) action: &'a AnyAction,
    pub(crate) seen: &'a Revision,
}

/// Every step there is, in order of its number: for an undo the last comes first.
pub(crate) fn steps<'a>(case: &Case<'a>) -> Vec<Step<'a>> {
    match case.kind {
        Kind::Apply => case
            .plan
            .acts()
            .filter_map(|(index, planned)| {
                Some(Step {
                    index: u16::try_from(index).ok()?,
                    planned,
                    action: &planned.action,
                    seen: &planned.seen,
                })
            })
            .collect(),
        Kind::Undo => case
            .history
            .done
            .iter()
            .filter_map(|done| {
                let planned = case.plan.body().actions.get(usize::from(done.index))?;
                Some(Step {
                    index: done.index,
                    planned,
                    action: planned.undo.as_ref()?,
                    seen: &done.after,
                })
            })
            .collect(),
    }
}

pub(crate) fn next_step(
    case: &Case<'_>,
    steps: &[Step<'_>],
    reasons: &mut BTreeSet<Reason>,
) -> Option<Next> {
    let history = case.history;
    let state = history.state;
    let (number, begins) = match (case.kind, state) {
        (Kind::Apply, PlanState::Waiting) => (Some(0), true),
        (Kind::Apply, PlanState::Applying { next }) => (Some(next), false),
        (Kind::Undo, PlanState::Applied | PlanState::Stopped { .. }) => (
            u16::try_from(steps.len())
                .ok()
                .and_then(|steps| steps.checked_sub(1)),
            true,
        ),
        (Kind::Undo, PlanState::Undoing { next }) => (Some(next), false),
        (
            Kind::Apply,
            PlanState::Rejected
            | PlanState::Revoked
            | PlanState::Expired
            | PlanState::Superseded
            | PlanState::Applied
            | PlanState::Stopped { .. }
            | PlanState::Unknown { .. }
            | PlanState::Undoing { .. }
            | PlanState::Undone,
        )
        | (
            Kind::Undo,
            PlanState::Waiting
            | PlanState::Rejected
            | PlanState::Revoked
            | PlanState::Expired
            | PlanState::Superseded
            | PlanState::Applying { .. }
            | PlanState::Unknown { .. }
            | PlanState::Undone,
        ) => {
            reasons.insert(Reason::State { state });
            return None;
        }
    };
    let redeemed = match case.kind {
        Kind::Apply => &history.applied,
        Kind::Undo => &history.undone,
    };
    match (begins, redeemed) {
        (true, Some(redemption)) => {
            reasons.insert(Reason::Redeemed {
                kind: case.kind,
                at: redemption.at,
            });
        }
        (false, None) => drop(reasons.insert(Reason::HistoryBroken)),
        (true, None) | (false, Some(_)) => {}
    }
    match case.kind {
        Kind::Undo if history.applied.is_none() => drop(reasons.insert(Reason::HistoryBroken)),
        Kind::Undo | Kind::Apply => {}
    }
    let Some(number) = number else {
        reasons.insert(Reason::NothingToUndo);
        return None;
    };
    let Some(step) = steps.get(usize::from(number)) else {
        reasons.insert(Reason::HistoryBroken);
        return None;
    };
    Some(Next {
        index: step.index,
        step: number,
        action: step.action.clone(),
        seen: step.seen.clone(),
        rule: step.planned.rule.clone(),
    })
}
