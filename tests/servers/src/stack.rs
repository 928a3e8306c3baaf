//! All four together: a database that is watched, and an alert that rings.

use std::time::Duration;

use crate::postgres::METRICS_ROLE;
use crate::prometheus::{AlertRule, PrometheusSetup, Target};
use crate::ready::READY_WITHIN;
use crate::{
    Alertmanager, Exporter, Postgres, PostgresBuilder, Prometheus, ServerError, free_port,
};

/// What a [`Stack`] is made of.
#[derive(Debug, Clone)]
pub struct StackSetup {
    /// The database's name in Interlock's configuration, and so the label `server`.
    pub server: String,
    /// The database.
    pub postgres: PostgresBuilder,
    /// Scrape and evaluation interval.
    pub interval: Duration,
    /// When to ring.
    pub alert: AlertRule,
}

impl StackSetup {
    /// `orders-db`, ringing where nine tenths of the ordinary slots are in use.
    pub fn new(postgres: PostgresBuilder) -> Self {
        let slots = postgres.ordinary_slots();
        Self {
            server: "orders-db".into(),
            alert: AlertRule::connections_above(slots * 9 / 10),
            interval: Duration::from_secs(1),
            postgres,
        }
    }
}

/// PostgreSQL, its exporter, Prometheus and Alertmanager, running and connected.
#[derive(Debug)]
pub struct Stack {
    /// The database's name in Interlock's configuration.
    pub server: String,
    /// Scrapes it.
    pub prometheus: Prometheus,
    /// Hears its alerts.
    pub alertmanager: Alertmanager,
    /// Holds two of the database's sessions.
    pub exporter: Exporter,
    /// The database.
    pub postgres: Postgres,
}

impl Stack {
    /// Starts all four at once; ready once Prometheus has scraped the running database.
    pub async fn start(setup: StackSetup) -> Result<Self, ServerError> {
        let mut attempts = 3;
        loop {
            match Self::try_start(setup.clone()).await {
                Err(ServerError::PortTaken { .. }) if attempts > 1 => attempts -= 1,
                other => return other,
            }
        }
    }

    async fn try_start(setup: StackSetup) -> Result<Self, ServerError> {
        // The exporter is told where the database will be, so that nobody waits for initdb.
        let port = free_port()?;
        let dsn = setup.postgres.logins().dsn(port, METRICS_ROLE, "postgres");
        let watchers = async {
            let (exporter, alertmanager) =
                tokio::try_join!(Exporter::start(&dsn), Alertmanager::start())?;
            let prometheus = Prometheus::start(&PrometheusSetup {
                interval: setup.interval,
                targets: vec![Target {
                    job: "postgres".into(),
                    port: exporter.port(),
                    server: setup.server.clone(),
                }],
                alert: Some(setup.alert.clone()),
                alertmanager: Some(alertmanager.port()),
            })
            .await?;
            Ok((exporter, alertmanager, prometheus))
        };
        let (postgres, (exporter, alertmanager, prometheus)) =
            tokio::try_join!(setup.postgres.port(port).start(), watchers)?;
        prometheus
            .wait_for("pg_up", READY_WITHIN, |up| up == 1.0)
            .await?;
        Ok(Self {
            server: setup.server,
            prometheus,
            alertmanager,
            exporter,
            postgres,
        })
    }
}
