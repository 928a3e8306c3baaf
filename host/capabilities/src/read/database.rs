//! PostgreSQL servers: `interlock:read/database`.

use serde::{Deserialize, Serialize};
#[cfg(feature = "component")]
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{AnswerLimit, Soon, Unchecked};
use crate::text::{count, count_option, time, time_option};

/// One row of `pg_stat_activity`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Session {
    /// The backend's process id.
    pub pid: i32,
    /// `client backend`, `walsender`, ...
    #[cfg_attr(feature = "component", component(name = "backend-type"))]
    pub backend_type: Option<String>,
    /// The role it logged in by.
    pub role: Option<String>,
    /// Its database.
    pub database: Option<String>,
    /// The client's own word; not to be trusted.
    #[cfg_attr(feature = "component", component(name = "application-name"))]
    pub application_name: Option<String>,
    /// The client's address; absent on a local socket.
    #[cfg_attr(feature = "component", component(name = "client-addr"))]
    pub client_addr: Option<String>,
    /// When the session began.
    #[serde(with = "time_option")]
    #[cfg_attr(feature = "component", component(name = "backend-start"))]
    pub backend_start: Option<u64>,
    /// When its transaction began; absent in an aborted one too.
    #[serde(with = "time_option")]
    #[cfg_attr(feature = "component", component(name = "xact-start"))]
    pub xact_start: Option<u64>,
    /// When its last statement began.
    #[serde(with = "time_option")]
    #[cfg_attr(feature = "component", component(name = "query-start"))]
    pub query_start: Option<u64>,
    /// `active`, `idle`, `idle in transaction`, ...
    pub state: Option<String>,
    /// Since when it is in that state.
    #[serde(with = "time_option")]
    #[cfg_attr(feature = "component", component(name = "state-change"))]
    pub state_change: Option<u64>,
    /// What kind of thing it waits for.
    #[cfg_attr(feature = "component", component(name = "wait-event-type"))]
    pub wait_event_type: Option<String>,
    /// What it waits for.
    #[cfg_attr(feature = "component", component(name = "wait-event"))]
    pub wait_event: Option<String>,
    /// Its transaction's id, if it has written.
    #[cfg_attr(feature = "component", component(name = "backend-xid"))]
    pub backend_xid: Option<String>,
    /// The oldest transaction it can see.
    #[cfg_attr(feature = "component", component(name = "backend-xmin"))]
    pub backend_xmin: Option<String>,
    /// Of a parallel worker: its leader.
    #[cfg_attr(feature = "component", component(name = "leader-pid"))]
    pub leader_pid: Option<i32>,
    /// Whether its role is a superuser.
    pub superuser: Option<bool>,
    /// Its last statement, literals replaced by `?`.
    pub query: Option<String>,
    /// One of Interlock's own connections.
    pub ours: bool,
}

/// The answer of `database.sessions`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Sessions {
    /// The configured source.
    pub server: String,
    /// The server's clock when it answered.
    #[serde(with = "time")]
    #[cfg_attr(feature = "component", component(name = "read-at"))]
    pub read_at: u64,
    /// When the server started.
    #[serde(with = "time")]
    #[cfg_attr(feature = "component", component(name = "postmaster-start"))]
    pub postmaster_start: u64,
    /// Which cluster it is.
    #[cfg_attr(feature = "component", component(name = "system-identifier"))]
    pub system_identifier: String,
    /// By pid.
    pub sessions: Vec<Session>,
}

/// One lock, held or waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Lock {
    /// Whose; absent: a prepared transaction holds it.
    pub pid: Option<i32>,
    /// `relation`, `transactionid`, ...
    pub locktype: String,
    /// The database of what is locked.
    pub database: Option<String>,
    /// The relation: its name in the source's own database, else its oid.
    pub relation: Option<String>,
    /// Of a transaction's own lock: its id.
    pub transaction: Option<String>,
    /// Such as `AccessExclusiveLock`.
    pub mode: String,
    /// Held, not waited for.
    pub granted: bool,
    /// Since when it is waited for.
    #[serde(with = "time_option")]
    pub waitstart: Option<u64>,
    /// Direct blockers only; 0 is a prepared transaction.
    #[cfg_attr(feature = "component", component(name = "blocked-by"))]
    pub blocked_by: Vec<i32>,
}

/// The answer of `database.locks`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Locks {
    /// The configured source.
    pub server: String,
    /// The server's clock when it answered.
    #[serde(with = "time")]
    #[cfg_attr(feature = "component", component(name = "read-at"))]
    pub read_at: u64,
    /// By pid.
    pub locks: Vec<Lock>,
}

/// One prepared transaction.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct PreparedTransaction {
    /// Its id.
    pub transaction: String,
    /// Its name, given by the client.
    pub gid: String,
    /// Since when.
    #[serde(with = "time")]
    pub prepared: u64,
    /// By which role.
    pub owner: String,
    /// In which database.
    pub database: String,
}

