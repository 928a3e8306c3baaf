//! From when until when each alert rang, and who says so.

use interlock_capabilities::report::Incident;
use interlock_gate::time::Time;
use interlock_runner::incident::GroupAlert;
use interlock_store::entry::Entry;
use serde::Deserialize;

use super::{Story, source};
use crate::cite::Source;

/// One alert that rang.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rang {
    /// Its rule's name. Untrusted text.
    pub name: String,
    fingerprint: String,
    /// From when.
    pub from: Time,
    /// What says so.
    pub since: Source,
    /// Until when, and what says so; nothing where the record does not say that it ceased.
    pub until: Option<(Time, Source)>,
}

/// The alerts of an entry. Another version's fields are passed over.
#[derive(Deserialize)]
struct Brought {
    alerts: Vec<GroupAlert>,
}

impl Story {
    /// Every alert that rang, in the order in which the record names them.
    pub fn alerts(&self) -> Vec<Rang> {
        let mut all: Vec<Rang> = Vec::new();
        for stamped in &self.entries {
            let Entry::Alerted { alerts, .. } = &stamped.entry else {
                continue;
            };
            let Ok(brought) = serde_json::from_value::<Brought>(alerts.clone()) else {
                continue;
            };
            for alert in brought.alerts {
                let open = all
                    .iter_mut()
                    .find(|one| one.fingerprint == alert.fingerprint && one.until.is_none());
                let ceased =
                    (!alert.firing).then(|| (alert.ends_at.unwrap_or(stamped.at), source(stamped)));
                match open {
                    Some(open) => open.until = ceased,
                    None => all.push(Rang {
                        name: alert.name().to_owned(),
                        fingerprint: alert.fingerprint.clone(),
                        from: alert.starts_at,
                        since: source(stamped),
                        until: ceased,
                    }),
                }
            }
        }
        if all.is_empty() {
            all = self.asked_about();
        }
        all
    }

    /// Nothing rang here: the alerts that the first run was asked about.
    fn asked_about(&self) -> Vec<Rang> {
        let opening = self
            .entries
            .iter()
            .find_map(|stamped| match &stamped.entry {
                Entry::RunOpened { incident, .. } => Some((stamped, incident)),
                _ => None,
            });
        let Some((stamped, incident)) = opening else {
            return Vec::new();
        };
        let Ok(incident) = serde_json::from_value::<Incident>(incident.clone()) else {
            return Vec::new();
        };
        let rang = incident.alerts.into_iter().map(|alert| Rang {
            fingerprint: String::new(),
            from: Time::from_micros(alert.starts_at).unwrap_or_default(),
            since: source(stamped),
            until: None,
            name: alert.name,
        });
        rang.collect()
    }

    /// The alert that rang first.
    pub fn first_alert(&self) -> Option<Rang> {
        self.alerts().into_iter().min_by_key(|one| one.from)
    }

    /// When nothing rang any more and what says so, where the record does.
    pub fn all_ceased(&self) -> Option<(Time, Source)> {
        let alerts = self.alerts();
        let ends: Option<Vec<(Time, Source)>> = alerts.into_iter().map(|one| one.until).collect();
        ends?.into_iter().max_by_key(|(at, _)| *at)
    }
}
