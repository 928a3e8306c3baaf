//! Incidents as this host knows them: opened by a group of alerts, or by the first run about one.
//! Not the learning loop's past incidents, and not a paging system.
//! Start at [`Runner::incident_of_alerts`] (an alert came), then [`IncidentRecord`].
//! Invariant: a group that rings has one open incident, however often and by whom it is delivered.

mod alerts;
mod happened;
mod known;
mod past;
mod similar;
mod timeline;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use interlock_capabilities::{
    journal::Refused,
    report::{Alert, Incident, Label},
};
use interlock_gate::time::Time;
use interlock_store::{IncidentLine as StoreLine, RunLine, Store as _, entry::Entry};
use serde::Serialize;

pub use alerts::{ALERTS_MAX, AlertGroup, BadAlerts, GROUP_BYTES_MAX, GroupAlert};
pub use happened::{Happened, Moment};
pub(crate) use past::Past;
pub use past::points;
pub(crate) use similar::INDEX;
pub use timeline::{IncidentPlan, IncidentRecord, IncidentRun};

use known::{Alerts, Brought, Opening};

use crate::{caller::Caller, error::RunError, open::Runner};

/// How far before its first alert an incident is looked at, in seconds.
const LOOK_BACK_S: u64 = 30 * 60;
/// The longest time that an incident's runs look back over, in seconds.
const WINDOW_S_MAX: u64 = 24 * 3600;
/// Text of alerts that a run is given, in bytes: an entry of the journal holds it.
const INPUT_BYTES_MAX: usize = 256 * 1024;
/// Times that an alert is recorded again because another delivery came first.
const TRIES_MAX: usize = 16;
/// Ids that are passed over because something else has them.
const IDS_MAX: u64 = 1000;

/// Whether an incident goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Its alerts ring.
    Firing,
    /// Its alerts have ceased.
    Resolved,
    /// Nothing rang here: somebody asked for a run about it.
    Asked,
}

impl Status {
    /// Its word, as listings and documents use it.
    pub fn word(self) -> &'static str {
        match self {
            Status::Firing => "firing",
            Status::Resolved => "resolved",
            Status::Asked => "asked",
        }
    }

    fn of(line: &StoreLine) -> Status {
        match (&line.group, line.firing) {
            (None, _) => Status::Asked,
            (Some(_), true) => Status::Firing,
            (Some(_), false) => Status::Resolved,
        }
    }
}

/// One line of a list of incidents.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentLine {
    /// Its id.
    pub id: String,
    /// When it was first named here.
    pub opened_at: Time,
    /// Whether it goes on.
    pub status: Status,
    /// Whose, where known. Untrusted text.
    pub service: Option<String>,
    /// How bad, where known. Untrusted text.
    pub severity: Option<String>,
    /// The names of the alerts that opened it, each once. Untrusted text.
    pub alerts: Vec<String>,
    /// Its newest runs, newest first, 20 at most.
    pub runs: Vec<RunLine>,
}

/// What a delivery of alerts came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The incident that it opened or joined; of a group that rang never, the one it would open.
    pub id: String,
    /// Whether anything rings, so that something is to be run.
    pub firing: bool,
    names: BTreeSet<String>,
    input: Incident,
}

impl Opened {
    /// The names of the alerts of this delivery that ring, each once.
    pub fn alert_names(&self) -> Vec<String> {
        self.names.iter().cloned().collect()
    }

    /// The id of the one run that answers this incident with `runbook`.
    pub fn run_key(&self, runbook: &str) -> String {
        run_key(&self.id, runbook)
    }

    /// What the runs that answer it are given.
    pub fn as_input(&self) -> Incident {
        self.input.clone()
    }
}

/// The caller's id of the one run that answers an incident of alerts with `runbook`.
pub(crate) fn run_key(incident: &str, runbook: &str) -> String {
    format!("{incident}:{runbook}")
}

impl Runner {
    /// Opens the group's incident, or joins the one that is open. The same delivery again changes
    /// nothing; a group that rings after it was resolved opens a new one.
    pub async fn incident_of_alerts(
        &self,
        group: &AlertGroup,
        by: &Caller,
    ) -> Result<Opened, RunError> {
        for _try in 0..TRIES_MAX {
            let line = self.store().alert_group(&group.key).await?;
            let (id, mut known) = match (line.open, line.newest) {
                (true, Some(open)) => {
                    let known = self.alerts_of(&open).await?;
                    (open, known)
                }
                (_, newest) if !group.firing => {
                    let id = newest.unwrap_or_else(|| id_of(&group.key, 1));
                    return Ok(opened(id, group, &Alerts::default(), self.now()));
                }
                _ => (
                    self.free_id(&group.key, line.count + 1).await?,
                    Alerts::default(),
                ),
            };
            let changed: Vec<GroupAlert> = group
                .alerts
                .iter()
                .filter(|alert| !known.knows(alert))
                .cloned()
                .collect();
            if changed.is_empty() && group.firing && !known.is_empty() {
                return Ok(opened(id, group, &known, self.now()));
            }
            let alerts = Brought::value(changed, group.left_out).map_err(RunError::Document)?;
            known.take(&alerts);
            let entry = Entry::Alerted {
                incident: id.clone(),
                group: group.key.clone(),
                firing: group.firing,
                alerts,
                by: by.requester.clone(),
            };
            match self.record(entry).await {
                Ok(()) => return Ok(opened(id, group, &known, self.now())),
                // Another delivery of the group opened or ended it just now.
                Err(RunError::Journal(Refused::Illegal { .. })) => {}
                Err(error) => return Err(error),
            }
        }
        Err(RunError::NotNow(
            "too many deliveries of this group of alerts come at once".to_owned(),
        ))
    }

