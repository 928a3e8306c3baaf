//! Clients that observe. Each call is asked at once and answered by `get`.

use std::time::Duration;

use crate::context::Context;
use crate::pending::Pending;
use crate::time::Window;
use crate::wire;

impl From<Window> for wire::Window {
    fn from(window: Window) -> Self {
        Self {
            begin: window.begin.micros(),
            end: window.end.micros(),
        }
    }
}

/// Points that a range is cut into where the step names no resolution.
const POINTS: u64 = 60;

/// Time series.
pub struct Metrics<'a> {
    pub(crate) ctx: &'a Context,
}

impl Metrics<'_> {
    /// A PromQL expression, evaluated at the run's clock.
    pub fn instant(&self, query: &str) -> Pending<wire::Instant> {
        self.ctx.pending(
            format!("metrics.instant {query}"),
            self.ctx.host.instant(query),
        )
    }

    /// A PromQL expression over a window, in about 60 points, at least 1 s apart.
    pub fn range(&self, query: &str, window: Window) -> Pending<wire::Matrix> {
        let millis = u64::try_from(window.length().as_millis()).unwrap_or(u64::MAX);
        self.range_by(
            query,
            window,
            Duration::from_millis((millis / POINTS).max(1_000)),
        )
    }

    /// A PromQL expression over a window, a point every `step`.
    pub fn range_by(&self, query: &str, window: Window, step: Duration) -> Pending<wire::Matrix> {
        let step_ms = u64::try_from(step.as_millis()).unwrap_or(u64::MAX).max(1);
        let handle = self.ctx.host.range(query, window.into(), step_ms);
        self.ctx.pending(format!("metrics.range {query}"), handle)
    }
}

/// One log source.
pub struct Logs<'a> {
    pub(crate) ctx: &'a Context,
    pub(crate) source: &'a str,
}

impl Logs<'_> {
    /// The newest `most` lines that match a regular expression without look-around.
    pub fn search(&self, window: Window, pattern: &str, most: u32) -> Pending<wire::LogLines> {
        let handle = self
            .ctx
            .host
            .search(self.source, window.into(), pattern, most);
        self.ctx
            .pending(format!("logs.search {}", self.source), handle)
    }
}

/// Alerts.
pub struct Alerts<'a> {
    pub(crate) ctx: &'a Context,
}

impl Alerts<'_> {
    /// Alerts that fire now, and those of the incident.
    pub fn list(&self) -> Pending<wire::AlertList> {
        self.ctx
            .pending("alerts.list".to_owned(), self.ctx.host.alerts())
    }
}

/// Deployments, configuration changes and migrations.
pub struct Changes<'a> {
    pub(crate) ctx: &'a Context,
}

impl Changes<'_> {
    /// Changes of the window.
    pub fn list(&self, window: Window) -> Pending<wire::ChangeList> {
        self.ctx.pending(
            "changes.list".to_owned(),
            self.ctx.host.changes(window.into()),
        )
    }
}

/// Services and what they use.
pub struct Topology<'a> {
    pub(crate) ctx: &'a Context,
}

impl Topology<'_> {
    /// Every service that is declared.
    pub fn services(&self) -> Pending<wire::ServiceList> {
        self.ctx
            .pending("topology.services".to_owned(), self.ctx.host.services())
    }
}

/// One database server.
pub struct Database<'a> {
    pub(crate) ctx: &'a Context,
    pub(crate) server: &'a str,
}

impl Database<'_> {
    /// Every session.
    pub fn sessions(&self) -> Pending<wire::Sessions> {
        let handle = self.ctx.host.sessions(self.server);
        self.ctx
            .pending(format!("database.sessions {}", self.server), handle)
    }

    /// Every lock, with its direct blockers.
    pub fn locks(&self) -> Pending<wire::Locks> {
        let handle = self.ctx.host.locks(self.server);
        self.ctx
            .pending(format!("database.locks {}", self.server), handle)
    }

    /// Every prepared transaction: they hold locks and have no session.
    pub fn prepared_transactions(&self) -> Pending<wire::PreparedTransactions> {
        let handle = self.ctx.host.prepared_transactions(self.server);
        self.ctx.pending(
            format!("database.prepared_transactions {}", self.server),
            handle,
        )
    }

    /// Every replication slot.
    pub fn replication_slots(&self) -> Pending<wire::ReplicationSlots> {
        let handle = self.ctx.host.replication_slots(self.server);
        self.ctx.pending(
            format!("database.replication_slots {}", self.server),
            handle,
        )
    }

    /// The settings that limit connections, and the time-outs.
    pub fn settings(&self) -> Pending<wire::Settings> {
        let handle = self.ctx.host.settings(self.server);
        self.ctx
            .pending(format!("database.settings {}", self.server), handle)
    }
}

/// Workloads of one namespace.
pub struct Workloads<'a> {
    pub(crate) ctx: &'a Context,
    pub(crate) cluster: &'a str,
    pub(crate) namespace: &'a str,
}

impl Workloads<'_> {
    /// One workload.
    pub fn describe(&self, name: &str) -> Pending<wire::WorkloadList> {
        let handle = self
            .ctx
            .host
            .describe(self.cluster, self.namespace, Some(name));
        let (cluster, namespace) = (self.cluster, self.namespace);
        self.ctx.pending(
            format!("workloads.describe {cluster}/{namespace}/{name}"),
            handle,
        )
    }

    /// Every workload of the namespace.
    pub fn list(&self) -> Pending<wire::WorkloadList> {
        let handle = self.ctx.host.describe(self.cluster, self.namespace, None);
        self.ctx.pending(
            format!("workloads.describe {}/{}", self.cluster, self.namespace),
            handle,
        )
    }

    /// What happened to them.
    pub fn events(&self, window: Window) -> Pending<wire::WorkloadEventList> {
        let handle = self
            .ctx
            .host
            .events(self.cluster, self.namespace, window.into());
        self.ctx.pending(
            format!("workloads.events {}/{}", self.cluster, self.namespace),
            handle,
        )
    }
}

/// Past incidents.
pub struct Incidents<'a> {
    pub(crate) ctx: &'a Context,
}

impl Incidents<'_> {
    /// The `most` similar ones.
    pub fn similar(&self, most: u32) -> Pending<wire::PastIncidentList> {
        self.ctx
            .pending("incidents.similar".to_owned(), self.ctx.host.similar(most))
    }
}

/// One configured probe; a step never gives a URL.
pub struct HttpProbe<'a> {
    pub(crate) ctx: &'a Context,
    pub(crate) name: &'a str,
}

impl HttpProbe<'_> {
    /// Asks once.
    pub fn probe(&self) -> Pending<wire::ProbeResult> {
        let handle = self.ctx.host.probe(self.name);
        self.ctx
            .pending(format!("http_probe.probe {}", self.name), handle)
    }
}
