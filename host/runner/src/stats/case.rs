//! One run as the counts see it.

use interlock_gate::{ids::RunId, time::Time};

use crate::{confidence::Level, learnt::Verdict};

/// Words that somebody who reads fast takes in within a second: 600 a minute, over twice what
/// people read at. A plan is a table, and a table is skimmed.
pub const READING_WORDS_PER_S: u64 = 10;
/// Nobody reads anything faster.
const READING_S_MIN: u64 = 5;
/// What takes longer to read is not asked for.
const READING_S_MAX: u64 = 60;

/// The least time in which a text of so many words can have been read, in seconds: 5, and 1 for
/// each 10 words beyond the first 50, at most 60.
pub fn reading_time_s(words: u64) -> u64 {
    (words / READING_WORDS_PER_S).clamp(READING_S_MIN, READING_S_MAX)
}

/// An approval of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Seconds from the plan to the signature.
    pub after_s: u64,
    /// The least time in which the plan can have been read, in seconds.
    pub reading_s: u64,
}

impl Decided {
    /// Whether nobody can have read the plan before they approved it.
    pub fn is_too_fast(self) -> bool {
        self.after_s < self.reading_s
    }
}

/// One run that ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    /// The run.
    pub run: RunId,
    /// Its incident, where it has one.
    pub incident: Option<String>,
    /// The runbook's name.
    pub runbook: String,
    /// The actual cause where it is known, else the one that was named first.
    pub cause: Option<String>,
    /// The cause that was named first; none: it is unresolved.
    pub named: Option<String>,
    /// How sure the host was of it.
    pub level: Option<Level>,
    /// How likely it was said to be right.
    pub probability_percent: Option<u8>,
    /// Whether a step faulted.
    pub faulted: bool,
    /// What was thought of it on the spot: by feedback, else by a signature over its plan.
    pub verdict: Option<Verdict>,
    /// Whether it was right, where the actual cause is known.
    pub right: Option<bool>,
    /// When its first alert began; when it was asked for, where none did.
    pub alerted_at: Time,
    /// When it began.
    pub opened_at: Time,
    /// When its last report was there.
    pub evidence_at: Option<Time>,
    /// When somebody first decided: by a signature, else by feedback.
    pub decided_at: Option<Time>,
    /// When the verify step found it fixed.
    pub fixed_at: Option<Time>,
    /// Approvals of its plans.
    pub approvals: Vec<Decided>,
}

impl Case {
    /// Whether it was accepted or rejected by what it said.
    pub fn is_confident(&self) -> bool {
        self.level == Some(Level::High)
    }
}
