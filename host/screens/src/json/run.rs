//! `interlock.run.v1`: a run, as `run` and `runs show` print it.

use std::collections::BTreeMap;

use interlock_capabilities::{Recorded, report::Report};
use interlock_gate::{
    ids::{CassetteDigest, ComponentDigest, PersonName, PlanDigest, RunId},
    plan::{Plan, Requester},
    time::Time,
};
use interlock_runner::{
    confidence::Confidence,
    learnt::Verdict,
    record::{RunRecord, StepConclusion},
};
use serde::Serialize;
use serde_json::Value;

use super::diagnosis::{self, DiagnosisJson};
use crate::exit::Exit;

/// A run.
#[derive(Serialize)]
pub struct RunJson<'a> {
    schema: &'static str,
    exit: u8,
    run: &'a RunId,
    runbook: &'a str,
    version: &'a str,
    incident: &'a str,
    state: &'static str,
    opened_at: Time,
    ended_at: Option<Time>,
    requester: &'a Requester,
    owners: &'a [PersonName],
    inputs: &'a BTreeMap<String, Value>,
    steps: Vec<StepJson<'a>>,
    causes: Vec<&'a str>,
    unresolved: Option<&'a str>,
    refused: &'a [String],
    plan: Option<PlanLineJson>,
    plans: Vec<PlanLineJson>,
    /// The plan of an earlier run that waits for the same change, where none was made for that.
    waits: Option<PlanDigest>,
    verified: Vec<VerifiedJson<'a>>,
    diagnoses: Vec<DiagnosisJson<'a>>,
    /// What people said of it, the newest last: the last counts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    feedback: Vec<FeedbackJson<'a>>,
    /// Why the run is in no journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    unrecorded: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<Vec<&'a Recorded>>,
}

#[derive(Serialize)]
struct StepJson<'a> {
    step: &'a str,
    component: ComponentDigest,
    cassette: CassetteDigest,
    calls: usize,
    gaps: usize,
    end: &'static str,
    fault: Option<&'a str>,
    writes: Option<u64>,
    report: Option<&'a Report>,
    /// The component that each hypothesis blames, in their order; null: none.
    subjects: Vec<Option<&'a str>>,
    confidence: Option<&'a [Confidence]>,
}

/// The component that each hypothesis of a report blames, in their order.
pub(super) fn subjects<'a>(record: &'a RunRecord, report: &Report) -> Vec<Option<&'a str>> {
    let hypotheses = report.hypotheses.iter();
    hypotheses
        .map(|one| interlock_runner::subject::subject(one, |id| record.call(id)))
        .collect()
}

/// What somebody said of a run's diagnosis.
#[derive(Serialize)]
struct FeedbackJson<'a> {
    at: Time,
    by: &'a str,
    verdict: Option<Verdict>,
    cause: Option<&'a str>,
}

#[derive(Serialize)]
struct PlanLineJson {
    plan: PlanDigest,
    state: &'static str,
    actions: usize,
    summary: String,
    confirm: String,
    expires_at: Time,
}

#[derive(Serialize)]
struct VerifiedJson<'a> {
    step: &'a str,
    plan: PlanDigest,
    verdict: &'a str,
    summary: Option<&'a str>,
}

fn plan_line(plan: &Plan, state: &'static str) -> PlanLineJson {
    PlanLineJson {
        plan: plan.id(),
        state,
        actions: plan.acts().count(),
        summary: interlock_gate::screen::summary(plan),
        confirm: interlock_gate::screen::confirm_word(plan),
        expires_at: plan.body().expires_at,
    }
}

/// The document of a run; `shown` is the plan that its screen proposes.
pub fn document<'a>(record: &'a RunRecord, shown: Option<&Plan>, exit: Exit) -> RunJson<'a> {
    let steps = record.steps.iter().map(|step| {
        let (end, fault, writes, report) = match &step.end {
            StepConclusion::Report(report) => ("report", None, None, Some(report.as_ref())),
            StepConclusion::Writes(writes) => ("writes", None, Some(*writes), None),
            StepConclusion::Fault(why) => ("fault", Some(why.as_str()), None, None),
        };
        StepJson {
            step: &step.step,
            component: step.component,
            cassette: step.kept,
            calls: step.cassette.calls.len(),
            gaps: step
                .cassette
                .calls
                .iter()
                .filter(|call| call.answer.is_err())
                .count(),
            end,
            fault,
            writes,
            report: report.map(|report| &report.report),
            subjects: report.map_or_else(Vec::new, |report| subjects(record, &report.report)),
            confidence: report.map(|report| &report.confidence[..]),
        }
    });
    let reports: Vec<&Report> = record
        .steps
        .iter()
        .filter_map(|step| match &step.end {
            StepConclusion::Report(report) => Some(&report.report),
            StepConclusion::Writes(_) | StepConclusion::Fault(_) => None,
        })
        .collect();
    let causes = reports
        .iter()
        .flat_map(|report| report.hypotheses.iter().map(|one| one.cause.as_str()))
        .collect();
    let unresolved = reports
        .iter()
        .rev()
        .find_map(|report| report.unresolved.as_deref());
    let of_record = |id: PlanDigest| record.plans.iter().find(|one| one.plan.id() == id);
    let plan = shown.map(|plan| {
        plan_line(
            plan,
            of_record(plan.id()).map_or("waiting", |one| one.state.word()),
        )
    });
    RunJson {
        schema: "interlock.run.v1",
        exit: exit as u8,
        run: &record.run,
        runbook: &record.runbook,
        version: &record.version,
        incident: &record.incident.id,
        state: record.state.word(),
        opened_at: record.opened_at,
        ended_at: record.ended_at,
        requester: &record.requester,
        owners: &record.owners,
        inputs: &record.inputs,
        steps: steps.collect(),
        causes,
        unresolved,
        refused: &record.refused,
        plan,
        plans: record
            .plans
            .iter()
            .map(|one| plan_line(&one.plan, one.state.word()))
            .collect(),
        waits: record.waits,
        verified: record
            .verified
            .iter()
            .map(|one| VerifiedJson {
                step: &one.step,
                plan: one.plan,
                verdict: &one.verdict,
                summary: one.found.as_ref().map(|found| found.summary.as_str()),
            })
            .collect(),
        diagnoses: record
            .diagnoses
            .iter()
            .map(|one| diagnosis::document(&record.run, one))
            .collect(),
        feedback: record
            .feedback
            .iter()
            .map(|one| FeedbackJson {
                at: one.at,
                by: &one.by,
                verdict: one.verdict,
                cause: one.cause.as_deref(),
            })
            .collect(),
        unrecorded: None,
        calls: None,
    }
}

impl<'a> RunJson<'a> {
    /// With why it is in no journal, where it is not.
    pub fn unrecorded(mut self, why: Option<&'a str>) -> RunJson<'a> {
        self.unrecorded = why;
        self
    }

    /// With every recorded call.
    pub fn with_calls(mut self, record: &'a RunRecord) -> RunJson<'a> {
        self.calls = Some(record.calls().collect());
        self
    }
}
