//! Alertmanager: it groups at once and tells nobody.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::binary::ALERTMANAGER;
use crate::daemon::{Daemon, Recipe};
use crate::ready::until;
use crate::{ServerError, http};

const CONFIG: &str = "route:\n  receiver: nobody\n  group_by: [alertname, server]\n  \
                      group_wait: 1s\n  group_interval: 1s\nreceivers:\n- name: nobody\n";

/// A running Alertmanager.
#[derive(Debug)]
pub struct Alertmanager {
    daemon: Daemon,
}

impl Alertmanager {
    /// Starts one without a cluster port.
    pub async fn start() -> Result<Self, ServerError> {
        let arguments = |port: u16, folder: &Path| {
            vec![
                format!(
                    "--config.file={}",
                    folder.join("alertmanager.yml").display()
                ),
                format!("--storage.path={}", folder.join("data").display()),
                format!("--web.listen-address=127.0.0.1:{port}"),
                format!("--web.external-url=http://127.0.0.1:{port}/"),
                "--cluster.listen-address=".to_owned(),
                "--log.level=warn".to_owned(),
            ]
        };
        let daemon = Daemon::start(Recipe {
            binary: ALERTMANAGER,
            arguments: &arguments,
            environment: Vec::new(),
            files: vec![("alertmanager.yml", CONFIG.to_owned())],
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

    /// Every alert it holds, as `/api/v2/alerts` tells.
    pub async fn alerts(&self) -> Result<Vec<Value>, ServerError> {
        let answer = http::get_json(self.daemon.port, "/api/v2/alerts").await?;
        Ok(answer.as_array().cloned().unwrap_or_default())
    }

    /// Waits until an alert of that name is there.
    pub async fn wait_for(&self, name: &str, within: Duration) -> Result<Value, ServerError> {
        until("an alert", within, || async {
            let alerts = self.alerts().await.map_err(|error| error.to_string())?;
            alerts
                .iter()
                .find(|alert| alert["labels"]["alertname"] == name)
                .cloned()
                .ok_or_else(|| format!("`{name}` is not among {} alerts", alerts.len()))
        })
        .await
    }

    /// Posts one alert that fires from now on, without any Prometheus.
    pub async fn post(&self, labels: &[(&str, &str)]) -> Result<(), ServerError> {
        let labels: serde_json::Map<String, Value> = labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), Value::from(*v)))
            .collect();
        let body = serde_json::json!([{ "labels": labels }]).to_string();
        let answer = http::post(self.daemon.port, "/api/v2/alerts", &body).await?;
        if answer.status == 200 {
            return Ok(());
        }
        Err(ServerError::Http {
            url: format!("{}/api/v2/alerts", self.url()),
            status: answer.status,
            body: answer.body,
        })
    }
}
