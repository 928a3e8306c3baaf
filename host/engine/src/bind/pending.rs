//! One answer on its way, by the contract's names.

use interlock_capabilities::call::{
    AlertsList, ChangesList, DatabaseLocks, DatabasePreparedTransactions, DatabaseReplicationSlots,
    DatabaseSessions, DatabaseSettings, HttpProbeProbe, IncidentsSimilar, LogsSearch,
    MetricsInstant, MetricsRange, TopologyServices, WorkloadsDescribe, WorkloadsEvents,
};

use crate::session::Pending;

pub type Instant = Pending<MetricsInstant>;
pub type Range = Pending<MetricsRange>;
pub type Search = Pending<LogsSearch>;
pub type Alerts = Pending<AlertsList>;
pub type Changes = Pending<ChangesList>;
pub type Services = Pending<TopologyServices>;
pub type Sessions = Pending<DatabaseSessions>;
pub type Locks = Pending<DatabaseLocks>;
pub type PreparedTransactions = Pending<DatabasePreparedTransactions>;
pub type ReplicationSlots = Pending<DatabaseReplicationSlots>;
pub type Settings = Pending<DatabaseSettings>;
pub type Describe = Pending<WorkloadsDescribe>;
pub type Events = Pending<WorkloadsEvents>;
pub type Similar = Pending<IncidentsSimilar>;
pub type Probe = Pending<HttpProbeProbe>;
