//! What happened to an incident, in the order of the clock.

use std::collections::BTreeMap;

use interlock_gate::{history::Kind, screen, time::Time, token::Decision};
use interlock_runner::{
    diagnosis::whose,
    incident::{GroupAlert, Happened, IncidentRecord},
    record::{PlanRecord, RunRecord, StepConclusion},
};
use interlock_screens::text::moments::says;
use interlock_store::entry::RecordedOutcome;
use serde::Serialize;

use super::{count, status::Status};
use crate::page::{
    moment::Moment,
    quoted::{Foreign, Words},
};

/// Moments of one incident; the oldest are left out.
const MOMENTS_MAX: usize = 200;
/// Alerts that are told one by one.
const ALERTS_MAX: usize = 20;

/// One thing that happened.
#[derive(Serialize)]
pub(crate) struct Event {
    #[serde(skip)]
    order: Time,
    at: Moment,
    tone: &'static str,
    /// In the host's words.
    text: String,
    /// In somebody else's.
    quote: Option<Foreign>,
    /// In a step's, or the gate's.
    said: Option<Words>,
    link: Option<Link>,
}

#[derive(Serialize)]
struct Link {
    href: String,
    text: String,
}

impl Event {
    fn quote(&mut self, text: &str) -> &mut Event {
        self.quote = (!text.is_empty()).then(|| Foreign::short(text, 400));
        self
    }

    fn said(&mut self, text: &str) -> &mut Event {
        self.said = (!text.is_empty()).then(|| Words::new(text));
        self
    }

    fn link(&mut self, href: String, text: String) -> &mut Event {
        self.link = Some(Link { href, text });
        self
    }
}

/// Collects what happened.
pub(crate) struct Timeline {
    now: Time,
    events: Vec<Event>,
}

impl Timeline {
    pub(crate) fn new(now: Time) -> Timeline {
        Timeline {
            now,
            events: Vec::new(),
        }
    }

    /// What happened, oldest first, and how many older moments are left out.
    pub(crate) fn done(mut self) -> (Vec<Event>, usize) {
        self.events.sort_by_key(|event| event.order);
        let left_out = self.events.len().saturating_sub(MOMENTS_MAX);
        (self.events.split_off(left_out), left_out)
    }

    fn add(&mut self, at: Time, tone: &'static str, text: impl Into<String>) -> &mut Event {
        let event = Event {
            order: at,
            at: Moment::new(self.now, at),
            tone,
            text: text.into(),
            quote: None,
            said: None,
            link: None,
        };
        self.events.push_mut(event)
    }

    /// What rang, what ceased, what callers noted.
    pub(crate) fn incident(&mut self, incident: &IncidentRecord) {
        let rang = |moment: &interlock_runner::incident::Moment| {
            matches!(moment.what, Happened::Rings { .. })
        };
        if !incident.timeline.iter().any(rang) {
            // Nothing rang here: the alerts are those that a run was asked about.
            for alert in incident.alerts.iter().take(ALERTS_MAX) {
                self.add(alert.starts_at, "bad", "alert fired")
                    .quote(&told(alert));
            }
        }
        for moment in &incident.timeline {
            match &moment.what {
                Happened::Rings { alerts, by } => {
                    let alerts_are = count(alerts.len(), "alert");
                    let text = format!("{alerts_are} began to ring, {}", says(by));
                    self.add(moment.at, "bad", text).quote(&alerts.join(", "));
                }
                Happened::Ceased { alerts, by } => {
                    let text = format!("{} ceased, {}", count(alerts.len(), "alert"), says(by));
                    self.add(moment.at, "idle", text).quote(&alerts.join(", "));
                }
                Happened::Resolved { by } => {
                    let text = format!("nothing rings any more, {}", says(by));
                    self.add(moment.at, "good", text);
                }
                Happened::Noted(note) => {
                    let by = whose(&note.by, &note.owners);
                    self.add(note.at, "idle", format!("note of {by}"))
                        .quote(&note.text);
                }
                Happened::Imported { .. } | Happened::Settled(_) | Happened::Judged { .. } => {
                    let text = interlock_screens::text::moments::line(&moment.what);
                    self.add(moment.at, "idle", text);
                }
                // These are told from the runs' own records, with their words.
                Happened::RunOpened { .. }
                | Happened::RunEnded { .. }
                | Happened::Planned { .. }
                | Happened::Refused { .. }
                | Happened::Signed { .. }
                | Happened::Began { .. }
                | Happened::Ended { .. }
                | Happened::Verified { .. }
                | Happened::Reconciled { .. }
                | Happened::Diagnosed { .. } => {}
            }
        }
    }

