//! A state as a word, a tone and a sign: colour is never the only one of them.

use interlock_gate::state::PlanState;
use interlock_runner::{confidence::Level, state::RunState};
use serde::Serialize;

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Status {
    pub(crate) word: &'static str,
    /// `wait`, `good`, `bad`, `doubt` or `idle`: the class of its colour and the name of its sign.
    pub(crate) tone: &'static str,
}

impl Status {
    pub(crate) const fn new(word: &'static str, tone: &'static str) -> Status {
        Status { word, tone }
    }

    pub(crate) fn of_plan(state: PlanState) -> Status {
        match state {
            PlanState::Waiting => Status::new("waits for approval", "wait"),
            PlanState::Rejected => Status::new("rejected", "bad"),
            PlanState::Revoked => Status::new("revoked", "bad"),
            PlanState::Expired => Status::new("expired", "idle"),
            PlanState::Superseded => Status::new("superseded", "idle"),
            PlanState::Applying { .. } => Status::new("being carried out", "wait"),
            PlanState::Applied => Status::new("carried out", "good"),
            PlanState::Stopped { .. } => Status::new("stopped", "bad"),
            PlanState::Unknown { .. } => Status::new("outcome unknown", "doubt"),
            PlanState::Undoing { .. } => Status::new("being taken back", "wait"),
            PlanState::Undone => Status::new("taken back", "idle"),
        }
    }

    pub(crate) fn of_run(state: &RunState) -> Status {
        match state {
            RunState::Opened | RunState::Reading => Status::new("running", "wait"),
            RunState::Concluded => Status::new("concluded", "good"),
            RunState::Planned(_) => Status::new("made a plan", "good"),
            RunState::Faulted => Status::new("faulted", "bad"),
            RunState::Interrupted => Status::new("interrupted", "bad"),
        }
    }

    /// Of a verify step's verdict.
    pub(crate) fn of_verdict(verdict: &str) -> Status {
        match verdict {
            "fixed" => Status::new("fixed", "good"),
            "not_fixed" => Status::new("not fixed", "bad"),
            "faulted" => Status::new("the check faulted", "bad"),
            _other => Status::new("could not tell", "doubt"),
        }
    }

    pub(crate) fn of_level(level: Level) -> Status {
        match level {
            Level::High => Status::new("high", "good"),
            Level::Medium => Status::new("medium", "wait"),
            Level::Low => Status::new("low", "idle"),
        }
    }
}
