//! The read tier: `interlock:read/database`.

use std::sync::Arc;

use interlock_capabilities::{
    AnswerLimit, Gap, Soon, names,
    read::database::{
        Database, DatabaseAsk, Locks, PreparedTransactions, ReplicationSlots, Sessions, Settings,
    },
};
use serde::Serialize;
use tokio_postgres::Row;
use tracing::Span;

use super::{Postgres, Server, sql, wire};
use crate::work;

impl Postgres {
    fn ask<T: Serialize + Send + 'static>(
        &self,
        ask: DatabaseAsk,
        limit: AnswerLimit,
        sql: &'static str,
        read: impl FnOnce(&Server, &[Row]) -> Result<T, Gap> + Send + 'static,
    ) -> Soon<'static, Result<T, Gap>> {
        let server = self.server(&ask.server).map(Arc::clone);
        let reader = self.reader.clone();
        // Its DSN is a secret, so the span says no more of it.
        Span::current().record(names::DB_SYSTEM_NAME, "postgresql");
        work::begin(async move {
            let server = server?;
            let kept = server.read.as_ref().map_err(Gap::clone)?;
            let question = kept.ask(sql, &[], limit.bytes_max);
            let ((), rows) = futures::join!(kept.show(&reader), question);
            let rows = rows?;
            let answer = read(&server, &rows)?;
            limit.check(&answer)?;
            Ok(answer)
        })
    }
}

impl Database for Postgres {
    fn sessions(
        &self,
        ask: DatabaseAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<Sessions, Gap>> {
        self.ask(ask, limit, sql::SESSIONS, |server, rows| {
            wire::sessions(&server.name, rows, &server.ours.all())
        })
    }

    fn locks(&self, ask: DatabaseAsk, limit: AnswerLimit) -> Soon<'static, Result<Locks, Gap>> {
        self.ask(ask, limit, sql::LOCKS, |server, rows| {
            wire::locks(&server.name, rows)
        })
    }

    fn prepared_transactions(
        &self,
        ask: DatabaseAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<PreparedTransactions, Gap>> {
        self.ask(ask, limit, sql::PREPARED_TRANSACTIONS, |server, rows| {
            wire::prepared(&server.name, rows)
        })
    }

    fn replication_slots(
        &self,
        ask: DatabaseAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<ReplicationSlots, Gap>> {
        self.ask(ask, limit, sql::REPLICATION_SLOTS, |server, rows| {
            wire::slots(&server.name, rows)
        })
    }

    fn settings(
        &self,
        ask: DatabaseAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<Settings, Gap>> {
        self.ask(ask, limit, sql::SETTINGS, |server, rows| {
            wire::settings(&server.name, rows)
        })
    }
}
