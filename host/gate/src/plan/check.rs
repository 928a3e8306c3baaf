//! What every plan is held to, whoever made it.

use super::{ACTIONS_MAX, ARGUMENT_BYTES_MAX, BadPlan, Do, PLAN_SCHEMA, PlanBody, PlannedAction};
use crate::action::Capability;
use crate::canonical;

pub(super) fn check(body: &PlanBody) -> Result<(), BadPlan> {
    if body.schema != PLAN_SCHEMA {
        return Err(BadPlan::Schema(body.schema.chars().take(80).collect()));
    }
    if body.actions.iter().all(|planned| planned.r#do == Do::Skip) {
        return Err(BadPlan::NoAction);
    }
    if body.actions.len() > ACTIONS_MAX {
        return Err(BadPlan::TooManyActions(body.actions.len()));
    }
    if body.calls.is_empty() {
        return Err(BadPlan::NoEvidence);
    }
    if !body.calls.is_sorted_by(|a, b| a.id < b.id) {
        return Err(BadPlan::Unsorted("calls"));
    }
    if !body.owners.is_sorted_by(|a, b| a < b) {
        return Err(BadPlan::Unsorted("owners"));
    }
    if body.expires_at <= body.created_at {
        return Err(BadPlan::EndsBeforeItBegins);
    }
    let undone_by_hand = undone_by_hand(&body.actions);
    for (action, planned) in body.actions.iter().enumerate() {
        let capability = planned.action.capability();
        if capability.only_undo() {
            return Err(BadPlan::OnlyUndo { action, capability });
        }
        // Read bytes are so by their form; a screen's rows rely on it.
        if !planned.seen.is_found_by(capability) {
            return Err(BadPlan::Seen { action, capability });
        }
        let call = planned.cites.call;
        if body
            .calls
            .binary_search_by_key(&call, |cited| cited.id)
            .is_err()
        {
            return Err(BadPlan::NotCited { action, call });
        }
        for (name, value) in planned.action.arguments() {
            if canonical::to_bytes(&value)?.len() > ARGUMENT_BYTES_MAX {
                return Err(BadPlan::LongArgument { action, name });
            }
        }
        let by_hand = undone_by_hand && capability == Capability::Silence;
        if planned.undo != planned.action.undo() && !by_hand {
            return Err(BadPlan::Undo { action });
        }
    }
    Ok(())
}

/// Plans of the time when silences could not be taken back say so of every silence, and are read as
/// they were signed.
fn undone_by_hand(actions: &[PlannedAction]) -> bool {
    let mut silences = actions
        .iter()
        .filter(|planned| planned.action.capability() == Capability::Silence);
    silences.all(|planned| planned.undo.is_none())
}
