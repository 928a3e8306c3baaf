//! Incidents with what happened, and the front page's lists.

use std::collections::BTreeMap;

use interlock_gate::{explain::Finding, screen, time::Time};
use interlock_runner::{
    incident::{self, GroupAlert, IncidentRecord},
    record::{PlanRecord, RunRecord},
};
use serde::Serialize;

use super::{
    run::{Asker, Cause, Incident, PlanLine, conclusion},
    seats::Seats,
    status::Status,
    timeline::{Event, Timeline},
};
use crate::page::{
    moment::Moment,
    quoted::{Foreign, Words},
};

/// Alerts of one incident that are shown whole.
const ALERTS_MAX: usize = 20;
/// Labels of one alert.
const LABELS_MAX: usize = 40;

/// One incident.
#[derive(Serialize)]
pub(crate) struct IncidentView {
    incident: Incident,
    service: Option<Foreign>,
    severity: Option<Foreign>,
    status: Status,
    opened: Moment,
    /// The newest conclusion of its runs.
    sentence: Option<Words>,
    cause: Option<Cause>,
    alerts: Vec<AlertView>,
    alerts_left_out: u64,
    events: Vec<Event>,
    events_left_out: usize,
    runs: Vec<RunLine>,
    plans: Vec<PlanLine>,
    /// Whether runs or moments are not here.
    earlier_left_out: bool,
}

#[derive(Serialize)]
struct AlertView {
    name: Foreign,
    status: Status,
    since: Moment,
    labels: Vec<(Foreign, Foreign)>,
    annotations: Vec<(Foreign, Foreign)>,
}

/// One run in a list.
#[derive(Serialize)]
pub(crate) struct RunLine {
    run: String,
    runbook: Words,
    incident: Incident,
    status: Status,
    sentence: Option<Words>,
    cause: Option<Cause>,
    by: Words,
    opened: Moment,
}

/// A plan that waits, with what it lacks.
#[derive(Serialize)]
pub(crate) struct Waiting {
    plan: PlanLine,
    incident: Incident,
    asked_by: Asker,
    ends: Moment,
    seats: Seats,
    sentence: Option<Words>,
    confirm: String,
}

/// The front page.
#[derive(Serialize)]
pub(crate) struct FrontView {
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) incidents: Vec<IncidentView>,
    pub(crate) runs: Vec<RunLine>,
    pub(crate) more: bool,
}

impl RunLine {
    pub(crate) fn new(now: Time, record: &RunRecord) -> RunLine {
        let (sentence, cause) = conclusion(record);
        let requester = &record.requester;
        RunLine {
            run: record.run.to_string(),
            runbook: Words::new(&record.runbook),
            incident: Incident::new(&record.incident.id),
            status: Status::of_run(&record.state),
            sentence,
            cause,
            by: Words::new(requester.caller.as_deref().unwrap_or(&requester.via)),
            opened: Moment::new(now, record.opened_at),
        }
    }
}

impl Waiting {
    pub(crate) fn new(
        now: Time,
        record: &RunRecord,
        plan: &PlanRecord,
        findings: &[Finding],
    ) -> Waiting {
        let body = plan.plan.body();
        Waiting {
            plan: PlanLine::new(now, plan),
            incident: Incident::new(&body.incident),
            asked_by: Asker::new(&body.requester, &body.owners),
            ends: Moment::new(now, body.expires_at),
            seats: Seats::new(findings),
            sentence: conclusion(record).0,
            confirm: screen::confirm_word(&plan.plan),
        }
    }
}

impl IncidentView {
    /// `records`: its runs that the reader may see, the newest first.
    pub(crate) fn new(
        now: Time,
        incident: &IncidentRecord,
        records: &[&RunRecord],
    ) -> IncidentView {
        let mut timeline = Timeline::new(now);
        timeline.incident(incident);
        for record in records {
            timeline.run(record);
        }
        let (events, events_left_out) = timeline.done();
        let concluded = records.iter().map(|record| conclusion(record));
        let (sentence, cause) = concluded
            .into_iter()
            .find(|(sentence, _)| sentence.is_some())
            .unwrap_or((None, None));
        let plans = records.iter().flat_map(|record| record.plans.iter().rev());
        IncidentView {
            incident: Incident::new(&incident.id),
            status: status(incident.status),
            service: short(incident.service.as_deref()),
            severity: short(incident.severity.as_deref()),
            opened: Moment::new(now, incident.opened_at),
            sentence,
            cause,
            alerts: incident
                .alerts
                .iter()
                .take(ALERTS_MAX)
                .map(|alert| alert_view(now, alert))
                .collect(),
            alerts_left_out: u64::try_from(incident.alerts.len().saturating_sub(ALERTS_MAX))
                .unwrap_or(u64::MAX)
                .saturating_add(incident.alerts_left_out),
            events,
            events_left_out,
            plans: plans.map(|plan| PlanLine::new(now, plan)).collect(),
            runs: records
                .iter()
                .map(|record| RunLine::new(now, record))
                .collect(),
            earlier_left_out: incident.earlier_left_out || incident.runs.len() > records.len(),
        }
    }
}

fn status(status: incident::Status) -> Status {
    match status {
        incident::Status::Firing => Status::new("rings", "bad"),
        incident::Status::Resolved => Status::new("resolved", "good"),
        incident::Status::Asked => Status::new("asked about", "idle"),
    }
}

fn short(text: Option<&str>) -> Option<Foreign> {
    text.map(|text| Foreign::short(text, 80))
}

fn alert_view(now: Time, alert: &GroupAlert) -> AlertView {
    let pairs = |texts: &BTreeMap<String, String>| {
        let pair = |(name, value): (&String, &String)| {
            (Foreign::short(name, 60), Foreign::short(value, 400))
        };
        texts.iter().take(LABELS_MAX).map(pair).collect()
    };
    AlertView {
        name: Foreign::short(alert.name(), 120),
        status: if alert.firing {
            Status::new("rings", "bad")
        } else {
            Status::new("ceased", "good")
        },
        since: Moment::new(now, alert.starts_at),
        labels: pairs(&alert.labels),
        annotations: pairs(&alert.annotations),
    }
}
