//! One client a capability. Each is a name to ask by; none holds anything.

mod read;
mod write;

pub use read::{
    Alerts, Changes, Database, HttpProbe, Incidents, Logs, Metrics, Topology, Workloads,
};
pub use write::{AlertsWrite, DatabaseWrite, NotifyWrite, OnlyIf, WorkloadWrite};
