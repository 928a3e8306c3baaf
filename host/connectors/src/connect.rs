//! Every configured source, ready to be asked.
//! Not a login: the first question dials, and a source that cannot even be set up answers why.
//! Start at [`connect`]; [`writers`](crate::writers) are a separate door.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt, join_all};
use interlock_capabilities::Readers;
use interlock_capabilities::read::alerts::Alerts;
use interlock_capabilities::read::metrics::Metrics;
use interlock_capabilities::report::Incident;

use crate::alertmanager::{Alertmanager, WithIncidents};
use crate::broken::Broken;
use crate::changes::ChangeSources;
use crate::config::{Config, HttpSource};
use crate::endpoint::Endpoint;
use crate::health::{self, Health, SourceHealth};
use crate::http::ClientError;
use crate::logs::LogFiles;
use crate::probe::Probes;
use crate::prometheus::Prometheus;
use crate::secrets::Secret;
use crate::topology::TopologyFile;

/// Time for one answer from log files.
const LOGS_TIME_MAX: std::time::Duration = std::time::Duration::from_secs(10);

/// The sources of one configuration. Cheap to clone; keep it as long as the host lives, since a
/// full database refuses new sessions.
#[derive(Clone)]
pub struct Connected {
    prometheus: Option<Source<Prometheus>>,
    alertmanager: Option<Source<Alertmanager>>,
    changes: Option<ChangeSources>,
    logs: Option<(LogFiles, Vec<String>)>,
    topology: Option<TopologyFile>,
    probes: Option<(Probes, Vec<String>)>,
}

/// A system behind HTTP, or why it cannot be asked; and what `doctor` should say of its secret.
#[derive(Clone)]
struct Source<T> {
    system: Result<T, Broken>,
    warning: Option<String>,
}

/// Sets up every source of a configuration. Secrets are read here, nothing is dialled.
pub fn connect(config: &Config) -> Connected {
    let sources = &config.sources;
    let changes = sources.changes.as_ref().map(|changes| {
        let files = changes.file.iter().cloned().collect();
        ChangeSources::new(files, changes.git.clone(), changes.timeout)
    });
    let logs = (!sources.logs.is_empty()).then(|| {
        let names = sources.logs.keys().cloned().collect();
        (LogFiles::new(sources.logs.clone(), LOGS_TIME_MAX), names)
    });
    let probes = (!sources.probes.is_empty()).then(|| {
        let names = sources.probes.keys().cloned().collect();
        (Probes::new(sources.probes.clone()), names)
    });
    Connected {
        prometheus: sources
            .prometheus
            .as_ref()
            .map(|s| set_up(s, "prometheus", Prometheus::new)),
        alertmanager: sources
            .alertmanager
            .as_ref()
            .map(|s| set_up(s, "alertmanager", Alertmanager::new)),
        changes,
        logs,
        topology: sources.topology.clone().map(TopologyFile::new),
        probes,
    }
}

fn set_up<T>(
    source: &HttpSource,
    name: &str,
    make: fn(Endpoint, std::time::Duration, Option<&Secret>) -> Result<T, ClientError>,
) -> Source<T> {
    let secret = source.bearer_file.as_deref().map(Secret::read).transpose();
    let (secret, warning) = match secret {
        Ok(secret) => {
            let open = secret.as_ref().is_some_and(Secret::readable_by_others);
            (
                secret,
                open.then(|| "its `bearer_file` can be read by others".to_owned()),
            )
        }
        Err(error) => {
            let system = Err(Broken::new(format!("{name}: its `bearer_file`: {error}")));
            return Source {
                system,
                warning: None,
            };
        }
    };
    let system = make(source.url.clone(), source.timeout, secret.as_ref())
        .map_err(|error| Broken::new(format!("{name}: {error}")));
    Source { system, warning }
}

impl Connected {
    /// What answers the reads of a run about this incident.
    pub fn readers(&self, incident: &Incident) -> Readers {
        let alerts = self.alerts();
        let alerts = (alerts.is_some() || !incident.alerts.is_empty())
            .then(|| Arc::new(WithIncidents::new(alerts, incident)) as Arc<dyn Alerts>);
        Readers {
            metrics: self.metrics(),
            alerts,
            changes: self.changes.clone().map(|it| Arc::new(it) as _),
            logs: self.logs.clone().map(|(it, _names)| Arc::new(it) as _),
            topology: self.topology.clone().map(|it| Arc::new(it) as _),
            http_probe: self.probes.clone().map(|(it, _names)| Arc::new(it) as _),
            ..Readers::default()
        }
    }

    fn metrics(&self) -> Option<Arc<dyn Metrics>> {
        Some(match &self.prometheus.as_ref()?.system {
            Ok(system) => Arc::new(system.clone()),
            Err(broken) => Arc::new(broken.clone()),
        })
    }

    fn alerts(&self) -> Option<Arc<dyn Alerts>> {
        Some(match &self.alertmanager.as_ref()?.system {
            Ok(system) => Arc::new(system.clone()),
            Err(broken) => Arc::new(broken.clone()),
        })
    }

    /// Asks every source the simplest question, all at once; in the order of the sections in
    /// [`crate::config`].
    pub async fn health(&self) -> Vec<SourceHealth> {
        let mut asked: Vec<BoxFuture<'_, SourceHealth>> = Vec::new();
        if let Some(source) = &self.prometheus {
            asked.push(
                async {
                    let health = match &source.system {
                        Ok(system) => system.health().await,
                        Err(broken) => broken.health(),
                    };
                    one(
                        "[source.prometheus]",
                        "prometheus",
                        health.warn(source.warning.clone()),
                    )
                }
                .boxed(),
            );
        }
        if let Some(source) = &self.alertmanager {
            asked.push(
                async {
                    let health = match &source.system {
                        Ok(system) => system.health().await,
                        Err(broken) => broken.health(),
                    };
                    let health = health.warn(source.warning.clone());
                    one("[source.alertmanager]", "alertmanager", health)
                }
                .boxed(),
            );
        }
        if let Some(changes) = &self.changes {
            let check = async {
                one(
                    "[source.changes]",
                    "changes",
                    health::of(changes.check().await),
                )
            };
            asked.push(check.boxed());
        }
        if let Some((logs, names)) = &self.logs {
            asked.extend(names.iter().map(|name| {
                async { one("[[source.logs]]", name, health::of(logs.check(name).await)) }.boxed()
            }));
        }
        if let Some(topology) = &self.topology {
            let check = async { one("[source.topology]", "topology", topology.health()) };
            asked.push(check.boxed());
        }
        if let Some((probes, names)) = &self.probes {
            asked.extend(names.iter().map(|name| {
                async {
                    one(
                        "[[source.probe]]",
                        name,
                        health::of(probes.check(name).await),
                    )
                }
                .boxed()
            }));
        }
        join_all(asked).await
    }
}

fn one(section: &'static str, name: &str, health: Health) -> SourceHealth {
    SourceHealth {
        section,
        name: name.to_owned(),
        health,
    }
}
