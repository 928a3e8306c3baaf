//! All systems together, and the host that stands before them.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::context::Context;
use crate::error::Result;
use crate::fake::clock::{moment, span};
use crate::fake::database::FakeDatabase;
use crate::fake::metrics::FakeMetrics;
use crate::fake::run::FakeRun;
use crate::fake::sources::{FakeAlerts, FakeChanges, FakeIncident, FakeLogs, FakeTopology};
use crate::report::Report;
use crate::time::Time;
use crate::wire;
use crate::wire::Gap;

/// The systems, as one test describes them.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) now: Time,
    pub(crate) incident: FakeIncident,
    pub(crate) given: Map<String, Value>,
    databases: BTreeMap<String, FakeDatabase>,
    metrics: Option<FakeMetrics>,
    logs: BTreeMap<String, FakeLogs>,
    alerts: Option<FakeAlerts>,
    changes: Option<FakeChanges>,
    topology: Option<FakeTopology>,
    workloads: Option<Vec<wire::Workload>>,
    events: Vec<wire::WorkloadEvent>,
    past: Option<Vec<wire::PastIncident>>,
    probes: BTreeMap<String, wire::ProbeResult>,
    gaps: BTreeMap<String, Gap>,
}

/// A host for tests. A source that is not described is not configured.
///
/// ```
/// # use interlock_sdk::FakeHost;
/// let host = FakeHost::at("03:12:08Z")
///     .database("orders-db", |db| db.session(|s| s.pid(101).idle_in_transaction("14m")));
/// ```
#[derive(Debug, Clone)]
pub struct FakeHost {
    world: World,
}

impl FakeHost {
    /// A host whose clock stands at this moment: `03:12:08Z`.
    pub fn at(now: &str) -> Self {
        let now = moment(now);
        Self {
            world: World {
                now,
                incident: FakeIncident::new(now),
                given: Map::new(),
                databases: BTreeMap::new(),
                metrics: None,
                logs: BTreeMap::new(),
                alerts: None,
                changes: None,
                topology: None,
                workloads: None,
                events: Vec::new(),
                past: None,
                probes: BTreeMap::new(),
                gaps: BTreeMap::new(),
            },
        }
    }

    /// A PostgreSQL server. The first one is what the incident's alert names,
    /// where the test does not say otherwise.
    pub fn database(
        mut self,
        name: &str,
        describe: impl FnOnce(FakeDatabase) -> FakeDatabase,
    ) -> Self {
        let database = describe(FakeDatabase::new(name, self.world.now));
        if self.world.incident.incident.alerts.is_empty() {
            self.world.incident = self.world.incident.alert("TestAlert", &[("server", name)]);
        }
        self.world.databases.insert(name.to_owned(), database);
        self
    }

    /// Time series.
    pub fn metrics(mut self, describe: impl FnOnce(FakeMetrics) -> FakeMetrics) -> Self {
        self.world.metrics = Some(describe(FakeMetrics::new(self.world.now)));
        self
    }

    /// A log source.
    pub fn logs(mut self, name: &str, describe: impl FnOnce(FakeLogs) -> FakeLogs) -> Self {
        self.world
            .logs
            .insert(name.to_owned(), describe(FakeLogs::default()));
        self
    }

    /// The alert manager.
    pub fn alerts(mut self, describe: impl FnOnce(FakeAlerts) -> FakeAlerts) -> Self {
        self.world.alerts = Some(describe(FakeAlerts::new(self.world.now)));
        self
    }

    /// The list of changes.
    pub fn changes(mut self, describe: impl FnOnce(FakeChanges) -> FakeChanges) -> Self {
        self.world.changes = Some(describe(FakeChanges::new(self.world.now)));
        self
    }

    /// The topology.
    pub fn topology(mut self, describe: impl FnOnce(FakeTopology) -> FakeTopology) -> Self {
        self.world.topology = Some(describe(FakeTopology::default()));
        self
    }

    /// A cluster's workloads.
    pub fn workloads(mut self, workloads: Vec<wire::Workload>) -> Self {
        self.world.workloads = Some(workloads);
        self
    }

    /// What happened to them.
    pub fn workload_events(mut self, events: Vec<wire::WorkloadEvent>) -> Self {
        self.world.events = events;
        self
    }

    /// Past incidents.
    pub fn past_incidents(mut self, incidents: Vec<wire::PastIncident>) -> Self {
        self.world.past = Some(incidents);
        self
    }

    /// A probe that got this status.
    pub fn probe(mut self, name: &str, status: u16) -> Self {
        let at = self.world.now.micros();
        let (status, name) = (Some(status), name.to_owned());
        let result = wire::ProbeResult {
            name: name.clone(),
            at,
            status,
            latency_ms: 12,
            error: None,
        };
        self.world.probes.insert(name, result);
        self
    }

