//! Every configured source, ready to be asked.
//! Not a login: the first question dials, and a source that cannot even be set up answers why.
//! Start at [`connect`]. [`writers`] is a door of its own: only the runner has a use for it, since
//! a writer takes an intent and nothing else.

use std::sync::Arc;

use futures::future::{BoxFuture, join_all};
use interlock_capabilities::read::alerts::Alerts;
use interlock_capabilities::read::database::Database;
use interlock_capabilities::read::metrics::Metrics;
use interlock_capabilities::report::Incident;
use interlock_capabilities::write::{AlertsWriter, DatabaseWriter, Writers};
use interlock_capabilities::{Gap, Readers};

use crate::alertmanager::{Alertmanager, WithIncidents};
use crate::broken::Broken;
use crate::changes::ChangeSources;
use crate::config::{Config, HttpSource};
use crate::endpoint::Endpoint;
use crate::health::{self, Health, SourceHealth};
use crate::http::ClientError;
use crate::logs::LogFiles;
use crate::postgres::Postgres;
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
    postgres: Option<Result<Postgres, Broken>>,
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

/// Sets up every source of a configuration. Secrets are read here, and databases' sessions begin
/// to open on the current runtime; nothing else is dialled.
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
        postgres: (!sources.postgres.is_empty()).then(|| {
            Postgres::open(&sources.postgres).map_err(|error| Broken::new(error.to_string()))
        }),
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
            database: self.database(incident),
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

    fn database(&self, incident: &Incident) -> Option<Arc<dyn Database>> {
        Some(match self.postgres.as_ref()? {
            Ok(servers) => Arc::new(servers.reading_for(&incident.id)),
            Err(broken) => Arc::new(broken.clone()),
        })
    }

    fn alerts(&self) -> Option<Arc<dyn Alerts>> {
        Some(match &self.alertmanager.as_ref()?.system {
            Ok(system) => Arc::new(system.clone()),
            Err(broken) => Arc::new(broken.clone()),
        })
    }

    /// Whether the database of this name could be acted on now; opens the connection that would.
    pub async fn ready_to_write(&self, database: &str) -> Result<(), Gap> {
        match &self.postgres {
            Some(Ok(servers)) => servers.ready_to_write(database).await,
            Some(Err(broken)) => Err(broken.gap()),
            None => Err(Gap::NoSource(format!("`{database}` is not configured"))),
        }
    }

    /// Whether Alertmanager could be asked to change something now.
    pub async fn alertmanager_ready_to_write(&self) -> Result<(), Gap> {
        match self.alertmanager.as_ref().map(|source| &source.system) {
            Some(Ok(alertmanager)) => alertmanager.ready_to_write().await,
            Some(Err(broken)) => Err(broken.gap()),
            None => Err(Gap::NoSource("`alertmanager` is not configured".to_owned())),
        }
    }

    /// Asks every source the simplest question, all at once; in the order of the sections in
    /// [`crate::config`].
    pub async fn health(&self) -> Vec<SourceHealth> {
        let mut asked: Vec<BoxFuture<'_, Vec<SourceHealth>>> = Vec::new();
        if let Some(Source { system, warning }) = &self.prometheus {
            asked.push(Box::pin(async {
                let health = match system {
                    Ok(system) => system.health().await,
                    Err(broken) => broken.health(),
                };
                one(
                    "[source.prometheus]",
                    "prometheus",
                    health.warn(warning.clone()),
                )
            }));
        }
        if let Some(Source { system, warning }) = &self.alertmanager {
            asked.push(Box::pin(async {
                let health = match system {
                    Ok(system) => system.health().await,
                    Err(broken) => broken.health(),
                };
                one(
                    "[source.alertmanager]",
                    "alertmanager",
                    health.warn(warning.clone()),
                )
            }));
        }
        match &self.postgres {
            Some(Ok(servers)) => asked.push(Box::pin(servers.check())),
            Some(Err(broken)) => {
                asked.push(Box::pin(async {
                    one("[[source.postgres]]", "postgres", broken.health())
                }));
            }
            None => {}
        }
        if let Some(changes) = &self.changes {
            asked.push(Box::pin(async {
                one(
                    "[source.changes]",
                    "changes",
                    health::of(changes.check().await),
                )
            }));
        }
        for (logs, name) in self
            .logs
            .iter()
            .flat_map(|(it, names)| names.iter().map(move |n| (it, n)))
        {
            asked.push(Box::pin(async move {
                one("[[source.logs]]", name, health::of(logs.check(name).await))
            }));
        }
        if let Some(topology) = &self.topology {
            asked.push(Box::pin(async {
                one("[source.topology]", "topology", topology.health())
            }));
        }
        for (probes, name) in self
            .probes
            .iter()
            .flat_map(|(it, names)| names.iter().map(move |n| (it, n)))
        {
            asked.push(Box::pin(async move {
                one(
                    "[[source.probe]]",
                    name,
                    health::of(probes.check(name).await),
                )
            }));
        }
        join_all(asked).await.into_iter().flatten().collect()
    }
}

/// What can change production, in the name of `approver`, who is shown in the target's own audit
/// trail where it has one. A source that cannot be set up settles each intent as not tried.
pub fn writers(connected: &Connected, approver: &str) -> Writers {
    let database = connected.postgres.as_ref().map(|servers| match servers {
        Ok(servers) => Arc::new(servers.acting_for(approver)) as Arc<dyn DatabaseWriter>,
        Err(broken) => Arc::new(broken.clone()),
    });
    let alerts = connected
        .alertmanager
        .as_ref()
        .map(|source| match &source.system {
            Ok(system) => Arc::new(system.acting_for(approver)) as Arc<dyn AlertsWriter>,
            Err(broken) => Arc::new(broken.clone()),
        });
    Writers {
        database,
        alerts,
        ..Writers::default()
    }
}

fn one(section: &'static str, name: &str, health: Health) -> Vec<SourceHealth> {
    vec![SourceHealth {
        section,
        name: name.to_owned(),
        health,
    }]
}
