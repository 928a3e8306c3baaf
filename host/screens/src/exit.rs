//! The exit codes that programs rely on.

use interlock_gate::state::PlanState;
use interlock_runner::{
    record::{RunRecord, StepConclusion},
    run::RunEnd,
    state::RunState,
};

/// How a command ended. Where several apply, the one nearest the top of [`Exit::SEVERITY`] wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// Usage or invalid input.
    Usage = 2,
    /// A person's approval is what is missing.
    ApprovalRequired = 3,
    /// Denied, by policy or by the gate.
    Denied = 4,
    /// The step faulted: a trap, a limit, bad output.
    StepFaulted = 5,
    /// The outcome of a change is not known.
    OutcomeUnknown = 6,
}

impl Exit {
    const SEVERITY: [Exit; 7] = [
        Exit::OutcomeUnknown,
        Exit::StepFaulted,
        Exit::Denied,
        Exit::ApprovalRequired,
        Exit::Usage,
        Exit::Failed,
        Exit::Done,
    ];

    /// The graver of two.
    pub fn and(self, other: Exit) -> Exit {
        let graver = Exit::SEVERITY
            .into_iter()
            .find(|exit| *exit == self || *exit == other);
        graver.unwrap_or(self)
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> std::process::ExitCode {
        std::process::ExitCode::from(exit as u8)
    }
}

/// The code of a run that has just ended.
pub fn of_end(end: &RunEnd, record: &RunRecord) -> Exit {
    match end {
        RunEnd::Concluded => Exit::Done,
        RunEnd::Planned(_) | RunEnd::Waits(_) => Exit::ApprovalRequired,
        RunEnd::Refused(_) => Exit::Denied,
        RunEnd::Faulted { .. } => Exit::StepFaulted,
        RunEnd::StepFailed { .. } | RunEnd::Cancelled { .. } => Exit::Failed,
        RunEnd::Joined => of_record(record),
    }
}

/// Whether its last step ended by an error of its own.
fn failed(record: &RunRecord) -> bool {
    let last = record.steps.last();
    last.is_some_and(|step| matches!(step.end, StepConclusion::Fault(_)))
}

/// The code that the run had when it ended.
pub fn of_record(record: &RunRecord) -> Exit {
    match &record.state {
        RunState::Faulted => Exit::StepFaulted,
        RunState::Interrupted => Exit::Failed,
        RunState::Opened | RunState::Reading => Exit::Failed,
        RunState::Concluded if failed(record) => Exit::Failed,
        RunState::Concluded if record.refused.is_empty() => Exit::Done,
        RunState::Concluded => Exit::Denied,
        RunState::Planned(_) => match record.plan().map(|plan| plan.state) {
            Some(PlanState::Waiting) => Exit::ApprovalRequired,
            Some(PlanState::Unknown { .. }) => Exit::OutcomeUnknown,
            _ => Exit::Done,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graver_code_wins() {
        assert_eq!(Exit::ApprovalRequired.and(Exit::Denied), Exit::Denied);
        assert_eq!(Exit::OutcomeUnknown.and(Exit::Denied), Exit::OutcomeUnknown);
        assert_eq!(Exit::Done.and(Exit::Failed), Exit::Failed);
    }
}
