//! The exit codes that programs rely on.

/// How a command ended. Where several apply, the one nearest the top of [`Exit::SEVERITY`] wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
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
    pub(crate) fn and(self, other: Exit) -> Exit {
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