    /// A capability (`alerts`, `changes`, `topology`, ...) does not answer.
    pub fn no_answer(mut self, capability: &str, gap: Gap) -> Self {
        self.world.gaps.insert(capability.to_owned(), gap);
        self
    }

    /// What the run is about.
    pub fn incident(mut self, describe: impl FnOnce(FakeIncident) -> FakeIncident) -> Self {
        self.world.incident = describe(FakeIncident::new(self.world.now));
        self
    }

    /// An input, as on the command line.
    pub fn input(mut self, name: &str, value: &str) -> Self {
        self.world.given.insert(name.to_owned(), Value::from(value));
        self
    }

    /// The same systems, that much later; what they hold has not moved.
    pub fn later(mut self, by: &str) -> Self {
        self.world.now = self.world.now + span(by);
        self
    }

    /// Runs a diagnosis.
    ///
    /// # Panics
    /// Its report cites a call or an item that is not there.
    pub fn run(&self, diagnose: impl FnOnce(&Context) -> Result<Report>) -> FakeRun {
        FakeRun::new(self.world.clone(), diagnose)
    }

    pub(crate) fn world(&self) -> World {
        self.world.clone()
    }
}

fn none<T>(what: &str, name: &str) -> Result<T, Gap> {
    Err(Gap::NoSource(format!("no {what} has the name `{name}`")))
}

impl World {
    fn gap(&self, capability: &str) -> Result<(), Gap> {
        self.gaps
            .get(capability)
            .map_or(Ok(()), |gap| Err(gap.clone()))
    }

    fn source<'a, T>(&self, name: &str, source: Option<&'a T>) -> Result<&'a T, Gap> {
        self.gap(name)?;
        source.ok_or_else(|| Gap::NoSource(format!("no source of `{name}` is configured")))
    }

    pub(crate) fn database_source(&self, server: &str) -> Result<&FakeDatabase, Gap> {
        self.databases
            .get(server)
            .map_or_else(|| none("[[source.postgres]]", server), Ok)
    }

    pub(crate) fn metrics(&self) -> Result<&FakeMetrics, Gap> {
        self.source("metrics", self.metrics.as_ref())
    }

    pub(crate) fn log_source(&self, name: &str) -> Result<&FakeLogs, Gap> {
        self.gap("logs")?;
        self.logs
            .get(name)
            .map_or_else(|| none("[[source.logs]]", name), Ok)
    }

    pub(crate) fn alerts(&self) -> Result<wire::AlertList, Gap> {
        let alerts = self.source("alerts", self.alerts.as_ref())?;
        Ok(wire::AlertList {
            alerts: alerts.alerts.clone(),
        })
    }

    pub(crate) fn changes(&self, window: wire::Window) -> Result<wire::ChangeList, Gap> {
        let changes = self.source("changes", self.changes.as_ref())?;
        let inside = |change: &&wire::Change| (window.begin..window.end).contains(&change.at);
        let changes = changes.changes.iter().filter(inside).cloned().collect();
        Ok(wire::ChangeList {
            truncated: false,
            changes,
        })
    }

    pub(crate) fn services(&self) -> Result<wire::ServiceList, Gap> {
        let topology = self.source("topology", self.topology.as_ref())?;
        Ok(wire::ServiceList {
            services: topology.services.clone(),
        })
    }

    pub(crate) fn workloads(
        &self,
        cluster: &str,
        namespace: &str,
        name: Option<&str>,
    ) -> Result<wire::WorkloadList, Gap> {
        let workloads = self.source("workloads", self.workloads.as_ref())?;
        let wanted = |workload: &&wire::Workload| {
            workload.cluster == cluster
                && workload.namespace == namespace
                && name.is_none_or(|name| workload.name == name)
        };
        Ok(wire::WorkloadList {
            workloads: workloads.iter().filter(wanted).cloned().collect(),
        })
    }

    pub(crate) fn workload_events(
        &self,
        window: wire::Window,
    ) -> Result<wire::WorkloadEventList, Gap> {
        self.source("workloads", self.workloads.as_ref())?;
        let inside = |event: &&wire::WorkloadEvent| (window.begin..window.end).contains(&event.at);
        let events = self.events.iter().filter(inside).cloned().collect();
        Ok(wire::WorkloadEventList {
            truncated: false,
            events,
        })
    }

    pub(crate) fn similar(&self, most: u32) -> Result<wire::PastIncidentList, Gap> {
        let past = self.source("incidents", self.past.as_ref())?;
        Ok(wire::PastIncidentList {
            incidents: past.iter().take(most as usize).cloned().collect(),
        })
    }

    pub(crate) fn probe(&self, name: &str) -> Result<wire::ProbeResult, Gap> {
        self.gap("http_probe")?;
        self.probes
            .get(name)
            .cloned()
            .map_or_else(|| none("probe", name), Ok)
    }
}
