//! Incidents with what happened, and the front page's lists.

use interlock_gate::{explain::Finding, screen, time::Time};
use interlock_runner::record::{PlanRecord, RunRecord};
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

/// What somebody said of an incident.
pub(crate) struct Note<'a> {
    pub(crate) at: Time,
    pub(crate) by: &'a str,
    pub(crate) text: &'a str,
}

/// One incident.
#[derive(Serialize)]
pub(crate) struct IncidentView {
    incident: Incident,
    service: Option<Foreign>,
    severity: Option<Foreign>,
    begin: Option<Moment>,
    /// The newest conclusion of its runs.
    sentence: Option<Words>,
    cause: Option<Cause>,
    alerts: Vec<AlertView>,
    events: Vec<Event>,
    events_left_out: usize,
    runs: Vec<RunLine>,
    plans: Vec<PlanLine>,
}

#[derive(Serialize)]
struct AlertView {
    name: Foreign,
    since: Option<Moment>,
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
    /// `records`: its runs, in any order.
    pub(crate) fn new(
        now: Time,
        incident: &interlock_capabilities::report::Incident,
        records: &[&RunRecord],
        notes: &[Note<'_>],
    ) -> IncidentView {
        let mut timeline = Timeline::new(now);
        timeline.alerts(incident);
        for note in notes {
            timeline.note(note.at, note.by, note.text);
        }
        let mut records = records.to_vec();
        records.sort_by_key(|record| std::cmp::Reverse(record.opened_at));
        for record in &records {
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
            service: incident
                .service
                .as_deref()
                .map(|text| Foreign::short(text, 80)),
            severity: incident
                .severity
                .as_deref()
                .map(|text| Foreign::short(text, 40)),
            begin: Moment::of_micros(now, incident.begin),
            sentence,
            cause,
            alerts: incident
                .alerts
                .iter()
                .take(20)
                .map(|alert| alert_view(now, alert))
                .collect(),
            events,
            events_left_out,
            plans: plans.map(|plan| PlanLine::new(now, plan)).collect(),
            runs: records
                .iter()
                .map(|record| RunLine::new(now, record))
                .collect(),
        }
    }
}

fn alert_view(now: Time, alert: &interlock_capabilities::report::Alert) -> AlertView {
    let pairs = |labels: &[interlock_capabilities::report::Label]| {
        let pair = |label: &interlock_capabilities::report::Label| {
            (
                Foreign::short(&label.name, 60),
                Foreign::short(&label.value, 400),
            )
        };
        labels.iter().take(40).map(pair).collect()
    };
    AlertView {
        name: Foreign::short(&alert.name, 120),
        since: Moment::of_micros(now, alert.starts_at),
        labels: pairs(&alert.labels),
        annotations: pairs(&alert.annotations),
    }
}
