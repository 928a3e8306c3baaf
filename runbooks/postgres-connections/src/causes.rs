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
use crate::stuck::Stuck;
use crate::view::View;

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

/// The check that more work than usual would refute: where most sessions get it
/// done, few that are stuck explain nothing.
pub(crate) fn unless_surging<'r>(
    hypothesis: Hypothesis<'r>,
    view: &View<'_>,
    explained: usize,
) -> Hypothesis<'r> {
    let facts = view.facts;
    hypothesis.unless(
        "more work than usual, most sessions busy",
        facts.commits_asked(),
        |_| {
            let Some((_, trend)) = facts.commits() else {
                return Found::cannot_tell("no commit rate of this server before and now");
            };
            let (at_work, used) = (view.in_use().len(), view.used());
            let busy = at_work * 2 >= used && at_work > explained * 2;
            let says = format!("commits {}; {at_work} of {used} at work", trend.says());
            Found::so(trend.rises() && busy, says)
        },
    )
}