    /// The next id of a group's incidents that nothing has.
    async fn free_id(&self, group: &str, from: u64) -> Result<String, RunError> {
        for ordinal in from..from + IDS_MAX {
            let id = id_of(group, ordinal);
            if self.store().incident(&id).await?.is_none() {
                return Ok(id);
            }
        }
        let why = format!("{IDS_MAX} ids of this group of alerts belong to something else");
        Err(RunError::NotNow(why))
    }

    async fn alerts_of(&self, incident: &str) -> Result<Alerts, RunError> {
        let mut alerts = Alerts::default();
        for stamped in self.store().about_incident_of(incident, "alerted").await? {
            if let Entry::Alerted { alerts: value, .. } = &stamped.entry {
                alerts.take(value);
            }
        }
        Ok(alerts)
    }

    /// The newest incidents, newest first, at most `max`.
    pub async fn incidents(&self, max: usize) -> Result<Vec<IncidentLine>, RunError> {
        let lines = self.store().incidents(max).await?;
        Ok(lines.into_iter().map(listed).collect())
    }
}

fn listed(line: StoreLine) -> IncidentLine {
    let status = Status::of(&line);
    let opening = Opening::of(&line.opening);
    let mut names = BTreeSet::new();
    names.extend(opening.alerts.iter().map(|alert| alert.name().to_owned()));
    IncidentLine {
        id: line.incident,
        opened_at: line.opened_at,
        status,
        service: opening.service,
        severity: opening.severity,
        alerts: names.into_iter().collect(),
        runs: line.runs,
    }
}

/// The value of a label that all alerts have alike.
fn common(alerts: &[GroupAlert], label: &str) -> Option<String> {
    let mut values = alerts.iter().map(|alert| alert.labels.get(label));
    let first = values.next()??;
    values
        .all(|value| value == Some(first))
        .then(|| first.clone())
}

/// From when an incident of these alerts is looked at.
fn begin_of(alerts: &[GroupAlert], now: Time) -> Time {
    let first = alerts.iter().map(|alert| alert.starts_at).min();
    first
        .unwrap_or(now)
        .min(now)
        .minus_seconds(LOOK_BACK_S)
        .max(now.minus_seconds(WINDOW_S_MAX))
}

/// `am-` and 16 hex digits; of a group's later incidents with their number behind it.
fn id_of(group: &str, ordinal: u64) -> String {
    let short = group.get(..16).unwrap_or(group);
    match ordinal {
        0 | 1 => format!("am-{short}"),
        later => format!("am-{short}-{later}"),
    }
}

fn opened(id: String, group: &AlertGroup, known: &Alerts, now: Time) -> Opened {
    let ringing = group.alerts.iter().filter(|alert| alert.firing);
    let names: BTreeSet<String> = ringing.map(|alert| alert.name().to_owned()).collect();
    let input = input_of(&id, &known.list(), now);
    Opened {
        id,
        firing: group.firing && !names.is_empty(),
        names,
        input,
    }
}

/// What a run about these alerts is given: those that ring, as many as an entry can hold.
fn input_of(id: &str, alerts: &[GroupAlert], now: Time) -> Incident {
    let ringing: Vec<GroupAlert> = alerts.iter().filter(|one| one.firing).cloned().collect();
    let mut budget = INPUT_BYTES_MAX;
    let fits = |alert: &&GroupAlert| {
        let texts = alert.labels.iter().chain(&alert.annotations);
        // Around each pair stands so much of JSON.
        let size: usize = texts
            .map(|(name, value)| name.len() + value.len() + 32)
            .sum();
        match budget.checked_sub(size) {
            Some(rest) => {
                budget = rest;
                true
            }
            None => false,
        }
    };
    Incident {
        id: id.to_owned(),
        service: common(&ringing, "service"),
        severity: common(&ringing, "severity"),
        begin: begin_of(&ringing, now).micros(),
        end: now.micros(),
        alerts: ringing.iter().take_while(fits).map(given_alert).collect(),
    }
}

fn given_alert(alert: &GroupAlert) -> Alert {
    let labels = |texts: &BTreeMap<String, String>| {
        texts
            .iter()
            .map(|(name, value)| Label {
                name: name.clone(),
                value: value.clone(),
            })
            .collect()
    };
    Alert {
        name: alert.name().to_owned(),
        starts_at: alert.starts_at.micros(),
        labels: labels(&alert.labels),
        annotations: labels(&alert.annotations),
    }
}
