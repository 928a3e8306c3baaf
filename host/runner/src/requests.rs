//! Requests for approval: the same act is not asked for again while it waits, and not for an hour
//! after somebody said no.

use interlock_gate::{
    ids::PlanDigest,
    plan::{ActionText, Plan},
    revision::Revision,
    state::PlanState,
    time::Time,
    token::Decision,
};

/// How long a rejection holds for the same act, in seconds.
pub(crate) const REJECTION_HOLDS_S: u64 = 3600;

/// What a plan would do, to compare: the write step's bytes, and each act with its revision.
#[derive(PartialEq)]
pub(crate) struct Effect {
    digest: Option<interlock_gate::ids::ComponentDigest>,
    acts: Vec<(ActionText, Revision)>,
}

/// The effect of a plan. Ages grow while one waits, so they are left out.
pub(crate) fn effect(plan: &Plan) -> Effect {
    let components = &plan.body().components;
    let digest = components
        .steps
        .iter()
        .find(|step| step.step == components.step)
        .map(|step| step.digest);
    let acts = plan
        .acts()
        .map(|(_, planned)| {
            let mut text = ActionText::from(&planned.action);
            text.arguments.remove("transaction_age_s");
            (text, planned.seen.clone())
        })
        .collect();
    Effect { digest, acts }
}

/// What an earlier plan of the same effect says about a new one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Earlier {
    /// It still waits: nobody is asked twice.
    Waits(PlanDigest),
    /// Somebody said no, and that holds until then.
    Rejected(PlanDigest, Time),
}

/// Whether `earlier` stands in the way of a plan with the same effect.
pub(crate) fn stands(
    earlier: &Plan,
    state: PlanState,
    tokens: &[interlock_gate::token::Token],
    now: Time,
) -> Option<Earlier> {
    match state {
        PlanState::Waiting if now < earlier.body().expires_at => Some(Earlier::Waits(earlier.id())),
        PlanState::Rejected => {
            let rejections = tokens
                .iter()
                .filter(|token| token.payload().decision == Decision::Reject);
            let until = rejections
                .map(|token| token.payload().issued_at.plus_seconds(REJECTION_HOLDS_S))
                .max()?;
            (now < until).then_some(Earlier::Rejected(earlier.id(), until))
        }
        PlanState::Waiting
        | PlanState::Revoked
        | PlanState::Expired
        | PlanState::Superseded
        | PlanState::Applying { .. }
        | PlanState::Applied
        | PlanState::Stopped { .. }
        | PlanState::Unknown { .. }
        | PlanState::Undoing { .. }
        | PlanState::Undone => None,
    }
}
