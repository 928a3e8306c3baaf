//! On a native target: each function asks the fake host of a test.

use std::rc::Rc;

use crate::door::Handle;
use crate::fake::{Running, Written};
use crate::wire;

/// The fake host of one run.
#[derive(Clone)]
pub struct Host(pub(crate) Rc<Running>);

/// An answer that is already there.
pub struct Told<T> {
    call: u64,
    told: Result<T, wire::Gap>,
}

impl<T: Clone> Handle<T> for Told<T> {
    fn call(&self) -> u64 {
        self.call
    }

    fn get(&self) -> Result<T, wire::Gap> {
        self.told.clone()
    }
}

pub type PendingInstant = Told<wire::Instant>;
pub type PendingRange = Told<wire::Matrix>;
pub type PendingSearch = Told<wire::LogLines>;
pub type PendingAlerts = Told<wire::AlertList>;
pub type PendingChanges = Told<wire::ChangeList>;
pub type PendingServices = Told<wire::ServiceList>;
pub type PendingSessions = Told<wire::Sessions>;
pub type PendingLocks = Told<wire::Locks>;
pub type PendingPreparedTransactions = Told<wire::PreparedTransactions>;
pub type PendingReplicationSlots = Told<wire::ReplicationSlots>;
pub type PendingSettings = Told<wire::Settings>;
pub type PendingDescribe = Told<wire::WorkloadList>;
pub type PendingEvents = Told<wire::WorkloadEventList>;
pub type PendingSimilar = Told<wire::PastIncidentList>;
pub type PendingProbe = Told<wire::ProbeResult>;

impl Host {
    fn ask<T: crate::fake::Fixture>(
        &self,
        asked: String,
        answer: impl FnOnce(&crate::fake::World) -> Result<T, wire::Gap>,
    ) -> Told<T> {
        let (call, told) = self.0.ask(asked, answer);
        Told { call, told }
    }

    pub(crate) fn now(&self) -> u64 {
        self.0.world.now.micros()
    }

    pub(crate) fn debug(&self, message: &str) {
        self.0.note(message);
    }

    pub(crate) fn info(&self, message: &str) {
        self.0.note(message);
    }

    pub(crate) fn warn(&self, message: &str) {
        self.0.note(message);
    }

    pub(crate) fn instant(&self, query: &str) -> PendingInstant {
        self.ask(format!("metrics.instant {query}"), |world| {
            world.metrics()?.instant(query)
        })
    }

    pub(crate) fn range(&self, query: &str, window: wire::Window, step_ms: u64) -> PendingRange {
        self.ask(format!("metrics.range {query}"), |world| {
            world.metrics()?.range(query, window, step_ms)
        })
    }

    pub(crate) fn search(
        &self,
        source: &str,
        window: wire::Window,
        pattern: &str,
        most: u32,
    ) -> PendingSearch {
        self.ask(format!("logs.search {source}"), |world| {
            world.log_source(source)?.search(window, pattern, most)
        })
    }

    pub(crate) fn alerts(&self) -> PendingAlerts {
        self.ask("alerts.list".to_owned(), |world| world.alerts())
    }

    pub(crate) fn changes(&self, window: wire::Window) -> PendingChanges {
        self.ask("changes.list".to_owned(), |world| world.changes(window))
    }

    pub(crate) fn services(&self) -> PendingServices {
        self.ask("topology.services".to_owned(), |world| world.services())
    }

    pub(crate) fn sessions(&self, server: &str) -> PendingSessions {
        self.ask(format!("database.sessions {server}"), |world| {
            world.database_source(server)?.sessions()
        })
    }

    pub(crate) fn locks(&self, server: &str) -> PendingLocks {
        self.ask(format!("database.locks {server}"), |world| {
            world.database_source(server)?.locks()
        })
    }

    pub(crate) fn prepared_transactions(&self, server: &str) -> PendingPreparedTransactions {
        self.ask(
            format!("database.prepared_transactions {server}"),
            |world| world.database_source(server)?.prepared_transactions(),
        )
    }

    pub(crate) fn replication_slots(&self, server: &str) -> PendingReplicationSlots {
        self.ask(format!("database.replication_slots {server}"), |world| {
            world.database_source(server)?.replication_slots()
        })
    }

    pub(crate) fn settings(&self, server: &str) -> PendingSettings {
        self.ask(format!("database.settings {server}"), |world| {
            world.database_source(server)?.settings()
        })
    }

    pub(crate) fn describe(
        &self,
        cluster: &str,
        namespace: &str,
        name: Option<&str>,
    ) -> PendingDescribe {
        let of = name.unwrap_or("*");
        self.ask(
            format!("workloads.describe {cluster}/{namespace}/{of}"),
            |world| world.workloads(cluster, namespace, name),
        )
    }

    pub(crate) fn events(
        &self,
        cluster: &str,
        namespace: &str,
        window: wire::Window,
    ) -> PendingEvents {
        self.ask(format!("workloads.events {cluster}/{namespace}"), |world| {
            world.workload_events(window)
        })
    }

    pub(crate) fn similar(&self, most: u32) -> PendingSimilar {
        self.ask("incidents.similar".to_owned(), |world| world.similar(most))
    }

    pub(crate) fn probe(&self, name: &str) -> PendingProbe {
        self.ask(format!("http_probe.probe {name}"), |world| {
            world.probe(name)
        })
    }

    pub(crate) fn cancel(
        &self,
        session: wire::Seen,
        only_if_state: Option<&str>,
    ) -> Result<wire::Planned, wire::Refusal> {
        self.0
            .write(Written::new("database.cancel", session).only_if(only_if_state))
    }

    pub(crate) fn terminate(
        &self,
        session: wire::Seen,
        only_if_state: Option<&str>,
    ) -> Result<wire::Planned, wire::Refusal> {
        self.0
            .write(Written::new("database.terminate", session).only_if(only_if_state))
    }

    pub(crate) fn restart(&self, workload: wire::Seen) -> Result<wire::Planned, wire::Refusal> {
        self.0.write(Written::new("workload.restart", workload))
    }

    pub(crate) fn scale(
        &self,
        workload: wire::Seen,
        replicas: u32,
    ) -> Result<wire::Planned, wire::Refusal> {
        self.0
            .write(Written::new("workload.scale", workload).saying(replicas.to_string()))
    }

    pub(crate) fn rollback(&self, workload: wire::Seen) -> Result<wire::Planned, wire::Refusal> {
        self.0.write(Written::new("workload.rollback", workload))
    }

    pub(crate) fn silence(
        &self,
        alert: wire::Seen,
        minutes: u32,
        reason: &str,
    ) -> Result<wire::Planned, wire::Refusal> {
        self.0
            .write(Written::new("alerts.silence", alert).saying(format!("{minutes}m: {reason}")))
    }

    pub(crate) fn notify(
        &self,
        about: wire::Seen,
        channel: &str,
        message: &str,
    ) -> Result<wire::Planned, wire::Refusal> {
        self.0
            .write(Written::new("notify.notify", about).saying(format!("{channel}: {message}")))
    }
}