/// The answer of `database.prepared_transactions`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct PreparedTransactions {
    /// The configured source.
    pub server: String,
    /// The server's clock when it answered.
    #[serde(with = "time")]
    #[cfg_attr(feature = "component", component(name = "read-at"))]
    pub read_at: u64,
    /// Oldest first.
    pub transactions: Vec<PreparedTransaction>,
}

/// One replication slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct ReplicationSlot {
    /// Its name.
    pub name: String,
    /// `physical` or `logical`.
    #[cfg_attr(feature = "component", component(name = "slot-type"))]
    pub slot_type: String,
    /// Whether somebody uses it.
    pub active: bool,
    /// Who uses it.
    #[cfg_attr(feature = "component", component(name = "active-pid"))]
    pub active_pid: Option<i32>,
    /// Transactions that it holds back.
    #[serde(with = "count_option")]
    #[cfg_attr(feature = "component", component(name = "xmin-age"))]
    pub xmin_age: Option<u64>,
    /// Bytes of log that it holds back.
    #[serde(with = "count_option")]
    #[cfg_attr(feature = "component", component(name = "retained-bytes"))]
    pub retained_bytes: Option<u64>,
}

/// The answer of `database.replication_slots`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct ReplicationSlots {
    /// The configured source.
    pub server: String,
    /// The server's clock when it answered.
    #[serde(with = "time")]
    #[cfg_attr(feature = "component", component(name = "read-at"))]
    pub read_at: u64,
    /// By name.
    pub slots: Vec<ReplicationSlot>,
}

/// The answer of `database.settings`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Settings {
    /// The configured source.
    pub server: String,
    /// The server's clock when it answered.
    #[serde(with = "time")]
    #[cfg_attr(feature = "component", component(name = "read-at"))]
    pub read_at: u64,
    /// All slots.
    #[cfg_attr(feature = "component", component(name = "max-connections"))]
    pub max_connections: u32,
    /// Slots for superusers only.
    #[cfg_attr(
        feature = "component",
        component(name = "superuser-reserved-connections")
    )]
    pub superuser_reserved_connections: u32,
    /// Slots for `pg_use_reserved_connections`; PostgreSQL 16 and later.
    #[cfg_attr(feature = "component", component(name = "reserved-connections"))]
    pub reserved_connections: Option<u32>,
    /// Milliseconds; 0 is off.
    #[serde(with = "count")]
    #[cfg_attr(
        feature = "component",
        component(name = "idle-in-transaction-session-timeout-ms")
    )]
    pub idle_in_transaction_session_timeout_ms: u64,
    /// Milliseconds; 0 is off; PostgreSQL 14 and later.
    #[serde(with = "count_option")]
    #[cfg_attr(feature = "component", component(name = "idle-session-timeout-ms"))]
    pub idle_session_timeout_ms: Option<u64>,
    /// The server's own, not our connection's; milliseconds; 0 is off.
    #[serde(with = "count")]
    #[cfg_attr(feature = "component", component(name = "statement-timeout-ms"))]
    pub statement_timeout_ms: u64,
    /// Milliseconds; 0 is off.
    #[serde(with = "count")]
    #[cfg_attr(feature = "component", component(name = "lock-timeout-ms"))]
    pub lock_timeout_ms: u64,
    /// 0 is off.
    #[cfg_attr(feature = "component", component(name = "max-prepared-transactions"))]
    pub max_prepared_transactions: u32,
    /// When the server started.
    #[serde(with = "time")]
    #[cfg_attr(feature = "component", component(name = "postmaster-start"))]
    pub postmaster_start: u64,
    /// Which cluster it is.
    #[cfg_attr(feature = "component", component(name = "system-identifier"))]
    pub system_identifier: String,
    /// `server_version_num`, such as 150018.
    pub version: u32,
}

/// What every call of `database` asks: which server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseAsk {
    /// The configured source.
    pub server: String,
}

/// PostgreSQL servers by their configured names.
pub trait Database: Send + Sync {
    /// Who is connected.
    fn sessions(
        &self,
        ask: DatabaseAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<Sessions, Unchecked>>;
    /// What is locked, and who waits for whom.
    fn locks(
        &self,
        ask: DatabaseAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<Locks, Unchecked>>;
    /// Transactions that no session holds.
    fn prepared_transactions(
        &self,
        ask: DatabaseAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<PreparedTransactions, Unchecked>>;
    /// What replication holds back.
    fn replication_slots(
        &self,
        ask: DatabaseAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<ReplicationSlots, Unchecked>>;
    /// The limits that matter.
    fn settings(
        &self,
        ask: DatabaseAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<Settings, Unchecked>>;
}
