//! A database that answers from memory, at once or after a while.

use std::sync::Arc;
use std::time::Duration;

use interlock_capabilities::read::database::{
    Database, DatabaseAsk, Locks, PreparedTransactions, ReplicationSlots, Session, Sessions,
    Settings,
};
use interlock_capabilities::{AnswerLimit, Gap, Readers, Soon};

/// The server's name, as the components ask for it.
pub(crate) const SERVER: &str = "orders-db";

/// Answers with the same sessions to everybody.
#[derive(Clone)]
pub(crate) struct Source {
    delay: Duration,
    answer: Arc<Sessions>,
}

impl Source {
    /// With so many sessions, after `delay`.
    pub(crate) fn new(delay: Duration, sessions: i32) -> Source {
        Source {
            delay,
            answer: Arc::new(Sessions {
                server: SERVER.to_owned(),
                read_at: 9_000_000,
                postmaster_start: 1,
                system_identifier: "7301934765182993000".to_owned(),
                sessions: (0..sessions).map(|row| session(100 + row)).collect(),
            }),
        }
    }

    /// What it answers.
    pub(crate) fn answer(&self) -> Sessions {
        Sessions::clone(&self.answer)
    }

    /// As the engine takes it.
    pub(crate) fn readers(&self) -> Readers {
        Readers {
            database: Some(Arc::new(self.clone())),
            ..Readers::default()
        }
    }
}

fn session(pid: i32) -> Session {
    Session {
        pid,
        backend_type: Some("client backend".to_owned()),
        role: Some("checkout".to_owned()),
        database: Some("orders".to_owned()),
        application_name: Some("checkout-worker".to_owned()),
        client_addr: Some("127.0.0.1".to_owned()),
        backend_start: Some(1_000_000),
        xact_start: Some(2_000_000),
        query_start: Some(2_000_000),
        state: Some("idle in transaction".to_owned()),
        state_change: Some(2_500_000),
        wait_event_type: Some("Client".to_owned()),
        wait_event: Some("ClientRead".to_owned()),
        backend_xid: None,
        backend_xmin: None,
        leader_pid: None,
        superuser: Some(false),
        query: Some("update orders set state = ? where id = ?".to_owned()),
        ours: false,
    }
}

/// The components ask for sessions only.
fn nothing<T: Send + 'static>() -> Soon<'static, Result<T, Gap>> {
    Box::pin(async { Err(Gap::NoSource("the benchmark has none".to_owned())) })
}

impl Database for Source {
    fn sessions(
        &self,
        _ask: DatabaseAsk,
        _limit: AnswerLimit,
    ) -> Soon<'static, Result<Sessions, Gap>> {
        let (delay, answer) = (self.delay, Arc::clone(&self.answer));
        Box::pin(async move {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            Ok(Sessions::clone(&answer))
        })
    }

    fn locks(&self, _ask: DatabaseAsk, _limit: AnswerLimit) -> Soon<'static, Result<Locks, Gap>> {
        nothing()
    }

    fn prepared_transactions(
        &self,
        _ask: DatabaseAsk,
        _limit: AnswerLimit,
    ) -> Soon<'static, Result<PreparedTransactions, Gap>> {
        nothing()
    }

    fn replication_slots(
        &self,
        _ask: DatabaseAsk,
        _limit: AnswerLimit,
    ) -> Soon<'static, Result<ReplicationSlots, Gap>> {
        nothing()
    }

    fn settings(
        &self,
        _ask: DatabaseAsk,
        _limit: AnswerLimit,
    ) -> Soon<'static, Result<Settings, Gap>> {
        nothing()
    }
}
