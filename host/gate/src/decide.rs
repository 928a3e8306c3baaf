//! The decision: every rule in order, every reason against, and a permit only where there is none.
//! Start at [`decide`]. Invariant: an error while deciding denies.

use std::fmt;

use crate::case::Case;
use crate::judge::judge;
use crate::permit::{AnyPermit, Basis};
use crate::reason::Reason;

/// Every reason against a plan; never empty, in one fixed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denied(Vec<Reason>);

impl Denied {
    /// The reasons, in their order.
    pub fn reasons(&self) -> &[Reason] {
        &self.0
    }

    /// Whether approvals are all that is missing.
    pub fn is_only_missing_approval(&self) -> bool {
        self.0.iter().all(Reason::is_missing_approval)
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, reason) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            reason.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Denied {}

/// Judges the whole plan and permits its next action only.
pub fn decide(case: &Case<'_>) -> Result<AnyPermit, Denied> {
    let judged = judge(case);
    match (judged.reasons.is_empty(), judged.next) {
        (true, Some(next)) => {
            let basis = Basis {
                plan: case.plan.id(),
                index: next.index,
                kind: case.kind,
                step: next.step,
                rule: next.rule,
                policy: case.policy.digest(),
                tokens: judged.tokens.into_iter().collect(),
                history_size: case.history.size,
            };
            Ok(AnyPermit::issue(
                next.action,
                next.seen,
                judged.not_after,
                basis,
            ))
        }
        // Whatever leaves no next action says why; were one forgotten, this still denies.
        (true, None) => Err(Denied(vec![Reason::HistoryBroken])),
        (false, _) => Err(Denied(judged.reasons.into_iter().collect())),
    }
}
