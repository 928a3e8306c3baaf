//! A run's page: the conclusion first, then what it rests on.

use interlock_gate::{escape, plan::Requester, screen, time::Time};
use interlock_runner::record::{PlanRecord, RunRecord, StepConclusion, VerifyRecord};
use serde::Serialize;

use super::{
    call::{self, CallView},
    count,
    hypothesis::{CiteView, Reading, ReportView, UncheckedView},
    status::Status,
};
use crate::page::{
    moment::{Moment, took},
    quoted::{Foreign, Says, Voice, Words},
};

/// Everything on a run's page.
#[derive(Serialize)]
pub(crate) struct RunView {
    run: String,
    runbook: Words,
    version: Words,
    incident: Incident,
    status: Status,
    /// Whether its steps still run.
    pub(crate) going: bool,
    asked_by: Asker,
    opened: Moment,
    took: Option<String>,
    /// What is wrong, in a sentence.
    sentence: Option<Words>,
    cause: Option<Cause>,
    inputs: Vec<Input>,
    steps: Vec<StepView>,
    reports: Vec<ReportView>,
    /// What callers said of it, each its caller's word.
    diagnoses: Vec<ReportView>,
    /// Why nothing is proposed, where policy refused it.
    refused: Vec<Words>,
    plans: Vec<PlanLine>,
    /// The plan of an earlier run that waited for the same change already.
    waits: Option<String>,
    verified: Vec<VerifiedView>,
    calls: Vec<CallView>,
    calls_left_out: usize,
    plots: usize,
}

/// A link to an incident.
#[derive(Serialize)]
pub(crate) struct Incident {
    href: String,
    id: Foreign,
}

impl Incident {
    pub(crate) fn new(id: &str) -> Incident {
        Incident {
            href: format!("/page/incidents/{}", encoded(id)),
            id: Foreign::short(id, 80),
        }
    }
}

/// One segment of an address: whatever is not a letter, a digit, `-`, `.`, `_` or `~` is encoded.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' | b'.' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    // Dots alone would be resolved away.
    if text.bytes().all(|byte| byte == b'.') {
        return "%2E".repeat(text.len());
    }
    out
}

/// Who asked, and who stands behind that.
#[derive(Serialize)]
pub(crate) struct Asker {
    name: Words,
    /// Whether a line of the policy maps them: else nobody can approve what they ask for.
    known: bool,
    via: Words,
    unattended: bool,
    owners: Vec<String>,
}

impl Asker {
    pub(crate) fn new(requester: &Requester, owners: &[interlock_gate::ids::PersonName]) -> Asker {
        Asker {
            name: Words::new(requester.caller.as_deref().unwrap_or("nobody known")),
            known: requester.caller.is_some(),
            via: Words::new(&requester.via),
            unattended: requester.unattended,
            owners: owners.iter().map(ToString::to_string).collect(),
        }
    }
}

/// The likeliest cause, for the head of a page.
#[derive(Clone, Serialize)]
pub(crate) struct Cause {
    name: Words,
    level: Option<Status>,
    basis: Option<String>,
}

#[derive(Serialize)]
struct Input {
    name: String,
    value: Says,
}

#[derive(Serialize)]
struct StepView {
    step: String,
    told: String,
    took: String,
    fault: Option<Foreign>,
    digest: String,
}

/// One plan in a list.
#[derive(Serialize)]
pub(crate) struct PlanLine {
    id: String,
    short: String,
    summary: String,
    status: Status,
    made: Moment,
}

impl PlanLine {
    pub(crate) fn new(now: Time, plan: &PlanRecord) -> PlanLine {
        PlanLine {
            id: plan.plan.id().hex(),
            short: plan.plan.id().short(),
            summary: screen::summary(&plan.plan),
            status: Status::of_plan(plan.state),
            made: Moment::new(now, plan.plan.body().created_at),
        }
    }
}

/// What a verify step found.
#[derive(Serialize)]
pub(crate) struct VerifiedView {
    status: Status,
    at: Moment,
    summary: Option<Words>,
    cites: Vec<CiteView>,
    could_not_check: Vec<UncheckedView>,
}

impl VerifiedView {
    pub(crate) fn new(now: Time, record: &RunRecord, verified: &VerifyRecord) -> VerifiedView {
        let found = verified.found.as_ref();
        let reading = Reading {
            now,
            record,
            voice: Voice::Step,
        };
        VerifiedView {
            status: Status::of_verdict(&verified.verdict),
            at: Moment::new(now, verified.at),
            summary: found.map(|found| Words::new(&found.summary)),
            cites: found
                .map(|found| reading.cites(&found.cites))
                .unwrap_or_default(),
            could_not_check: found
                .map(|found| reading.unchecked(&found.could_not_check))
                .unwrap_or_default(),
        }
    }
}

