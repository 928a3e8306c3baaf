//! What the journal's entries say of an incident's alerts, added up.

use std::collections::BTreeMap;

use interlock_capabilities::report::{Alert, Incident, Label};
use interlock_gate::{plan::Requester, time::Time};
use interlock_store::entry::{ALERTS_SCHEMA, Entry, Stamped};
use serde::{Deserialize, Serialize};

use super::{ALERTS_MAX, GroupAlert, LOOK_BACK_S, begin_of, common};

/// The alerts that one entry brings, as the journal holds them.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Brought {
    schema: String,
    alerts: Vec<GroupAlert>,
    left_out: u64,
}

impl Brought {
    /// As the value that stands in an entry.
    pub(super) fn value(
        alerts: Vec<GroupAlert>,
        left_out: u64,
    ) -> Result<serde_json::Value, serde_json::Error> {
        serde_json::to_value(Brought {
            schema: ALERTS_SCHEMA.to_owned(),
            alerts,
            left_out,
        })
    }
}

/// The alerts of an incident, as its entries add up.
#[derive(Default)]
pub(super) struct Alerts {
    by_fingerprint: BTreeMap<String, GroupAlert>,
    /// By when they came.
    order: Vec<String>,
    pub(super) left_out: u64,
}

impl Alerts {
    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    pub(super) fn take(&mut self, value: &serde_json::Value) {
        // What another version wrote is passed over rather than hide the rest of the incident.
        let Ok(brought) = serde_json::from_value::<Brought>(value.clone()) else {
            return;
        };
        self.left_out = self.left_out.max(brought.left_out);
        for alert in brought.alerts {
            let key = alert.fingerprint.clone();
            if !self.by_fingerprint.contains_key(&key) {
                if self.order.len() >= ALERTS_MAX {
                    self.left_out += 1;
                    continue;
                }
                self.order.push(key.clone());
            }
            self.by_fingerprint.insert(key, alert);
        }
    }

    pub(super) fn list(&self) -> Vec<GroupAlert> {
        let alerts = self.order.iter();
        alerts
            .filter_map(|key| self.by_fingerprint.get(key).cloned())
            .collect()
    }

    /// Whether `alert` says nothing that is not known. Its annotations may: they often hold the
    /// value of the moment.
    pub(super) fn knows(&self, alert: &GroupAlert) -> bool {
        let same =
            |known: &GroupAlert| known.firing == alert.firing && known.starts_at == alert.starts_at;
        match self.by_fingerprint.get(&alert.fingerprint) {
            Some(known) => same(known),
            None => self.order.len() >= ALERTS_MAX,
        }
    }
}

/// What the entry that opened an incident says of it.
pub(super) struct Opening {
    pub(super) alerts: Vec<GroupAlert>,
    pub(super) left_out: u64,
    pub(super) service: Option<String>,
    pub(super) severity: Option<String>,
    pub(super) begin: Time,
    pub(super) by: Option<Requester>,
}

impl Opening {
    pub(super) fn of(stamped: &Stamped) -> Opening {
        let begin = stamped.at.minus_seconds(LOOK_BACK_S);
        let mut found = Opening {
            alerts: Vec::new(),
            left_out: 0,
            service: None,
            severity: None,
            begin,
            by: None,
        };
        match &stamped.entry {
            Entry::Alerted { alerts, by, .. } => {
                let mut known = Alerts::default();
                known.take(alerts);
                found.alerts = known.list();
                found.left_out = known.left_out;
                found.begin = begin_of(&found.alerts, stamped.at);
                found.service = common(&found.alerts, "service");
                found.severity = common(&found.alerts, "severity");
                found.by = Some(by.clone());
            }
            Entry::RunOpened {
                incident,
                requester,
                ..
            } => {
                found.by = Some(requester.clone());
                if let Ok(incident) = serde_json::from_value::<Incident>(incident.clone()) {
                    found.begin = Time::from_micros(incident.begin).unwrap_or(begin);
                    found.service = incident.service;
                    found.severity = incident.severity;
                    let alerts = incident.alerts.into_iter().take(ALERTS_MAX);
                    found.alerts = alerts.map(asked_alert).collect();
                }
            }
            _ => {}
        }
        found
    }
}

fn asked_alert(alert: Alert) -> GroupAlert {
    let by_name = |labels: Vec<Label>| -> BTreeMap<String, String> {
        labels
            .into_iter()
            .map(|label| (label.name, label.value))
            .collect()
    };
    let mut labels = by_name(alert.labels);
    labels.insert("alertname".to_owned(), alert.name);
    GroupAlert {
        fingerprint: String::new(),
        firing: true,
        starts_at: Time::from_micros(alert.starts_at).unwrap_or_default(),
        ends_at: None,
        labels,
        annotations: by_name(alert.annotations),
    }
}
