//! What a verification found.

use std::collections::BTreeMap;

use interlock_gate::time::Time;

use crate::entry::{BadEntry, Entry};
use crate::fold::Illegal;
use crate::merkle::TreeHash;

/// What is wrong with an entry.
#[derive(Debug, thiserror::Error)]
pub enum Bad {
    /// It is not there.
    #[error("it is missing")]
    Missing,
    /// Its bytes are not those whose hash stands in the tree.
    #[error("its bytes were changed: they do not give the hash that stands in the tree")]
    Changed,
    /// The tree is not the one that the host signed.
    #[error("the host signed another tree at {size} entries")]
    NotSigned {
        /// Entries of the checkpoint that does not hold.
        size: u64,
    },
    /// It cannot be read.
    #[error(transparent)]
    Entry(BadEntry),
    /// It cannot follow those in front of it.
    #[error(transparent)]
    OutOfPlace(Illegal),
    /// The journal was begun by another host.
    #[error("it belongs to another host's journal, `{origin}`")]
    OtherHost {
        /// That host's origin.
        origin: String,
    },
    /// An outcome is not of its action's kind.
    #[error("its outcome is not of its action's kind")]
    Outcome,
    /// The gate, asked again, says no.
    #[error("its approval does not hold: {}", reasons.join("; "))]
    Approval {
        /// The gate's reasons.
        reasons: Vec<String>,
    },
    /// Its signed statement does not hold.
    #[error("{0}")]
    Statement(String),
    /// The plan names a root that the journal never had.
    #[error("the plan names a checkpoint of {size} entries that this journal never had")]
    PlanCheckpoint {
        /// Entries of that checkpoint.
        size: u64,
    },
}

/// The first entry that is not as it should be.
#[derive(Debug)]
pub struct FirstBad {
    /// Its place; with `last`, the range that it must lie in.
    pub first: u64,
    /// The end of that range.
    pub last: u64,
    /// What is wrong.
    pub what: Bad,
}

/// How far the verdict can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assurance {
    /// No checkpoint holds: nothing is shown.
    None,
    /// Entries match this host's signed checkpoints. Nothing is said of entries after the newest
    /// one, or of another view shown to somebody else.
    Local,
    /// Besides, the journal extends what somebody kept outside the host, up to this size.
    Witnessed {
        /// Entries that the outside anchor covers.
        size: u64,
    },
}

impl Assurance {
    /// Its word on screens and in documents.
    pub fn word(self) -> &'static str {
        match self {
            Assurance::None => "none",
            Assurance::Local => "local",
            Assurance::Witnessed { .. } => "witnessed",
        }
    }
}

/// What the journal holds, counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Runs opened.
    pub runs: u64,
    /// Plans made.
    pub plans: u64,
    /// Refusals.
    pub refusals: u64,
    /// Tokens brought.
    pub tokens: u64,
    /// Approvals redeemed, each checked again.
    pub redeemed: u64,
    /// Intents.
    pub intents: u64,
    /// Outcomes, by name.
    pub outcomes: BTreeMap<String, u64>,
    /// Intents whose outcome is not known.
    pub in_doubt: u64,
}

impl Counts {
    pub(super) fn add(&mut self, entry: &Entry) {
        match entry {
            Entry::RunOpened { .. } => self.runs += 1,
            Entry::Planned { .. } => self.plans += 1,
            Entry::Refused { .. } => self.refusals += 1,
            Entry::Token { .. } => self.tokens += 1,
            Entry::Intent { .. } => self.intents += 1,
            Entry::Outcome { outcome, .. } => {
                *self.outcomes.entry(outcome.name().to_owned()).or_default() += 1;
            }
            _ => {}
        }
    }
}

/// What a verification found.
#[derive(Debug)]
pub struct Verdict {
    /// Entries of the journal.
    pub entries: u64,
    /// The root over all of them.
    pub root: Option<TreeHash>,
    /// Entries that the newest checkpoint which holds covers.
    pub signed: u64,
    /// When the last of those was taken.
    pub signed_at: Option<Time>,
    /// The first entry that is not as it should be.
    pub first_bad: Option<FirstBad>,
    /// What else is wrong.
    pub problems: Vec<String>,
    /// What could not be checked, each with what it needs.
    pub unverifiable: Vec<String>,
    /// What the journal holds.
    pub counts: Counts,
    /// How far all this can be believed.
    pub assurance: Assurance,
}

impl Verdict {
    /// Whether everything that could be checked is as it should be.
    pub fn is_good(&self) -> bool {
        self.first_bad.is_none() && self.problems.is_empty() && self.assurance != Assurance::None
    }
}