    /// A run, from its opening to its last plan.
    pub(crate) fn run(&mut self, record: &RunRecord) {
        let who = record
            .requester
            .caller
            .as_deref()
            .unwrap_or(&record.requester.via);
        let foreign = interlock_gate::escape::foreign;
        let text = format!(
            "{} {} started by {}",
            foreign(&record.runbook),
            foreign(&record.version),
            foreign(who)
        );
        let href = format!("/page/runs/{}", record.run);
        self.add(record.opened_at, "idle", text)
            .link(href, record.run.to_string());
        for step in &record.steps {
            match &step.end {
                StepConclusion::Report(report) => {
                    let cause = report.report.hypotheses.first().map(|first| {
                        let level = report.confidence.first().map_or(String::new(), |rated| {
                            format!(", {} confidence", rated.level)
                        });
                        format!("{}: {}{level}", step.step, foreign(&first.cause))
                    });
                    let text = cause.unwrap_or_else(|| format!("{}: unresolved", step.step));
                    let said = match report.report.summary.as_str() {
                        "" => report.report.unresolved.as_deref().unwrap_or_default(),
                        summary => summary,
                    };
                    self.add(step.at, "good", text).said(said);
                }
                StepConclusion::Writes(_) => {}
                StepConclusion::Fault(why) => {
                    self.add(step.at, "bad", format!("{} faulted", step.step))
                        .quote(why);
                }
            }
        }
        for why in &record.refused {
            let at = record.ended_at.unwrap_or(record.opened_at);
            self.add(at, "bad", "policy refused to propose a change")
                .said(why);
        }
        for plan in &record.plans {
            self.plan(plan);
        }
        for diagnosis in &record.diagnoses {
            let report = &diagnosis.report;
            let cause = report.hypotheses.first().map(|first| first.cause.as_str());
            let text = match (cause, diagnosis.confidence.first()) {
                (Some(cause), Some(rated)) => format!(
                    "{}: {}, {} confidence",
                    diagnosis.title(),
                    foreign(cause),
                    rated.level
                ),
                _ => format!("{}: unresolved", diagnosis.title()),
            };
            self.add(diagnosis.at, "idle", text).quote(&report.summary);
        }
        for verified in &record.verified {
            let status = Status::of_verdict(&verified.verdict);
            let said = verified.found.as_ref().map(|found| found.summary.as_str());
            self.add(
                verified.at,
                status.tone,
                format!("{}: {}", verified.step, status.word),
            )
            .said(said.unwrap_or_default());
        }
    }

    fn plan(&mut self, plan: &PlanRecord) {
        let body = plan.plan.body();
        let narrowed = if body.parent.is_some() {
            "narrowed plan"
        } else {
            "plan"
        };
        let text = format!("{narrowed} made: {}", screen::summary(&plan.plan));
        let href = format!("/page/plans/{}", plan.plan.id().hex());
        self.add(body.created_at, "wait", text)
            .link(href, plan.plan.id().short());
        for (at, token) in &plan.tokens {
            let payload = token.payload();
            let (tone, word) = decision_words(payload.decision);
            self.add(*at, tone, format!("{word} by {}", payload.approver))
                .quote(&payload.reason);
        }
        for (at, asked, reasons) in &plan.refusals {
            let first = reasons.first().map(String::as_str).unwrap_or_default();
            let text = match reasons.len() {
                0 | 1 => format!("{asked} refused"),
                n => format!("{asked} refused for {n} reasons"),
            };
            self.add(*at, "bad", text).said(first);
        }
        for kind in [Kind::Apply, Kind::Undo] {
            self.acts(plan, kind);
        }
    }

    fn acts(&mut self, plan: &PlanRecord, kind: Kind) {
        let acts: Vec<_> = plan.acts.iter().filter(|act| act.kind == kind).collect();
        let Some(first) = acts.first() else {
            return;
        };
        let last = acts
            .iter()
            .filter_map(|act| act.settled_at)
            .max()
            .unwrap_or(first.intended_at);
        let counts = outcome_counts(acts.iter().map(|act| act.outcome.as_ref()));
        let stop = plan.stops.iter().rev().find(|(of, _)| *of == kind);
        let tone = match (&stop, counts.1) {
            (_, true) => "doubt",
            (Some(_), false) => "bad",
            (None, false) => "good",
        };
        let word = match kind {
            Kind::Apply => "carried out",
            Kind::Undo => "taken back",
        };
        self.add(last, tone, format!("{word}: {}", counts.0))
            .quote(stop.map(|(_, why)| why.as_str()).unwrap_or_default());
    }
}

/// An alert's name, with its summary where it has one.
fn told(alert: &GroupAlert) -> String {
    match alert.annotations.get("summary") {
        Some(summary) => format!("{}: {summary}", alert.name()),
        None => alert.name().to_owned(),
    }
}

/// A decision as a tone and a word.
pub(crate) fn decision_words(decision: Decision) -> (&'static str, &'static str) {
    match decision {
        Decision::Approve => ("good", "approved"),
        Decision::Reject => ("bad", "rejected"),
        Decision::Revoke => ("bad", "revoked"),
        Decision::Undo => ("wait", "undo approved"),
    }
}

/// `31 done, 1 gone`, and whether one is not known.
pub(crate) fn outcome_counts<'a>(
    outcomes: impl Iterator<Item = Option<&'a RecordedOutcome>>,
) -> (String, bool) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut total = 0;
    for outcome in outcomes {
        *counts
            .entry(outcome.map_or("unknown", RecordedOutcome::name))
            .or_default() += 1;
        total += 1;
    }
    let order = ["done", "gone", "moved", "refused", "not_tried", "unknown"];
    let parts: Vec<String> = order
        .iter()
        .filter_map(|name| Some(format!("{} {}", counts.get(name)?, name.replace('_', " "))))
        .collect();
    let text = format!("{} of {}", parts.join(", "), count(total, "act"));
    (text, counts.contains_key("unknown"))
}
