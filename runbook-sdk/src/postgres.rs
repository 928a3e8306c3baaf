//! What the records of a PostgreSQL server say, in the words of an incident.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::answer::Item;
use crate::time::Time;
use crate::wire::{Lock, Locks, Session, Sessions, Settings};

/// What tells one session from every other, the reuse of its pid included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SessionKey {
    /// The process.
    pub pid: i32,
    /// When it began; nothing where the server would not say.
    pub backend_start: Option<Time>,
}

/// What a session is doing, as `pg_stat_activity.state` writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// A statement runs, or waits.
    Active,
    /// Nothing, outside a transaction.
    Idle,
    /// Nothing, inside a transaction.
    IdleInTransaction,
    /// Nothing, inside a transaction that has failed.
    IdleInTransactionAborted,
    /// A fast-path function call, or tracking is off.
    Other,
}

impl Session {
    /// What tells it from every other.
    pub fn key(&self) -> SessionKey {
        SessionKey {
            pid: self.pid,
            backend_start: self.began(),
        }
    }

    /// What it is doing; nothing where the server would not say. That is
    /// unknown, never idle.
    pub fn doing(&self) -> Option<State> {
        Some(match self.state.as_deref()? {
            "active" => State::Active,
            "idle" => State::Idle,
            "idle in transaction" => State::IdleInTransaction,
            "idle in transaction (aborted)" => State::IdleInTransactionAborted,
            _ => State::Other,
        })
    }

    /// A client's own session: no walsender, no worker, no background process.
    /// False where the server would not say what it is.
    pub fn is_client(&self) -> bool {
        self.backend_type.as_deref() == Some("client backend")
    }

    /// It sits in a transaction and does nothing, failed transactions included.
    pub fn is_idle_in_transaction(&self) -> bool {
        matches!(
            self.doing(),
            Some(State::IdleInTransaction | State::IdleInTransactionAborted)
        )
    }

    /// It waits for a lock.
    pub fn waits_for_a_lock(&self) -> bool {
        self.wait_event_type.as_deref() == Some("Lock")
    }

    /// When the session began.
    pub fn began(&self) -> Option<Time> {
        self.backend_start.map(Time::from_micros)
    }

    /// When its transaction began. A failed one has none: see
    /// [`Item::in_transaction_for`].
    pub fn transaction_began(&self) -> Option<Time> {
        self.xact_start.map(Time::from_micros)
    }

    /// When its newest statement began.
    pub fn statement_began(&self) -> Option<Time> {
        self.query_start.map(Time::from_micros)
    }

    /// When it last began or ended a statement.
    pub fn state_changed(&self) -> Option<Time> {
        self.state_change.map(Time::from_micros)
    }
}

impl Sessions {
    /// The session that a parallel worker works for; any other stands for itself.
    pub fn leader_of(&self, pid: i32) -> i32 {
        let session = self.sessions.iter().find(|session| session.pid == pid);
        session
            .and_then(|session| session.leader_pid)
            .unwrap_or(pid)
    }
}

impl Item<'_, Session> {
    /// How long it has sat idle in its transaction, since its last statement
    /// ended; nothing where it is not idle in one. Failed transactions count:
    /// they have no `xact_start`, and an age by that column would miss them.
    pub fn idle_in_transaction_for(&self) -> Option<Duration> {
        if !self.is_idle_in_transaction() {
            return None;
        }
        self.state_changed().map(|changed| self.at().since(changed))
    }

    /// How old its transaction is; of a failed one, how long ago it failed.
    pub fn in_transaction_for(&self) -> Option<Duration> {
        if let Some(began) = self.transaction_began() {
            return Some(self.at().since(began));
        }
        match self.doing()? {
            State::IdleInTransactionAborted => {
                self.state_changed().map(|failed| self.at().since(failed))
            }
            _ => None,
        }
    }

    /// How long it has sat idle outside a transaction.
    pub fn idle_for(&self) -> Option<Duration> {
        match self.doing()? {
            State::Idle => self.state_changed().map(|changed| self.at().since(changed)),
            _ => None,
        }
    }

    /// How old the session is.
    pub fn age(&self) -> Option<Duration> {
        self.began().map(|began| self.at().since(began))
    }
}

impl Settings {
    /// Slots that an ordinary role can use.
    pub fn ordinary_slots(&self) -> usize {
        let reserved = self
            .superuser_reserved_connections
            .saturating_add(self.reserved_connections.unwrap_or(0));
        self.max_connections.saturating_sub(reserved) as usize
    }
}

impl Lock {
    /// It is asked for and not held.
    pub fn waits(&self) -> bool {
        !self.granted
    }

    /// A prepared transaction stands in the way.
    pub fn is_blocked_by_a_prepared_transaction(&self) -> bool {
        self.blocked_by.contains(&0)
    }
}

impl Locks {
    /// How many locks are asked for and not held.
    pub fn waiting(&self) -> usize {
        self.locks.iter().filter(|lock| lock.waits()).count()
    }
}
