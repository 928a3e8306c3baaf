//! One file a cause. Each looks at the same view and says whether the evidence
//! speaks for it, excludes it, or leaves it open.

pub mod idle_in_transaction;
pub mod leak_after_deployment;
pub mod lock_convoy;
pub mod max_connections_too_low;
pub mod not_a_connection_problem;
pub mod traffic_surge;

use interlock_sdk::{Evidence, Found, Hypothesis, Report};

use crate::Cause;
use crate::facts::Facts;
use crate::stuck::Stuck;

/// What the evidence says of one cause.
pub enum Judged<'f> {
    /// It speaks for it.
    Speaks(Box<dyn Case + 'f>),
    /// It excludes it, and why.
    Excluded(Vec<Because<'f>>),
    /// It does neither, and what is missing.
    Open(String),
}

impl<'f> Judged<'f> {
    /// Excluded by one answer.
    pub fn excluded(evidence: impl Evidence + 'f, says: impl Into<String>) -> Self {
        Self::Excluded(vec![Because {
            evidence: Box::new(evidence),
            says: says.into(),
        }])
    }
}

/// Evidence that excludes a cause.
pub struct Because<'f> {
    /// What is cited.
    pub evidence: Box<dyn Evidence + 'f>,
    /// What it says.
    pub says: String,
}

/// Evidence that speaks for a cause.
pub trait Case {
    /// The cause.
    fn cause(&self) -> Cause;
    /// How many slots it explains: the larger, the likelier.
    fn explains(&self) -> usize;
    /// One clause for the summary: `36 sessions of role ...`.
    fn headline(&self) -> String;
    /// Writes the hypothesis.
    fn tell(&self, report: &mut Report);
    /// What was read leaves nothing else: no other cause can stand before it.
    fn is_certain(&self) -> bool {
        false
    }
    /// The sessions to end for it, where ending sessions helps at all.
    fn stuck(&self) -> Option<Stuck> {
        None
    }
}

/// The check that more work than usual, all of it making progress, would refute.
pub(crate) fn unless_surging<'r>(
    hypothesis: Hypothesis<'r>,
    facts: &Facts,
    at_work: usize,
    clients: usize,
) -> Hypothesis<'r> {
    hypothesis.unless(
        "more work than usual, most sessions busy",
        facts.commits_asked(),
        |_| {
            let Some((_, trend)) = facts.commits() else {
                return Found::cannot_tell("no commit rate of this server before and now");
            };
            let busy = at_work * 2 >= clients;
            let answer = if trend.rises() { "yes" } else { "no" };
            let says = format!("{answer}: {}; {at_work} of {clients} at work", trend.says());
            Found::so(trend.rises() && busy, says)
        },
    )
}
