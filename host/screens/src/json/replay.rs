//! `interlock.replay-changed.v1`: a run beside what it would have been with a changed step.

use interlock_capabilities::{Ask, ReadCall, report::Report};
use interlock_gate::{
    action::AnyAction,
    ids::{CallId, ComponentDigest, RunId},
    plan::ActionText,
};
use interlock_runner::{
    confidence::Confidence,
    record::{RunRecord, StepConclusion},
    replay::changed::Changed,
};
use serde::Serialize;

use crate::{
    exit::Exit,
    text::replay::{same_actions, same_conclusion},
};

/// A changed replay.
#[derive(Serialize)]
pub struct ChangedJson<'a> {
    schema: &'static str,
    exit: u8,
    run: &'a RunId,
    step: &'a str,
    component: ComponentDigest,
    same_conclusion: bool,
    same_actions: bool,
    was: SideJson<'a>,
    would: SideJson<'a>,
    could_not_check: Vec<MissedJson<'a>>,
    unplayed: &'a [String],
}

#[derive(Serialize)]
struct SideJson<'a> {
    steps: Vec<StepJson<'a>>,
    verdicts: Vec<&'a str>,
    actions: Vec<ActionText>,
}

#[derive(Serialize)]
struct StepJson<'a> {
    step: &'a str,
    component: ComponentDigest,
    end: &'static str,
    fault: Option<&'a str>,
    writes: Option<u64>,
    report: Option<&'a Report>,
    subjects: Vec<Option<&'a str>>,
    confidence: Option<&'a [Confidence]>,
}

#[derive(Serialize)]
struct MissedJson<'a> {
    step: &'a str,
    call: CallId,
    capability: ReadCall,
    ask: &'a Ask,
}

/// The document of a changed replay.
pub fn changed(changed: &Changed, exit: Exit) -> ChangedJson<'_> {
    ChangedJson {
        schema: "interlock.replay-changed.v1",
        exit: exit as u8,
        run: &changed.was.run,
        step: &changed.step,
        component: changed.component,
        same_conclusion: same_conclusion(changed),
        same_actions: same_actions(changed),
        was: side(&changed.was, &changed.proposed),
        would: side(&changed.would, &changed.would_propose),
        could_not_check: changed
            .not_recorded
            .iter()
            .map(|missed| MissedJson {
                step: &missed.step,
                call: missed.call,
                capability: missed.ask.call(),
                ask: &missed.ask,
            })
            .collect(),
        unplayed: &changed.unplayed,
    }
}

fn side<'a>(record: &'a RunRecord, actions: &[AnyAction]) -> SideJson<'a> {
    let steps = record.steps.iter().map(|step| {
        let (end, fault, writes, found) = match &step.end {
            StepConclusion::Report(found) => ("report", None, None, Some(found)),
            StepConclusion::Writes(writes) => ("writes", None, Some(*writes), None),
            StepConclusion::Fault(why) => ("fault", Some(why.as_str()), None, None),
        };
        StepJson {
            step: &step.step,
            component: step.component,
            end,
            fault,
            writes,
            report: found.map(|found| &found.report),
            subjects: found.map_or_else(Vec::new, |found| {
                super::run::subjects(record, &found.report)
            }),
            confidence: found.map(|found| &found.confidence[..]),
        }
    });
    SideJson {
        steps: steps.collect(),
        verdicts: record
            .verified
            .iter()
            .map(|one| one.verdict.as_str())
            .collect(),
        actions: actions.iter().map(ActionText::from).collect(),
    }
}
