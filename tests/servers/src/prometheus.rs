//! Prometheus, scraping fast and ringing early.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::ServerError;
use crate::binary::PROMETHEUS;
use crate::daemon::{Daemon, Recipe};
use crate::http::{self, percent_encoded};
use crate::ready::until;

/// One target to scrape.
#[derive(Debug, Clone)]
pub struct Target {
    /// The job's name.
    pub job: String,
    /// Its loopback port.
    pub port: u16,
    /// The label `server`: the name of the database in Interlock's configuration.
    pub server: String,
}

/// The rule `PostgresConnectionsHigh`.
#[derive(Debug, Clone)]
pub struct AlertRule {
    /// The alert's name.
    pub name: String,
    /// An expression that keeps the label `server`.
    pub expr: String,
    /// How long it must hold.
    pub hold: Duration,
    /// The label `service`.
    pub service: String,
}

impl AlertRule {
    /// Rings where a server's client sessions exceed this many.
    pub fn connections_above(sessions: usize) -> Self {
        Self {
            name: "PostgresConnectionsHigh".into(),
            expr: format!("sum by (server) (pg_stat_activity_count) > {sessions}"),
            hold: Duration::from_secs(2),
            service: "orders".into(),
        }
    }

    fn yaml(&self) -> String {
        let Self {
            name,
            expr,
            hold,
            service,
        } = self;
        format!(
            "groups:\n- name: postgres\n  rules:\n  - alert: {name}\n    expr: {expr:?}\n    \
             for: {}s\n    labels:\n      severity: page\n      service: {service:?}\n    \
             annotations:\n      summary: \"{{{{ $labels.server }}}} has {{{{ $value }}}} sessions\"\n",
            hold.as_secs(),
        )
    }
}

/// What a Prometheus is to do.
#[derive(Debug, Clone)]
pub struct PrometheusSetup {
    /// Scrape and evaluation interval; at least a second.
    pub interval: Duration,
    /// What to scrape.
    pub targets: Vec<Target>,
    /// When to ring, if ever.
    pub alert: Option<AlertRule>,
    /// The Alertmanager's loopback port, if there is one.
    pub alertmanager: Option<u16>,
}

/// A running Prometheus.
#[derive(Debug)]
pub struct Prometheus {
    daemon: Daemon,
}

impl Prometheus {
    /// Starts one. Its discovery takes five seconds more until the first scrape.
    pub async fn start(setup: &PrometheusSetup) -> Result<Self, ServerError> {
        let arguments = |port: u16, folder: &Path| {
            vec![
                format!("--config.file={}", folder.join("prometheus.yml").display()),
                format!("--storage.tsdb.path={}", folder.join("data").display()),
                format!("--web.listen-address=127.0.0.1:{port}"),
                format!("--web.external-url=http://127.0.0.1:{port}/"),
                "--web.enable-lifecycle".to_owned(),
                "--rules.alert.resend-delay=2s".to_owned(),
                "--log.level=warn".to_owned(),
            ]
        };
        let alert = setup
            .alert
            .as_ref()
            .map(AlertRule::yaml)
            .unwrap_or_default();
        let daemon = Daemon::start(Recipe {
            binary: PROMETHEUS,
            arguments: &arguments,
            environment: Vec::new(),
            files: vec![("prometheus.yml", config(setup)), ("rules.yml", alert)],
            ready: "/-/ready",
        })
        .await?;
        Ok(Self { daemon })
    }

    /// The loopback port.
    pub fn port(&self) -> u16 {
        self.daemon.port
    }

    /// Its address, as a configuration names it.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.daemon.port)
    }

    /// An instant query: each series' labels and value.
    pub async fn query(&self, expr: &str) -> Result<Vec<(Value, f64)>, ServerError> {
        let path = format!("/api/v1/query?query={}", percent_encoded(expr));
        let answer = http::get_json(self.daemon.port, &path).await?;
        let series = answer["data"]["result"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        Ok(series
            .into_iter()
            .map(|one| {
                let value = one["value"][1].as_str().and_then(|text| text.parse().ok());
                (one["metric"].clone(), value.unwrap_or(f64::NAN))
            })
            .collect())
    }

    /// Waits until the query gives a single value that satisfies `enough`.
    pub async fn wait_for(
        &self,
        expr: &str,
        within: Duration,
        enough: impl Fn(f64) -> bool,
    ) -> Result<f64, ServerError> {
        until("a metric", within, || async {
            let found = self.query(expr).await.map_err(|error| error.to_string())?;
            match found.as_slice() {
                [(_, value)] if enough(*value) => Ok(*value),
                other => Err(format!("`{expr}` gives {other:?}")),
            }
        })
        .await
    }

    /// Replaces the alert rule and reloads.
    pub async fn set_alert(&self, alert: &AlertRule) -> Result<(), ServerError> {
        std::fs::write(self.daemon.folder.path().join("rules.yml"), alert.yaml())
            .map_err(ServerError::io("write `rules.yml`"))?;
        let answer = http::post(self.daemon.port, "/-/reload", "").await?;
        if answer.status == 200 {
            return Ok(());
        }
        Err(ServerError::Http {
            url: format!("{}/-/reload", self.url()),
            status: answer.status,
            body: answer.body,
        })
    }

    /// Its log.
    pub fn log_file(&self) -> &Path {
        &self.daemon.log
    }

    /// Stops it where it stands: a backend that accepts and never answers.
    pub fn freeze(&self) {
        self.daemon.process.freeze();
    }

    /// The other half of [`Prometheus::freeze`].
    pub fn go_on(&self) {
        self.daemon.process.go_on();
    }
}

fn config(setup: &PrometheusSetup) -> String {
    let seconds = setup.interval.as_secs().max(1);
    let mut yaml = format!(
        "global:\n  scrape_interval: {seconds}s\n  scrape_timeout: {seconds}s\n  \
         evaluation_interval: {seconds}s\nrule_files:\n- rules.yml\n"
    );
    if let Some(port) = setup.alertmanager {
        yaml.push_str(&format!(
            "alerting:\n  alertmanagers:\n  - static_configs:\n    - targets: ['127.0.0.1:{port}']\n"
        ));
    }
    yaml.push_str("scrape_configs:\n");
    for Target { job, port, server } in &setup.targets {
        yaml.push_str(&format!(
            "- job_name: {job:?}\n  static_configs:\n  - targets: ['127.0.0.1:{port}']\n    \
             labels: {{ server: {server:?} }}\n"
        ));
    }
    yaml
}
