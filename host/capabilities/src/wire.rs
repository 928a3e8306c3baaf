//! The records of `interlock:read/types` under one roof, by the names that the
//! engine's generated code looks for.

pub use crate::read::{
    Gap, Label, Window,
    alerts::{Alert, AlertList},
    changes::{Change, ChangeList},
    database::{
        Lock, Locks, PreparedTransaction, PreparedTransactions, ReplicationSlot, ReplicationSlots,
        Session, Sessions, Settings,
    },
    http_probe::ProbeResult,
    incidents::{PastIncident, PastIncidentList},
    logs::{LogLine, LogLines},
    metrics::{Instant, Matrix, Point, Sample, Series},
    topology::{DatabaseUse, Service, ServiceList},
    workloads::{Workload, WorkloadEvent, WorkloadEventList, WorkloadList},
};

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Time = u64;
