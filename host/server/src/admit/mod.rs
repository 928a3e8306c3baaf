//! Who is calling, and how much of it they may do.
//! Not a judge of plans: that is the gate.
//! Start at [`Admitted`], then [`who`] (from a request to a caller), [`Pace`] (how much) and
//! [`Names`] (which `Host` and `Origin`).
//! Invariant: what is not listed is refused, and a refusal says nothing of what would have passed.

mod names;
mod pace;
mod peers;
pub mod who;

use interlock_gate::policy::{self, Pattern};
use interlock_runner::caller::Caller;

pub use interlock_gate::policy::CallerLimits as Limits;
pub use names::{BadName, Names};
pub use pace::{Pace, RunPermit};
pub use peers::Peers;

/// A caller that a door let in.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// As runs and plans carry them, with the person who stands behind them.
    pub caller: Caller,
    /// May read and nothing else: the page's token.
    pub read_only: bool,
    /// The runbooks that they may see and start; empty means none.
    pub runbooks: Vec<Pattern>,
    /// Limits on how much they may ask.
    pub limits: Limits,
}

impl Admitted {
    /// A caller with the policy's line that names them.
    pub fn of_line(caller: Caller, line: &policy::Caller) -> Admitted {
        Admitted {
            caller,
            read_only: line.read_only,
            runbooks: line.runbooks.clone(),
            limits: line.limits,
        }
    }

    /// The command line's own caller, by uid: whoever runs the process may ask for all it can do,
    /// within the limits of the policy's line, where one names them.
    pub fn of_uid(policy: &policy::Policy, uid: u32) -> Admitted {
        let caller = Caller::of_uid(policy, uid);
        match policy.caller_by_uid(uid) {
            Some(line) => Admitted::of_line(caller, line),
            None => Admitted {
                caller,
                read_only: false,
                runbooks: Pattern::parse("*").into_iter().collect(),
                limits: Limits::default(),
            },
        }
    }

    /// Whether the runbook of that name is one of theirs. Says nothing of [`Admitted::read_only`].
    pub fn may_use(&self, runbook: &str) -> bool {
        let runbook = interlock_gate::target::escape(runbook);
        self.runbooks
            .iter()
            .any(|pattern| pattern.matches(&runbook))
    }

    /// What limits are counted by: two callers never share it.
    pub fn key(&self) -> &str {
        let requester = &self.caller.requester;
        requester.caller.as_deref().unwrap_or(&requester.via)
    }
}
