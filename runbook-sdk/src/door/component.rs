//! In a component: each function is an import.

use crate::bindings::imports::interlock::{read, step, write};
use crate::door::Handle;
use crate::wire;

pub use read::alerts::PendingList as PendingAlerts;
pub use read::changes::PendingList as PendingChanges;
pub use read::database::{
    PendingLocks, PendingPreparedTransactions, PendingReplicationSlots, PendingSessions,
    PendingSettings,
};
pub use read::http_probe::PendingProbe;
pub use read::incidents::PendingSimilar;
pub use read::logs::PendingSearch;
pub use read::metrics::{PendingInstant, PendingRange};
pub use read::topology::PendingServices;
pub use read::workloads::{PendingDescribe, PendingEvents};

/// The host: its functions are the imports.
#[derive(Clone)]
pub struct Host;

macro_rules! handles {
    ($($handle:ident => $record:ident),* $(,)?) => {$(
        impl Handle<wire::$record> for $handle {
            fn call(&self) -> u64 {
                $handle::call(self)
            }

            fn get(&self) -> Result<wire::$record, wire::Gap> {
                $handle::get(self)
            }
        }
    )*};
}

handles! {
    PendingInstant => Instant,
    PendingRange => Matrix,
    PendingSearch => LogLines,
    PendingAlerts => AlertList,
    PendingChanges => ChangeList,
    PendingServices => ServiceList,
    PendingSessions => Sessions,
    PendingLocks => Locks,
    PendingPreparedTransactions => PreparedTransactions,
    PendingReplicationSlots => ReplicationSlots,
    PendingSettings => Settings,
    PendingDescribe => WorkloadList,
    PendingEvents => WorkloadEventList,
    PendingSimilar => PastIncidentList,
    PendingProbe => ProbeResult,
}

impl Host {
    pub(crate) fn now(&self) -> u64 {
        step::clock::now()
    }

    pub(crate) fn debug(&self, message: &str) {
        step::log::log(step::log::Level::Debug, message);
    }

    pub(crate) fn info(&self, message: &str) {
        step::log::log(step::log::Level::Info, message);
    }

    pub(crate) fn warn(&self, message: &str) {
        step::log::log(step::log::Level::Warn, message);
    }

    pub(crate) fn instant(&self, query: &str) -> PendingInstant {
        read::metrics::instant(query)
    }

    pub(crate) fn range(&self, query: &str, window: wire::Window, step_ms: u64) -> PendingRange {
        read::metrics::range(query, window, step_ms)
    }

    pub(crate) fn search(
        &self,
        source: &str,
        window: wire::Window,
        pattern: &str,
        most: u32,
    ) -> PendingSearch {
        read::logs::search(source, window, pattern, most)
    }

    pub(crate) fn alerts(&self) -> PendingAlerts {
        read::alerts::list()
    }

    pub(crate) fn changes(&self, window: wire::Window) -> PendingChanges {
        read::changes::list(window)
    }

    pub(crate) fn services(&self) -> PendingServices {
        read::topology::services()
    }

    pub(crate) fn sessions(&self, server: &str) -> PendingSessions {
        read::database::sessions(server)
    }

    pub(crate) fn locks(&self, server: &str) -> PendingLocks {
        read::database::locks(server)
    }

    pub(crate) fn prepared_transactions(&self, server: &str) -> PendingPreparedTransactions {
        read::database::prepared_transactions(server)
    }

    pub(crate) fn replication_slots(&self, server: &str) -> PendingReplicationSlots {
        read::database::replication_slots(server)
    }

    pub(crate) fn settings(&self, server: &str) -> PendingSettings {
        read::database::settings(server)
    }

    pub(crate) fn describe(
        &self,
        cluster: &str,
        namespace: &str,
        name: Option<&str>,
    ) -> PendingDescribe {
        read::workloads::describe(cluster, namespace, name)
    }

    pub(crate) fn events(
        &self,
        cluster: &str,
        namespace: &str,
        window: wire::Window,
    ) -> PendingEvents {
        read::workloads::events(cluster, namespace, window)
    }

    pub(crate) fn similar(&self, most: u32) -> PendingSimilar {
        read::incidents::similar(most)
    }

    pub(crate) fn probe(&self, name: &str) -> PendingProbe {
        read::http_probe::probe(name)
    }

    pub(crate) fn cancel(
        &self,
        session: wire::Seen,
        only_if_state: Option<&str>,
    ) -> Result<wire::Planned, wire::Refusal> {
        write::database::cancel(session, only_if_state)
    }

    pub(crate) fn terminate(
        &self,
        session: wire::Seen,
        only_if_state: Option<&str>,
    ) -> Result<wire::Planned, wire::Refusal> {
        write::database::terminate(session, only_if_state)
    }

    pub(crate) fn restart(&self, workload: wire::Seen) -> Result<wire::Planned, wire::Refusal> {
        write::workload::restart(workload)
    }

    pub(crate) fn scale(
        &self,
        workload: wire::Seen,
        replicas: u32,
    ) -> Result<wire::Planned, wire::Refusal> {
        write::workload::scale(workload, replicas)
    }

    pub(crate) fn rollback(&self, workload: wire::Seen) -> Result<wire::Planned, wire::Refusal> {
        write::workload::rollback(workload)
    }

    pub(crate) fn silence(
        &self,
        alert: wire::Seen,
        minutes: u32,
        reason: &str,
    ) -> Result<wire::Planned, wire::Refusal> {
        write::alerts::silence(alert, minutes, reason)
    }

    pub(crate) fn notify(
        &self,
        about: wire::Seen,
        channel: &str,
        message: &str,
    ) -> Result<wire::Planned, wire::Refusal> {
        write::notify::notify(about, channel, message)
    }
}
