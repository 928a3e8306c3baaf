//! What came of an intent, as the journal writes it.

use interlock_capabilities::intent::Outcome;
use interlock_gate::action::Capability;
use interlock_gate::revision::Revision;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The outcome of one action. Revisions are in the form in which plans write them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RecordedOutcome {
    /// It happened.
    Done {
        /// The target's revision afterwards; what an undo expects to find.
        after: Value,
    },
    /// The target no longer existed.
    Gone,
    /// The target existed and had changed; it was left alone.
    Moved {
        /// What was found.
        found: Value,
    },
    /// The system said no.
    Refused {
        /// In its words.
        why: String,
    },
    /// It was not begun.
    NotTried {
        /// Why not.
        why: String,
    },
    /// It was begun, and nobody knows what came of it.
    Unknown {
        /// What is known.
        why: String,
    },
}

impl RecordedOutcome {
    /// Its name: in counts, listings and rows.
    pub fn name(&self) -> &'static str {
        match self {
            RecordedOutcome::Done { .. } => "done",
            RecordedOutcome::Gone => "gone",
            RecordedOutcome::Moved { .. } => "moved",
            RecordedOutcome::Refused { .. } => "refused",
            RecordedOutcome::NotTried { .. } => "not_tried",
            RecordedOutcome::Unknown { .. } => "unknown",
        }
    }
}

impl From<&Outcome> for RecordedOutcome {
    fn from(outcome: &Outcome) -> Self {
        // A revision is integers and strings: it always serialises.
        let text = |revision: &Revision| serde_json::to_value(revision).unwrap_or(Value::Null);
        match outcome {
            Outcome::Done { after } => RecordedOutcome::Done { after: text(after) },
            Outcome::Gone => RecordedOutcome::Gone,
            Outcome::Moved { found } => RecordedOutcome::Moved { found: text(found) },
            Outcome::Refused { why } => RecordedOutcome::Refused { why: why.clone() },
            Outcome::NotTried { why } => RecordedOutcome::NotTried { why: why.clone() },
            Outcome::Unknown { why } => RecordedOutcome::Unknown { why: why.clone() },
        }
    }
}

impl RecordedOutcome {
    /// The outcome of an act of this capability; an error where its revision is of another kind.
    pub fn read(&self, capability: Capability) -> Result<Outcome, serde_json::Error> {
        let revision = |value: &Value| Revision::read_after(capability, value.clone());
        Ok(match self {
            RecordedOutcome::Done { after } => Outcome::Done {
                after: revision(after)?,
            },
            RecordedOutcome::Gone => Outcome::Gone,
            RecordedOutcome::Moved { found } => Outcome::Moved {
                found: revision(found)?,
            },
            RecordedOutcome::Refused { why } => Outcome::Refused { why: why.clone() },
            RecordedOutcome::NotTried { why } => Outcome::NotTried { why: why.clone() },
            RecordedOutcome::Unknown { why } => Outcome::Unknown { why: why.clone() },
        })
    }
}