/// The sentence and the likeliest cause of a run's report.
pub(crate) fn conclusion(record: &RunRecord) -> (Option<Words>, Option<Cause>) {
    let reports = || {
        record
            .steps
            .iter()
            .rev()
            .filter_map(|step| match &step.end {
                StepConclusion::Report(report) => Some(report),
                StepConclusion::Writes(_) | StepConclusion::Fault(_) => None,
            })
    };
    let sentence = reports().find_map(|report| {
        let unresolved = report.report.unresolved.as_deref();
        match report.report.summary.as_str() {
            "" => unresolved.map(|why| Words::new(&format!("unresolved: {why}"))),
            summary => Some(Words::new(summary)),
        }
    });
    let cause = reports().find_map(|report| {
        let rated = report.confidence.first();
        report.report.hypotheses.first().map(|first| Cause {
            name: Words::new(&first.cause),
            level: rated.map(|rated| Status::of_level(rated.level)),
            basis: rated.map(ToString::to_string),
        })
    });
    (sentence, cause)
}

impl RunView {
    pub(crate) fn new(now: Time, record: &RunRecord) -> RunView {
        let (sentence, cause) = conclusion(record);
        let (calls, calls_left_out) = call::all(now, record);
        let reading = |voice| Reading { now, record, voice };
        let reports = record.steps.iter().filter_map(|step| match &step.end {
            StepConclusion::Report(report) => Some(reading(Voice::Step).report(
                step.step.clone(),
                step.at,
                &report.report,
                &report.confidence,
            )),
            StepConclusion::Writes(_) | StepConclusion::Fault(_) => None,
        });
        let diagnoses = record.diagnoses.iter().map(|one| {
            reading(Voice::Caller).report(one.title(), one.at, &one.report, &one.confidence)
        });
        let inputs = record.inputs.iter().map(|(name, value)| Input {
            name: escape::foreign(name),
            value: match value {
                serde_json::Value::String(text) => Voice::Caller.says(text),
                other => Voice::Step.says(&other.to_string()),
            },
        });
        let status = Status::of_run(&record.state);
        RunView {
            run: record.run.to_string(),
            runbook: Words::new(&record.runbook),
            version: Words::new(&record.version),
            incident: Incident::new(&record.incident.id),
            going: status.word == "running",
            status,
            asked_by: Asker::new(&record.requester, &record.owners),
            opened: Moment::new(now, record.opened_at),
            took: record.ended_at.map(|ended| took(record.opened_at, ended)),
            sentence,
            cause,
            inputs: inputs.collect(),
            steps: record
                .steps
                .iter()
                .map(|step| step_view(record, step))
                .collect(),
            reports: reports.collect(),
            diagnoses: diagnoses.collect(),
            refused: record.refused.iter().map(|why| Words::new(why)).collect(),
            waits: record.waits.map(|plan| plan.hex()),
            plans: record
                .plans
                .iter()
                .rev()
                .map(|plan| PlanLine::new(now, plan))
                .collect(),
            verified: record
                .verified
                .iter()
                .map(|verified| VerifiedView::new(now, record, verified))
                .collect(),
            plots: calls.iter().filter(|call| call.has_plot()).count(),
            calls,
            calls_left_out,
        }
    }
}

fn step_view(record: &RunRecord, step: &interlock_runner::record::StepRecord) -> StepView {
    let calls = &step.cassette.calls;
    let gaps = calls.iter().filter(|call| call.answer.is_err()).count();
    let made = count(calls.len(), "call");
    let made = match gaps {
        0 => made,
        gaps => format!("{made}, {gaps} without an answer"),
    };
    let (told, fault) = match &step.end {
        StepConclusion::Report(_) => (made, None),
        StepConclusion::Writes(0) => (format!("{made}, nothing proposed"), None),
        StepConclusion::Writes(writes) => {
            let writes = usize::try_from(*writes).unwrap_or(usize::MAX);
            (
                format!(
                    "{made}, {} planned, nothing changed",
                    count(writes, "action")
                ),
                None,
            )
        }
        StepConclusion::Fault(why) => (made, Some(Foreign::new(why))),
    };
    let began = step
        .cassette
        .clock
        .first()
        .copied()
        .unwrap_or(record.opened_at);
    let ended = calls
        .iter()
        .map(|call| call.answered_at)
        .max()
        .unwrap_or(began);
    StepView {
        step: step.step.clone(),
        told,
        took: took(began, ended),
        fault,
        digest: step.component.to_string(),
    }
}
