//! `interlock.apply.v1`: what came of carrying out a plan, or carrying it back.

use interlock_gate::{
    ids::{PlanDigest, RunId},
    plan::{ActionText, Plan},
    time::Time,
};
use interlock_runner::{
    act::{Applied, ApplyEnd},
    record::RunRecord,
};
use interlock_store::entry::RecordedOutcome;
use serde::Serialize;

use super::plan::{ReasonJson, reason};
use crate::exit::Exit;

/// What came of it.
#[derive(Serialize)]
pub struct AppliedJson<'a> {
    schema: &'static str,
    exit: u8,
    plan: PlanDigest,
    run: &'a RunId,
    kind: &'static str,
    result: &'static str,
    summary: String,
    reasons: Vec<ReasonJson>,
    not_counted: Vec<&'a str>,
    acts: Vec<ActJson<'a>>,
    stopped: Option<&'a str>,
    verdict: Option<&'a str>,
}

#[derive(Serialize)]
struct ActJson<'a> {
    /// The action's number, from 1 as screens count.
    action: usize,
    #[serde(flatten)]
    what: Option<ActionText>,
    outcome: &'a str,
    detail: Option<&'a RecordedOutcome>,
    intended_at: Time,
    settled_at: Option<Time>,
}

/// The document of an apply or an undo that ended with `exit`.
pub fn document<'a>(applied: &'a Applied, record: &'a RunRecord, exit: Exit) -> AppliedJson<'a> {
    let plan: &Plan = &applied.plan;
    let one = |code, message: String| vec![ReasonJson { code, message }];
    let (result, reasons, stopped) = match &applied.end {
        ApplyEnd::Denied(denied) => {
            let word = match exit {
                Exit::ApprovalRequired => "approval_required",
                Exit::OutcomeUnknown => "unknown",
                _ => "denied",
            };
            (word, denied.reasons().iter().map(reason).collect(), None)
        }
        ApplyEnd::NotConforming(difference) => {
            ("denied", one("not_conforming", difference.clone()), None)
        }
        ApplyEnd::NotReady(why) => ("not_ready", one("not_ready", why.clone()), None),
        ApplyEnd::NotBegun(refused) => ("denied", one("not_begun", refused.to_string()), None),
        ApplyEnd::NoWriter(capability) => (
            "denied",
            one("no_writer", format!("no source can do `{capability}`")),
            None,
        ),
        ApplyEnd::Done(_) => ("done", Vec::new(), None),
        ApplyEnd::Stopped { why, .. } => ("stopped", Vec::new(), Some(why.as_str())),
        ApplyEnd::Unknown { why, .. } => ("unknown", Vec::new(), Some(why.as_str())),
    };
    let of_plan = record.plans.iter().find(|one| one.plan.id() == plan.id());
    let acts = of_plan
        .into_iter()
        .flat_map(|one| &one.acts)
        .filter(|act| act.kind == applied.kind);
    let verified = record.verified.iter().rfind(|one| one.plan == plan.id());
    AppliedJson {
        schema: "interlock.apply.v1",
        exit: exit as u8,
        plan: plan.id(),
        run: &plan.body().run,
        kind: applied.kind.word(),
        result,
        summary: interlock_gate::screen::summary(plan),
        reasons,
        not_counted: applied
            .set_aside
            .iter()
            .map(|one| one.why.as_str())
            .collect(),
        acts: acts
            .map(|act| ActJson {
                action: usize::from(act.index) + 1,
                what: plan
                    .body()
                    .actions
                    .get(usize::from(act.index))
                    .map(|planned| ActionText::from(&planned.action)),
                outcome: act
                    .outcome
                    .as_ref()
                    .map_or("unknown", RecordedOutcome::name),
                detail: act.outcome.as_ref(),
                intended_at: act.intended_at,
                settled_at: act.settled_at,
            })
            .collect(),
        stopped,
        verdict: verified.map(|one| one.verdict.as_str()),
    }
}
