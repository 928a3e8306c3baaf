//! Which record each kind of call answers with, and what its list is.

use crate::answer::{Listed, Record};
use crate::door;
use crate::time::Time;
use crate::wire;

macro_rules! listed {
    ($($record:ident, $handle:ident, $list:ident, $item:ident;)*) => {$(
        impl Record for wire::$record {
            type Handle = door::$handle;
        }

        impl Listed for wire::$record {
            type Item = wire::$item;

            fn list(&self) -> &[wire::$item] {
                &self.$list
            }
        }
    )*};
}

macro_rules! dated {
    ($($record:ident, $handle:ident, $list:ident, $item:ident;)*) => {$(
        impl Record for wire::$record {
            type Handle = door::$handle;

            fn read_at(&self) -> Option<Time> {
                Some(Time::from_micros(self.read_at))
            }
        }

        impl Listed for wire::$record {
            type Item = wire::$item;

            fn list(&self) -> &[wire::$item] {
                &self.$list
            }
        }
    )*};
}

listed! {
    Instant, PendingInstant, samples, Sample;
    Matrix, PendingRange, series, Series;
    LogLines, PendingSearch, lines, LogLine;
    AlertList, PendingAlerts, alerts, Alert;
    ChangeList, PendingChanges, changes, Change;
    ServiceList, PendingServices, services, Service;
    WorkloadList, PendingDescribe, workloads, Workload;
    WorkloadEventList, PendingEvents, events, WorkloadEvent;
    PastIncidentList, PendingSimilar, incidents, PastIncident;
}

dated! {
    Sessions, PendingSessions, sessions, Session;
    Locks, PendingLocks, locks, Lock;
    PreparedTransactions, PendingPreparedTransactions, transactions, PreparedTransaction;
    ReplicationSlots, PendingReplicationSlots, slots, ReplicationSlot;
}

impl Record for wire::Settings {
    type Handle = door::PendingSettings;

    fn read_at(&self) -> Option<Time> {
        Some(Time::from_micros(self.read_at))
    }
}

impl Record for wire::ProbeResult {
    type Handle = door::PendingProbe;

    fn read_at(&self) -> Option<Time> {
        Some(Time::from_micros(self.at))
    }
}
