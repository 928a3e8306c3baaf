//! `interlock:read/alerts` from Alertmanager's v2 API, merged with the alerts of an incident.
//! Not a receiver of webhooks.
//! Start at [`Alertmanager`]; [`WithIncidents`] adds the incident's alerts, [`AlertmanagerWriter`]
//! makes silences, and expires those that it made.
//! Invariant: where Alertmanager is configured and does not answer there is no list, whatever the
//! incident's file says: half a list would read as the whole.

mod expire;
mod wire;
mod write;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use interlock_capabilities::read::alerts::{Alert, AlertList, Alerts, AlertsAsk};
use interlock_capabilities::report::{self, Incident};
use interlock_capabilities::{AnswerLimit, Gap, Soon, Unchecked};

pub use write::AlertmanagerWriter;

use crate::endpoint::Endpoint;
use crate::health::{self, Health};
use crate::http::{Client, ClientError, ClientOptions, FetchError};
use crate::secrets::Secret;
use crate::work;

/// One Alertmanager.
#[derive(Clone)]
pub struct Alertmanager {
    client: Client,
    base: Endpoint,
}

impl Alertmanager {
    /// Nothing is asked yet.
    pub fn new(
        base: Endpoint,
        timeout: Duration,
        bearer: Option<&Secret>,
    ) -> Result<Self, ClientError> {
        let options = ClientOptions {
            timeout,
            tls: base.is_tls(),
            bearer,
            pinned: None,
        };
        Ok(Self {
            client: Client::new(&options)?,
            base,
        })
    }

    /// Whether it lists its alerts.
    pub async fn health(&self) -> Health {
        let answer = self.clone().answer(health::LIMIT).await;
        health::of(answer.map(|list| match list.alerts.len() {
            1 => "answers, with 1 alert".to_owned(),
            count => format!("answers, with {count} alerts"),
        }))
    }

    /// Whether it could be asked to change something now: better before a token is spent than
    /// after.
    pub async fn ready_to_write(&self) -> Result<(), Gap> {
        let url = self.base.at("/api/v2/status", &[]);
        match self.client.status(url).await.map_err(name)? {
            200 => Ok(()),
            status => Err(health::by_status("alertmanager", status)),
        }
    }

    async fn answer(self, limit: AnswerLimit) -> Result<AlertList, Gap> {
        let all = [
            ("active", "true"),
            ("silenced", "true"),
            ("inhibited", "true"),
            ("unprocessed", "true"),
        ];
        let url = self.base.at("/api/v2/alerts", &all);
        // Its JSON names each alert's receivers, URL and times, which the answer leaves out.
        let body_max = limit.bytes_max.saturating_mul(4);
        let fetched = self.client.get(url, body_max).await.map_err(name)?;
        let list = wire::alerts(&fetched, now())?;
        limit.check(&list)?;
        Ok(list)
    }
}

impl Alerts for Alertmanager {
    fn list(
        &self,
        _ask: AlertsAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<AlertList, Unchecked>> {
        work::begin(self.clone().answer(limit))
    }
}

fn name(error: FetchError) -> Gap {
    match Gap::from(error) {
        Gap::TooLarge(why) => Gap::TooLarge(format!("alertmanager: {why}")),
        other => Gap::Unreachable(format!("alertmanager: {}", other.why())),
    }
}

/// The host's clock: to tell alerts that have ended, and when a silence begins.
fn now() -> u64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// The alerts of Alertmanager, where there is one, and those of the run's incident.
#[derive(Clone)]
pub struct WithIncidents {
    live: Option<Arc<dyn Alerts>>,
    given: Arc<[Alert]>,
}

impl WithIncidents {
    /// `live`: the configured source, if any.
    pub fn new(live: Option<Arc<dyn Alerts>>, incident: &Incident) -> Self {
        let alert = |(index, alert): (usize, &report::Alert)| Alert {
            name: alert.name.clone(),
            state: "firing".to_owned(),
            starts_at: alert.starts_at,
            ends_at: None,
            fingerprint: format!("{}/{index}", incident.id),
            labels: alert.labels.clone(),
            annotations: alert.annotations.clone(),
            source: "incident".to_owned(),
        };
        Self {
            live,
            given: incident.alerts.iter().enumerate().map(alert).collect(),
        }
    }
}

impl Alerts for WithIncidents {
    fn list(
        &self,
        ask: AlertsAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<AlertList, Unchecked>> {
        let live = self.live.as_ref().map(|live| live.list(ask, limit));
        let given = Arc::clone(&self.given);
        Box::pin(async move {
            let mut list = match live {
                Some(live) => live.await?,
                None => AlertList { alerts: Vec::new() },
            };
            list.alerts.extend(given.iter().cloned());
            limit.check(&list)?;
            Ok(list)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: AnswerLimit = AnswerLimit { bytes_max: 1 << 20 };

    struct Dead;
    impl Alerts for Dead {
        fn list(&self, _: AlertsAsk, _: AnswerLimit) -> Soon<'static, Result<AlertList, Gap>> {
            Box::pin(async { Err(Gap::Unreachable("alertmanager: dead".into())) })
        }
    }

    #[tokio::test]
    async fn an_incident_does_not_stand_in_for_a_dead_alertmanager() {
        let alert = report::Alert {
            name: "High".to_owned(),
            starts_at: 1,
            labels: Vec::new(),
            annotations: Vec::new(),
        };
        let incident = Incident {
            id: "I-1".to_owned(),
            service: None,
            severity: None,
            begin: 1,
            end: 2,
            alerts: vec![alert],
        };
        let list = WithIncidents::new(None, &incident)
            .list(AlertsAsk {}, LIMIT)
            .await
            .unwrap();
        assert_eq!(list.alerts[0].source, "incident");
        let dead = WithIncidents::new(Some(Arc::new(Dead)), &incident);
        assert!(matches!(
            dead.list(AlertsAsk {}, LIMIT).await,
            Err(Gap::Unreachable(_))
        ));
    }
}
