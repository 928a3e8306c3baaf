//! What a step is given: its inputs, the incident, and one client a capability.

use crate::clients::{
    Alerts, AlertsWrite, Changes, Database, DatabaseWrite, HttpProbe, Incidents, Logs, Metrics,
    NotifyWrite, Topology, WorkloadWrite, Workloads,
};
use crate::door::Host;
use crate::error::Result;
use crate::findings::Findings;
use crate::inputs::Inputs;
use crate::time::{Time, Window};
use crate::wire;

/// What a step is given. A client that is not asked for costs nothing and
/// grants nothing: the component imports only what the step calls.
pub struct Context {
    pub(crate) input: wire::Input,
    pub(crate) host: Host,
}

impl Context {
    /// The manifest's inputs, resolved.
    ///
    /// # Errors
    /// The host gave an input that does not fit the manifest.
    pub fn inputs<I: Inputs>(&self) -> Result<I> {
        crate::inputs::resolved(self)
    }

    /// What the step before concluded; nothing where it proposed nothing.
    ///
    /// # Errors
    /// The findings are not of this type.
    pub fn findings<F: Findings>(&self) -> Result<Option<F>> {
        crate::findings::read(self.input.findings.as_deref())
    }

    /// What the run is about. Its labels and texts are untrusted.
    pub fn incident(&self) -> &wire::Incident {
        &self.input.incident
    }

    /// The incident's window.
    pub fn window(&self) -> Window {
        Window {
            begin: Time::from_micros(self.input.incident.begin),
            end: Time::from_micros(self.input.incident.end),
        }
    }

    /// The run's clock when the step began: recorded, the same on a replay.
    pub fn started(&self) -> Time {
        Time::from_micros(self.input.now)
    }

    /// The run's clock: recorded, and the same on a replay.
    pub fn now(&self) -> Time {
        Time::from_micros(self.host.now())
    }

    /// A note of the step's own, kept with the run as untrusted text.
    pub fn log(&self, message: &str) {
        self.host.info(message);
    }

    /// Like [`log`](Self::log), for what only the step's author needs.
    pub fn log_debug(&self, message: &str) {
        self.host.debug(message);
    }

    /// Like [`log`](Self::log), for what should not be so.
    pub fn log_warning(&self, message: &str) {
        self.host.warn(message);
    }

    /// Time series.
    pub fn metrics(&self) -> Metrics<'_> {
        Metrics { ctx: self }
    }

    /// A log source, by its configured name.
    pub fn logs<'a>(&'a self, source: &'a str) -> Logs<'a> {
        Logs { ctx: self, source }
    }

    /// Alerts, those of the incident among them.
    pub fn alerts(&self) -> Alerts<'_> {
        Alerts { ctx: self }
    }

    /// Deployments, configuration changes and migrations.
    pub fn changes(&self) -> Changes<'_> {
        Changes { ctx: self }
    }

    /// Services, what they depend on, and the pools they may hold.
    pub fn topology(&self) -> Topology<'_> {
        Topology { ctx: self }
    }

    /// A database server, by its configured name.
    pub fn database<'a>(&'a self, server: &'a str) -> Database<'a> {
        Database { ctx: self, server }
    }

    /// Workloads of a cluster's namespace.
    pub fn workloads<'a>(&'a self, cluster: &'a str, namespace: &'a str) -> Workloads<'a> {
        Workloads {
            ctx: self,
            cluster,
            namespace,
        }
    }

    /// Past incidents that are similar to this one.
    pub fn incidents(&self) -> Incidents<'_> {
        Incidents { ctx: self }
    }

    /// A probe, by its configured name.
    pub fn http_probe<'a>(&'a self, name: &'a str) -> HttpProbe<'a> {
        HttpProbe { ctx: self, name }
    }

    /// Proposes to cancel or terminate sessions.
    pub fn database_write(&self) -> DatabaseWrite<'_> {
        DatabaseWrite { host: &self.host }
    }

    /// Proposes to restart, scale or roll back workloads.
    pub fn workload_write(&self) -> WorkloadWrite<'_> {
        WorkloadWrite { host: &self.host }
    }

    /// Proposes silences.
    pub fn alerts_write(&self) -> AlertsWrite<'_> {
        AlertsWrite { host: &self.host }
    }

    /// Proposes messages to people.
    pub fn notify_write(&self) -> NotifyWrite<'_> {
        NotifyWrite { host: &self.host }
    }

    /// The step's start, not the clock: asking the clock is a call of its own.
    pub(crate) fn pending<T: crate::answer::Record>(
        &self,
        asked: String,
        handle: T::Handle,
    ) -> crate::pending::Pending<T> {
        crate::pending::Pending::new(asked, self.started(), handle)
    }
}
