//! What came of an act, for the journal and in words; and what nothing here could carry out.

use interlock_capabilities::{intent::Outcome, write::Writers};
use interlock_gate::{
    action::{AnyAction, Capability},
    history::Kind,
    plan::Plan,
};
use interlock_store::entry::RecordedOutcome;

/// What carrying the plan out, or back, asks of the world.
pub(crate) fn changes(plan: &Plan, kind: Kind) -> impl Iterator<Item = &AnyAction> {
    plan.acts().filter_map(move |(_, planned)| match kind {
        Kind::Apply => Some(&planned.action),
        Kind::Undo => planned.undo.as_ref(),
    })
}

/// A capability that the plan needs and that nothing here could carry out.
pub(crate) fn missing_writer(plan: &Plan, kind: Kind, writers: &Writers) -> Option<Capability> {
    changes(plan, kind)
        .map(AnyAction::capability)
        .find(|capability| match capability {
            Capability::Cancel | Capability::Terminate => writers.database.is_none(),
            Capability::Restart | Capability::Scale | Capability::Rollback => {
                writers.workload.is_none()
            }
            Capability::Silence | Capability::Expire => writers.alerts.is_none(),
            Capability::Notify => writers.notify.is_none(),
        })
}

/// As the journal writes it.
pub(crate) fn recorded(outcome: &Outcome) -> RecordedOutcome {
    // A revision is a struct of integers and strings: it always serialises.
    let json = |revision| serde_json::to_value(revision).unwrap_or(serde_json::Value::Null);
    match outcome {
        Outcome::Done { after } => RecordedOutcome::Done { after: json(after) },
        Outcome::Gone => RecordedOutcome::Gone,
        Outcome::Moved { found } => RecordedOutcome::Moved { found: json(found) },
        Outcome::Refused { why } => RecordedOutcome::Refused { why: why.clone() },
        Outcome::NotTried { why } => RecordedOutcome::NotTried { why: why.clone() },
        Outcome::Unknown { why } => RecordedOutcome::Unknown { why: why.clone() },
    }
}

/// In words.
pub(crate) fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { .. } => "done".to_owned(),
        Outcome::Gone => "the target is gone".to_owned(),
        Outcome::Moved { .. } => "the target has changed since it was observed".to_owned(),
        Outcome::Refused { why } => format!("the system refused: {why}"),
        Outcome::NotTried { why } => format!("not tried: {why}"),
        Outcome::Unknown { why } => format!("not known: {why}"),
    }
}
