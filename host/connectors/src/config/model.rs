//! What a configuration holds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::notify::Notify;
use super::server::Server;
use super::telemetry::Telemetry;
use crate::changes::GitSource;
use crate::endpoint::Endpoint;
use crate::logs::LogSource;
use crate::probe::Probe;

/// One `interlock.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// The file itself, as it was named.
    pub file: PathBuf,
    /// The policy's file.
    pub policy: PathBuf,
    /// The folder of store, keys and caches.
    pub state_dir: PathBuf,
    /// The name of this host's journal, in checkpoints and plans.
    pub origin: String,
    /// Folders that hold runbooks' folders.
    pub runbooks: Vec<PathBuf>,
    /// Where answers come from.
    pub sources: Sources,
    /// The doors of `interlock serve`.
    pub server: Server,
    /// The log, and where traces go.
    pub telemetry: Telemetry,
    /// Where approvers are told that a plan waits; nobody is told without it.
    pub notify: Option<Notify>,
}

/// Every configured source; none is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// Metrics.
    pub prometheus: Option<HttpSource>,
    /// Alerts.
    pub alertmanager: Option<HttpSource>,
    /// Databases, in the file's order; no name twice.
    pub postgres: Vec<PostgresSource>,
    /// Changes.
    pub changes: Option<ChangesSource>,
    /// Logs, by name.
    pub logs: LogsSource,
    /// The topology's file.
    pub topology: Option<PathBuf>,
    /// Probes, by name.
    pub probes: ProbeSource,
}

/// A system behind HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpSource {
    /// Where it is.
    pub url: Endpoint,
    /// Of one whole exchange.
    pub timeout: Duration,
    /// A file with a bearer token.
    pub bearer_file: Option<PathBuf>,
}

/// One PostgreSQL server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresSource {
    /// First segment of its targets.
    pub name: String,
    /// The login that observes.
    pub read: PostgresLogin,
    /// The login that ends sessions; without it nothing is written to.
    pub write: Option<PostgresLogin>,
    /// Of one whole question, connecting included.
    pub timeout: Duration,
}

/// How one tier logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostgresLogin {
    /// A file with one connection string.
    pub dsn_file: PathBuf,
    /// A role to take at once after logging in.
    pub set_role: Option<String>,
}

/// Changes from a file, from git, or from both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangesSource {
    /// A changes file.
    pub file: Option<PathBuf>,
    /// Repositories.
    pub git: Vec<GitSource>,
    /// Of one whole answer.
    pub timeout: Duration,
}

/// Logs by name.
pub type LogsSource = BTreeMap<String, LogSource>;

/// Probes by name.
pub type ProbeSource = BTreeMap<String, Probe>;
