//! What `diagnose` hands to `remediate`: the sessions to end, each with all
//! that must still be so.

use interlock_sdk::wire::Session;
use interlock_sdk::{Item, OnlyIf, SessionKey, Time};
use serde::{Deserialize, Serialize};

/// A plan with more actions than this is more than a person reads.
pub(crate) const SESSIONS_MAX: usize = 100;

/// What `diagnose` proposes to end, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stuck {
    /// The cause that they were found for.
    pub cause: String,
    /// They are waited for: end them only while somebody still waits.
    pub only_while_waited_for: bool,
    /// The sessions.
    pub sessions: Vec<StuckSession>,
}

/// One session, as it was seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StuckSession {
    /// What tells it from every other.
    pub key: SessionKey,
    /// When its transaction began, where it has one.
    pub transaction_began: Option<Time>,
    /// What it was doing.
    pub state: Option<String>,
    /// Since when. A session that worked in between is not stuck.
    pub state_changed: Option<Time>,
}

impl StuckSession {
    /// As it is seen now.
    pub fn of(session: &Session) -> Self {
        Self {
            key: session.key(),
            transaction_began: session.transaction_began(),
            state: session.state.clone(),
            state_changed: session.state_changed(),
        }
    }

    /// It is the same session, in the same transaction, and has not moved.
    pub fn is_still(&self, session: &Session) -> bool {
        *self == Self::of(session)
    }
}

impl Stuck {
    /// The state to bind the act to, where this session is still as it was.
    pub fn still(&self, session: &Item<'_, Session>) -> Option<OnlyIf> {
        let found = self.sessions.iter().any(|stuck| stuck.is_still(session));
        if found {
            OnlyIf::observed(session.state.as_deref())
        } else {
            None
        }
    }
}
