//! Rows into records.

use std::{
    collections::{BTreeMap, BTreeSet},
    error::Error,
    time::{SystemTime, UNIX_EPOCH},
};

use interlock_capabilities::{
    Gap,
    wire::{
        Lock, Locks, PreparedTransaction, PreparedTransactions, ReplicationSlot, ReplicationSlots,
        Session, Sessions, Settings,
    },
};
use tokio_postgres::{
    Row,
    types::{FromSql, Type},
};

use super::{problem, redact};

/// Text of any encoding: other databases' statements arrive in bytes of their own.
struct Text(String);

impl<'a> FromSql<'a> for Text {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Text, Box<dyn Error + Sync + Send>> {
        Ok(Text(String::from_utf8_lossy(raw).into_owned()))
    }

    fn accepts(kind: &Type) -> bool {
        matches!(*kind, Type::TEXT | Type::NAME | Type::VARCHAR)
    }
}

/// One row, read by the names of its columns.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a>(pub(super) &'a Row);

impl<'a> Cells<'a> {
    fn get<T: FromSql<'a>>(self, name: &str) -> Result<T, Gap> {
        self.0.try_get(name).map_err(|_| problem::no_answer())
    }

    pub(super) fn text(self, name: &str) -> Result<Option<String>, Gap> {
        Ok(self.get::<Option<Text>>(name)?.map(|text| text.0))
    }

    pub(super) fn word(self, name: &str) -> Result<String, Gap> {
        self.text(name)?.ok_or_else(problem::no_answer)
    }

    pub(super) fn time(self, name: &str) -> Result<Option<u64>, Gap> {
        self.get::<Option<SystemTime>>(name)?
            .map(micros)
            .transpose()
    }

    fn at(self, name: &str) -> Result<u64, Gap> {
        self.time(name)?.ok_or_else(problem::no_answer)
    }

    pub(super) fn flag(self, name: &str) -> Result<Option<bool>, Gap> {
        self.get(name)
    }

    pub(super) fn pid(self, name: &str) -> Result<Option<i32>, Gap> {
        self.get(name)
    }

    fn count(self, name: &str) -> Result<Option<u64>, Gap> {
        Ok(self
            .get::<Option<i64>>(name)?
            .map(|count| u64::try_from(count).unwrap_or(0)))
    }
}

fn micros(at: SystemTime) -> Result<u64, Gap> {
    let since = at
        .duration_since(UNIX_EPOCH)
        .map_err(|_| problem::no_answer())?;
    u64::try_from(since.as_micros()).map_err(|_| problem::no_answer())
}

fn first(rows: &[Row]) -> Result<Cells<'_>, Gap> {
    rows.first().map(Cells).ok_or_else(problem::no_answer)
}

/// What stands where other sessions' rows are half empty.
fn unseen() -> Gap {
    Gap::Refused(
        "could not check: the login lacks pg_monitor (or pg_read_all_stats), so other sessions' \
         state and backend_type are hidden from it"
            .to_owned(),
    )
}

pub(super) fn sessions(server: &str, rows: &[Row], ours: &BTreeSet<i32>) -> Result<Sessions, Gap> {
    let head = first(rows)?;
    let all: Result<Vec<Session>, Gap> = rows.iter().map(|row| session(Cells(row), ours)).collect();
    let sessions = all?;
    if sessions
        .iter()
        .any(|session| session.backend_type.is_none())
    {
        return Err(unseen());
    }
    Ok(Sessions {
        server: server.to_owned(),
        read_at: head.at("read_at")?,
        postmaster_start: head.at("postmaster_start")?,
        system_identifier: head.word("system_identifier")?,
        sessions,
    })
}

fn session(row: Cells<'_>, ours: &BTreeSet<i32>) -> Result<Session, Gap> {
    let pid = row.pid("pid")?.ok_or_else(problem::no_answer)?;
    Ok(Session {
        pid,
        backend_type: row.text("backend_type")?,
        role: row.text("role")?,
        database: row.text("database")?,
        application_name: row.text("application_name")?,
        client_addr: row.text("client_addr")?,
        backend_start: row.time("backend_start")?,
        xact_start: row.time("xact_start")?,
        query_start: row.time("query_start")?,
        state: row.text("state")?,
        state_change: row.time("state_change")?,
        wait_event_type: row.text("wait_event_type")?,
        wait_event: row.text("wait_event")?,
        backend_xid: row.text("backend_xid")?,
        backend_xmin: row.text("backend_xmin")?,
        leader_pid: row.pid("leader_pid")?,
        superuser: row.flag("superuser")?,
        query: row.text("query")?.map(|text| redact::shape(&text)),
        ours: ours.contains(&pid),
    })
}

