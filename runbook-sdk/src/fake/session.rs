//! Sessions and locks of a fake database, as a test describes them.

use crate::fake::clock::span;
use crate::time::Time;
use crate::wire::{Lock, Session};

/// One session. Until told otherwise it is a client of role `app`, idle for a
/// minute, begun an hour ago.
#[derive(Debug, Clone)]
pub struct FakeSession {
    now: Time,
    began_said: bool,
    pub(crate) session: Session,
    pub(crate) locks: Vec<Lock>,
}

impl FakeSession {
    pub(crate) fn new(now: Time, pid: i32) -> Self {
        let session = Session {
            pid,
            backend_type: Some("client backend".to_owned()),
            role: Some("app".to_owned()),
            database: Some("app".to_owned()),
            application_name: None,
            client_addr: Some("10.0.0.7".to_owned()),
            backend_start: Some((now - span("1h")).micros()),
            xact_start: None,
            query_start: None,
            state: None,
            state_change: None,
            wait_event_type: None,
            wait_event: None,
            backend_xid: None,
            backend_xmin: None,
            leader_pid: None,
            superuser: Some(false),
            query: None,
            ours: false,
        };
        Self {
            now,
            began_said: false,
            session,
            locks: Vec::new(),
        }
        .idle("1m")
    }

    fn ago(&self, age: &str) -> Option<u64> {
        Some((self.now - span(age)).micros())
    }

    fn with(mut self, change: impl FnOnce(&mut Session)) -> Self {
        change(&mut self.session);
        self
    }

    /// A state that began `age` ago; a session cannot be younger than its state.
    fn state(self, state: &str, age: &str, waits_on: Option<(&str, &str)>) -> Self {
        let since = self.ago(age);
        let began_said = self.began_said;
        let early = (self.now - span(age) - span("10m")).micros();
        self.with(|session| {
            session.state = Some(state.to_owned());
            session.state_change = since;
            session.query_start = since;
            session.wait_event_type = waits_on.map(|(kind, _)| kind.to_owned());
            session.wait_event = waits_on.map(|(_, event)| event.to_owned());
            if !began_said && session.backend_start > Some(early) {
                session.backend_start = Some(early);
            }
        })
    }

    /// Its process.
    pub fn pid(self, pid: i32) -> Self {
        self.with(|session| session.pid = pid)
    }

    /// Its role.
    pub fn role(self, role: &str) -> Self {
        self.with(|session| session.role = Some(role.to_owned()))
    }

    /// Its database.
    pub fn database(self, database: &str) -> Self {
        self.with(|session| session.database = Some(database.to_owned()))
    }

    /// The name that the client gives itself.
    pub fn application(self, name: &str) -> Self {
        self.with(|session| session.application_name = Some(name.to_owned()))
    }

    /// The client's address; `""` is a local socket.
    pub fn addr(self, addr: &str) -> Self {
        self.with(|session| {
            session.client_addr = (!addr.is_empty()).then(|| addr.to_owned());
        })
    }

    /// It began that long ago.
    pub fn began(mut self, age: &str) -> Self {
        self.began_said = true;
        let began = self.ago(age);
        self.with(|session| session.backend_start = began)
    }

    /// Idle outside a transaction since that long.
    pub fn idle(self, age: &str) -> Self {
        self.state("idle", age, Some(("Client", "ClientRead")))
            .with(|session| {
                session.xact_start = None;
            })
    }

    /// Idle in a transaction that began, and fell idle, that long ago.
    pub fn idle_in_transaction(self, age: &str) -> Self {
        let began = self.ago(age);
        self.state("idle in transaction", age, Some(("Client", "ClientRead")))
            .with(|session| {
                session.xact_start = began;
            })
    }

    /// Idle in a transaction that failed that long ago: its start is not told.
    pub fn aborted(self, age: &str) -> Self {
        let waits_on = Some(("Client", "ClientRead"));
        self.state("idle in transaction (aborted)", age, waits_on)
            .with(|session| {
                session.xact_start = None;
            })
    }

    /// A statement that runs since that long.
    pub fn active(self, age: &str) -> Self {
        let began = self.ago(age);
        self.state("active", age, None)
            .with(|session| session.xact_start = began)
    }

    /// Its transaction began that long ago.
    pub fn transaction(self, age: &str) -> Self {
        let began = self.ago(age);
        self.with(|session| session.xact_start = began)
    }

