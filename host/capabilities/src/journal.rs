//! The one way from a permit to an intent: a durable entry.

use std::fmt;

use interlock_gate::{action::AnyAction, permit::Basis};

use crate::read::Soon;

/// Where an entry stands in the journal's tree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// Its place, from 0.
    pub index: u64,
    /// Its RFC 6962 leaf hash.
    pub hash: [u8; 32],
}

impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.hash;
        write!(f, "Leaf({}, {a:02x}{b:02x}{c:02x}{d:02x})", self.index)
    }
}

/// Why the journal took no entry. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A newer entry speaks of the plan than those the decision rests on.
    #[error(
        "the journal has grown to {size} entries since the decision at {read_at}, and what is new bears on it"
    )]
    Newer {
        /// Entries that the decision rests on.
        read_at: u64,
        /// Entries now.
        size: u64,
    },
    /// The plan, the policy or a token of the basis is not in the journal.
    #[error("the journal does not hold {what}")]
    NotHeld {
        /// What is missing.
        what: String,
    },
    /// It was used up before.
    #[error("{what} is already redeemed")]
    Spent {
        /// What.
        what: String,
    },
    /// One more would be over a limit of the rule.
    #[error("rule `{rule}` has reached its limit of {limit} {per}")]
    Limit {
        /// The write rule.
        rule: String,
        /// How many it allows.
        limit: u64,
        /// `per run` or `per hour`.
        per: &'static str,
    },
    /// The entry does not fit what the journal says already.
    #[error("the entry does not follow from the journal: {why}")]
    Illegal {
        /// Why not.
        why: String,
    },
    /// The journal cannot be written.
    #[error("the journal cannot be written: {why}")]
    Unwritable {
        /// Why not.
        why: String,
        /// Whether only the medium is at fault: full, read-only or failing. Otherwise something is
        /// wrong with what is recorded.
        medium: bool,
    },
}

/// A durable record of intents.
///
/// # Safety
/// `Ok` only once the entry, the redemption of the basis' tokens and the count of its rule's
/// limits are synced to disk in one transaction, and the journal holds the plan, the policy and
/// the tokens of the basis. Whoever holds the leaf may act.
// Unsafe so that implementing it is a promise one can search for.
#[allow(unsafe_code)]
pub unsafe trait Journal: Send + Sync {
    /// Records that `what` will be tried, because of `why`.
    fn append<'a>(&'a self, what: &'a AnyAction, why: &'a Basis)
    -> Soon<'a, Result<Leaf, Refused>>;
}