pub(super) fn locks(server: &str, rows: &[Row]) -> Result<Locks, Gap> {
    let mut locks = Vec::with_capacity(rows.len());
    for row in rows.iter().map(Cells) {
        let Some(locktype) = row.text("locktype")? else {
            continue;
        };
        locks.push(Lock {
            pid: row.pid("pid")?,
            locktype,
            database: row.text("database")?,
            relation: row.text("relation")?,
            transaction: row.text("transaction")?,
            mode: row.word("mode")?,
            granted: row.flag("granted")?.ok_or_else(problem::no_answer)?,
            waitstart: row.time("waitstart")?,
            blocked_by: row
                .get::<Option<Vec<i32>>>("blocked_by")?
                .unwrap_or_default(),
        });
    }
    Ok(Locks {
        server: server.to_owned(),
        read_at: first(rows)?.at("read_at")?,
        locks,
    })
}

pub(super) fn prepared(server: &str, rows: &[Row]) -> Result<PreparedTransactions, Gap> {
    let mut transactions = Vec::with_capacity(rows.len());
    for row in rows.iter().map(Cells) {
        let Some(transaction) = row.text("transaction")? else {
            continue;
        };
        transactions.push(PreparedTransaction {
            transaction,
            gid: row.word("gid")?,
            prepared: row.at("prepared")?,
            owner: row.word("owner")?,
            database: row.word("database")?,
        });
    }
    let read_at = first(rows)?.at("read_at")?;
    Ok(PreparedTransactions {
        server: server.to_owned(),
        read_at,
        transactions,
    })
}

pub(super) fn slots(server: &str, rows: &[Row]) -> Result<ReplicationSlots, Gap> {
    let mut slots = Vec::with_capacity(rows.len());
    for row in rows.iter().map(Cells) {
        let Some(name) = row.text("name")? else {
            continue;
        };
        slots.push(ReplicationSlot {
            name,
            slot_type: row.word("slot_type")?,
            active: row.flag("active")?.ok_or_else(problem::no_answer)?,
            active_pid: row.pid("active_pid")?,
            xmin_age: row.count("xmin_age")?,
            retained_bytes: row.count("retained_bytes")?,
        });
    }
    Ok(ReplicationSlots {
        server: server.to_owned(),
        read_at: first(rows)?.at("read_at")?,
        slots,
    })
}

pub(super) fn settings(server: &str, rows: &[Row]) -> Result<Settings, Gap> {
    let head = first(rows)?;
    let mut values = BTreeMap::new();
    for row in rows.iter().map(Cells) {
        values.insert(row.word("name")?, row.word("reset_val")?);
    }
    let long = |name: &str| values.get(name).map(|text| number::<u64>(text)).transpose();
    let short = |name: &str| values.get(name).map(|text| number::<u32>(text)).transpose();
    fn needed<T>(value: Option<T>) -> Result<T, Gap> {
        value.ok_or_else(problem::no_answer)
    }
    Ok(Settings {
        server: server.to_owned(),
        read_at: head.at("read_at")?,
        max_connections: needed(short("max_connections")?)?,
        superuser_reserved_connections: needed(short("superuser_reserved_connections")?)?,
        reserved_connections: short("reserved_connections")?,
        idle_in_transaction_session_timeout_ms: needed(long(
            "idle_in_transaction_session_timeout",
        )?)?,
        idle_session_timeout_ms: long("idle_session_timeout")?,
        statement_timeout_ms: needed(long("statement_timeout")?)?,
        lock_timeout_ms: needed(long("lock_timeout")?)?,
        max_prepared_transactions: needed(short("max_prepared_transactions")?)?,
        postmaster_start: head.at("postmaster_start")?,
        system_identifier: head.word("system_identifier")?,
        version: needed(short("server_version_num")?)?,
    })
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, Gap> {
    text.parse().map_err(|_| problem::no_answer())
}
