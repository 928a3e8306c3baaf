//! PostgreSQL's exporter for Prometheus.

use std::path::Path;

use crate::binary::EXPORTER;
use crate::daemon::{Daemon, Recipe};
use crate::{ServerError, http};

/// A running exporter. From its first scrape on it keeps two sessions: they survive a full server,
/// a later start does not.
#[derive(Debug)]
pub struct Exporter {
    daemon: Daemon,
}

impl Exporter {
    /// Starts one that reads by this DSN. The database need not be there yet.
    pub async fn start(dsn: &str) -> Result<Self, ServerError> {
        let arguments = |port: u16, _: &Path| {
            vec![
                format!("--web.listen-address=127.0.0.1:{port}"),
                "--log.level=warn".to_owned(),
            ]
        };
        let daemon = Daemon::start(Recipe {
            binary: EXPORTER,
            arguments: &arguments,
            environment: vec![("DATA_SOURCE_NAME".to_owned(), dsn.to_owned())],
            files: Vec::new(),
            // Its `/metrics` would connect to the database at once.
            ready: "/",
        })
        .await?;
        Ok(Self { daemon })
    }

    /// The loopback port.
    pub fn port(&self) -> u16 {
        self.daemon.port
    }

    /// What a scrape gets now.
    pub async fn metrics(&self) -> Result<String, ServerError> {
        Ok(http::get(self.daemon.port, "/metrics").await?.body)
    }

    /// Stops it where it stands: scrapes time out, and its metrics grow old.
    pub fn freeze(&self) {
        self.daemon.process.freeze();
    }

    /// The other half of [`Exporter::freeze`].
    pub fn go_on(&self) {
        self.daemon.process.go_on();
    }
}
