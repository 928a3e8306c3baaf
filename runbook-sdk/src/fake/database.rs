//! A fake PostgreSQL server, as a test describes it.

use std::collections::HashMap;

use crate::fake::clock::span;
use crate::fake::session::{FakeLock, FakeSession};
use crate::time::Time;
use crate::wire::{
    Gap, Lock, Locks, PreparedTransaction, PreparedTransactions, ReplicationSlot, ReplicationSlots,
    Sessions, Settings,
};

/// One server. Until told otherwise: PostgreSQL 15, 100 slots of which 3 are
/// reserved, all time-outs off.
#[derive(Debug, Clone)]
pub struct FakeDatabase {
    name: String,
    now: Time,
    sessions: Vec<FakeSession>,
    locks: Vec<Lock>,
    prepared: Vec<PreparedTransaction>,
    slots: Vec<ReplicationSlot>,
    settings: Settings,
    gaps: HashMap<String, Gap>,
}

const SYSTEM: &str = "7300000000000000001";

impl FakeDatabase {
    pub(crate) fn new(name: &str, now: Time) -> Self {
        let settings = Settings {
            server: name.to_owned(),
            read_at: now.micros(),
            max_connections: 100,
            superuser_reserved_connections: 3,
            reserved_connections: None,
            idle_in_transaction_session_timeout_ms: 0,
            idle_session_timeout_ms: Some(0),
            statement_timeout_ms: 0,
            lock_timeout_ms: 0,
            max_prepared_transactions: 0,
            postmaster_start: (now - span("9d")).micros(),
            system_identifier: SYSTEM.to_owned(),
            version: 150_018,
        };
        Self {
            name: name.to_owned(),
            now,
            sessions: Vec::new(),
            locks: Vec::new(),
            prepared: Vec::new(),
            slots: Vec::new(),
            settings,
            gaps: HashMap::new(),
        }
    }

    /// Slots in all.
    pub fn max_connections(mut self, slots: u32) -> Self {
        self.settings.max_connections = slots;
        self
    }

    /// Slots for superusers only.
    pub fn superuser_reserved(mut self, slots: u32) -> Self {
        self.settings.superuser_reserved_connections = slots;
        self
    }

    /// Whatever else the settings hold.
    pub fn settings_with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// One session.
    pub fn session(mut self, describe: impl FnOnce(FakeSession) -> FakeSession) -> Self {
        let pid = 1_000 + i32::try_from(self.sessions.len()).unwrap_or(i32::MAX - 1_000);
        self.sessions
            .push(describe(FakeSession::new(self.now, pid)));
        self
    }

    /// Sessions that are alike, counted from 0.
    pub fn sessions_like(
        mut self,
        count: usize,
        describe: impl Fn(usize, FakeSession) -> FakeSession,
    ) -> Self {
        for number in 0..count {
            self = self.session(|session| describe(number, session));
        }
        self
    }

    /// One row of the locks, of the session with this pid.
    pub fn lock(mut self, pid: i32, describe: impl FnOnce(FakeLock) -> FakeLock) -> Self {
        self.locks.push(describe(FakeLock::new(pid)).lock);
        self
    }

    /// A prepared transaction, prepared that long ago.
    pub fn prepared(mut self, transaction: &str, gid: &str, owner: &str, age: &str) -> Self {
        self.prepared.push(PreparedTransaction {
            transaction: transaction.to_owned(),
            gid: gid.to_owned(),
            prepared: (self.now - span(age)).micros(),
            owner: owner.to_owned(),
            database: "app".to_owned(),
        });
        self
    }

    /// A replication slot.
    pub fn replication_slot(mut self, slot: ReplicationSlot) -> Self {
        self.slots.push(slot);
        self
    }

    /// Nothing of it answers.
    pub fn unreachable(mut self, why: &str) -> Self {
        for call in [
            "sessions",
            "locks",
            "prepared_transactions",
            "replication_slots",
            "settings",
        ] {
            self.gaps
                .insert(call.to_owned(), Gap::Unreachable(why.to_owned()));
        }
        self
    }

    /// One call of it (`locks`, `settings`, ...) does not answer.
    pub fn no_answer(mut self, call: &str, gap: Gap) -> Self {
        self.gaps.insert(call.to_owned(), gap);
        self
    }

    fn gap(&self, call: &str) -> Result<(), Gap> {
        self.gaps.get(call).map_or(Ok(()), |gap| Err(gap.clone()))
    }

    pub(crate) fn sessions(&self) -> Result<Sessions, Gap> {
        self.gap("sessions")?;
        Ok(Sessions {
            server: self.name.clone(),
            read_at: self.now.micros(),
            postmaster_start: self.settings.postmaster_start,
            system_identifier: SYSTEM.to_owned(),
            sessions: self
                .sessions
                .iter()
                .map(|session| session.session.clone())
                .collect(),
        })
    }

    pub(crate) fn locks(&self) -> Result<Locks, Gap> {
        self.gap("locks")?;
        let of_sessions = self.sessions.iter().flat_map(|session| {
            let pid = session.session.pid;
            session.locks.iter().cloned().map(move |lock| Lock {
                pid: Some(pid),
                ..lock
            })
        });
        let locks = of_sessions.chain(self.locks.iter().cloned()).collect();
        Ok(Locks {
            server: self.name.clone(),
            read_at: self.now.micros(),
            locks,
        })
    }

    pub(crate) fn prepared_transactions(&self) -> Result<PreparedTransactions, Gap> {
        self.gap("prepared_transactions")?;
        let (server, read_at) = (self.name.clone(), self.now.micros());
        Ok(PreparedTransactions {
            server,
            read_at,
            transactions: self.prepared.clone(),
        })
    }

    pub(crate) fn replication_slots(&self) -> Result<ReplicationSlots, Gap> {
        self.gap("replication_slots")?;
        let (server, read_at) = (self.name.clone(), self.now.micros());
        Ok(ReplicationSlots {
            server,
            read_at,
            slots: self.slots.clone(),
        })
    }

    pub(crate) fn settings(&self) -> Result<Settings, Gap> {
        self.gap("settings")?;
        Ok(self.settings.clone())
    }
}
