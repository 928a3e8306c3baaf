//! The exit codes that programs rely on.

use interlock_capabilities::Refused;
use interlock_gate::{history::Kind, reason::Reason, state::PlanState};
use interlock_runner::{
    act::{Applied, ApplyEnd},
    record::{RunRecord, StepConclusion},
    run::RunEnd,
    state::RunState,
    tokens::Lack,
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
        RunState::Concluded if record.waits.is_some() => Exit::ApprovalRequired,
        RunState::Concluded if record.refused.is_empty() => Exit::Done,
        RunState::Concluded => Exit::Denied,
        RunState::Planned(_) => match record.plan().map(|plan| plan.state) {
            Some(PlanState::Waiting) => Exit::ApprovalRequired,
            Some(PlanState::Unknown { .. }) => Exit::OutcomeUnknown,
            _ => Exit::Done,
        },
    }
}

/// The code of a plan that was carried out, or back; `verify_failed`: the verify step after it
/// could not even run.
pub fn of_applied(applied: &Applied, record: &RunRecord, verify_failed: bool) -> Exit {
    let verified = record
        .verified
        .iter()
        .rfind(|one| one.plan == applied.plan.id());
    let after = match verified.map(|one| one.verdict.as_str()) {
        Some("fixed") | None if !verify_failed => Exit::Done,
        Some("faulted") => Exit::StepFaulted,
        _ => Exit::Failed,
    };
    match &applied.end {
        ApplyEnd::Denied(denied) if denied.is_only_missing_approval() => {
            // A token that was brought and does not count is a reason of its own.
            refused_tokens(applied)
        }
        ApplyEnd::Denied(denied) => {
            let unknown = denied.reasons().iter().any(|reason| {
                matches!(
                    reason,
                    Reason::State {
                        state: PlanState::Unknown { .. }
                    }
                )
            });
            if unknown {
                Exit::OutcomeUnknown
            } else {
                Exit::Denied
            }
        }
        ApplyEnd::NotReady(_) | ApplyEnd::NotBegun(Refused::Unwritable { .. }) => Exit::Failed,
        ApplyEnd::NotConforming(_) | ApplyEnd::NoWriter(_) | ApplyEnd::NotBegun(_) => Exit::Denied,
        ApplyEnd::Done(_) if applied.kind == Kind::Undo => Exit::Done,
        ApplyEnd::Done(_) => after,
        ApplyEnd::Stopped { .. } => Exit::Failed.and(after),
        ApplyEnd::Unknown { .. } => Exit::OutcomeUnknown,
    }
}

/// A missing approval asks for one; a token that was brought for it and does not count is a denial,
/// and a file that is no token at all is a mistake of whoever brought it.
fn refused_tokens(applied: &Applied) -> Exit {
    let of = |lack| applied.set_aside.iter().any(|one| one.lack == lack);
    if of(Lack::Standing) {
        Exit::Denied
    } else if of(Lack::Form) {
        Exit::Usage
    } else {
        Exit::ApprovalRequired
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