    /// A statement that waits, since that long, for a lock that `blockers`
    /// stand before; 0 is a prepared transaction.
    pub fn waits_for(mut self, blockers: &[i32], age: &str) -> Self {
        let since = self.ago(age);
        self = self.active(age).with(|session| {
            session.wait_event_type = Some("Lock".to_owned());
            session.wait_event = Some("relation".to_owned());
        });
        let mut lock = FakeLock::new(0).waiting().lock;
        lock.blocked_by = blockers.to_vec();
        lock.waitstart = since;
        self.locks.push(lock);
        self
    }

    /// It waits for something else than a lock.
    pub fn waits_on(self, kind: &str, event: &str) -> Self {
        self.with(|session| {
            session.wait_event_type = Some(kind.to_owned());
            session.wait_event = Some(event.to_owned());
        })
    }

    /// It holds a lock on a relation.
    pub fn holds(mut self, relation: &str, mode: &str) -> Self {
        self.locks
            .push(FakeLock::new(0).relation(relation).mode(mode).lock);
        self
    }

    /// It has written: its transaction has an id.
    pub fn wrote(self, xid: &str) -> Self {
        self.with(|session| session.backend_xid = Some(xid.to_owned()))
    }

    /// It holds a snapshot.
    pub fn snapshot(self, xmin: &str) -> Self {
        self.with(|session| session.backend_xmin = Some(xmin.to_owned()))
    }

    /// Its newest statement.
    pub fn query(self, query: &str) -> Self {
        self.with(|session| session.query = Some(query.to_owned()))
    }

    /// Its role is a superuser.
    pub fn superuser(self) -> Self {
        self.with(|session| session.superuser = Some(true))
    }

    /// Its newest statement began that long ago.
    pub fn statement(self, age: &str) -> Self {
        let began = self.ago(age);
        self.with(|session| session.query_start = began)
    }

    /// Its state began that long ago.
    pub fn state_changed(self, age: &str) -> Self {
        let changed = self.ago(age);
        self.with(|session| session.state_change = changed)
    }

    /// It is no client: `walsender`, `autovacuum worker`, ...
    pub fn backend(self, backend_type: &str) -> Self {
        self.with(|session| session.backend_type = Some(backend_type.to_owned()))
    }

    /// A parallel worker of another session.
    pub fn works_for(self, leader: i32) -> Self {
        self.backend("parallel worker")
            .with(|session| session.leader_pid = Some(leader))
    }

    /// One of Interlock's own.
    pub fn ours(self) -> Self {
        self.with(|session| session.ours = true)
    }

    /// What a reader without `pg_monitor` is told of a session of another role.
    pub fn unseen(self) -> Self {
        self.with(|session| {
            session.backend_type = None;
            session.state = None;
            session.state_change = None;
            session.xact_start = None;
            session.query_start = None;
            session.backend_start = None;
            session.wait_event = None;
            session.wait_event_type = None;
            session.client_addr = None;
            session.query = Some("<insufficient privilege>".to_owned());
        })
    }
}

/// One row of the locks.
#[derive(Debug, Clone)]
pub struct FakeLock {
    pub(crate) lock: Lock,
}

impl FakeLock {
    pub(crate) fn new(pid: i32) -> Self {
        Self {
            lock: Lock {
                pid: Some(pid),
                locktype: "relation".to_owned(),
                database: Some("app".to_owned()),
                relation: Some("orders".to_owned()),
                transaction: None,
                mode: "AccessShareLock".to_owned(),
                granted: true,
                waitstart: None,
                blocked_by: Vec::new(),
            },
        }
    }

    /// A prepared transaction holds it.
    pub fn prepared(mut self) -> Self {
        self.lock.pid = None;
        self
    }

    /// On this relation.
    pub fn relation(mut self, relation: &str) -> Self {
        self.lock.relation = Some(relation.to_owned());
        self
    }

    /// On a transaction's own id.
    pub fn transaction(mut self, transaction: &str) -> Self {
        self.lock.locktype = "transactionid".to_owned();
        self.lock.relation = None;
        self.lock.transaction = Some(transaction.to_owned());
        self
    }

    /// On a relation, by the transaction of this id.
    pub fn transaction_of(mut self, transaction: &str) -> Self {
        self.lock.transaction = Some(transaction.to_owned());
        self
    }

    /// In this mode.
    pub fn mode(mut self, mode: &str) -> Self {
        self.lock.mode = mode.to_owned();
        self
    }

    /// Asked for, not held.
    pub fn waiting(mut self) -> Self {
        self.lock.granted = false;
        self.lock.mode = "AccessExclusiveLock".to_owned();
        self
    }

    /// These stand before it.
    pub fn blocked_by(mut self, blockers: &[i32]) -> Self {
        self.lock.granted = false;
        self.lock.blocked_by = blockers.to_vec();
        self
    }
}
