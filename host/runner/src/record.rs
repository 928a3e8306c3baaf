//! One run as the journal and the kept files tell it: the one source for every screen.

use std::{collections::BTreeMap, sync::Arc};

use interlock_capabilities::{
    Recorded,
    report::{Incident, Verification},
};
use interlock_engine::Cassette;
use interlock_gate::{
    history::Kind,
    ids::{CallId, CassetteDigest, ComponentDigest, PersonName, PlanDigest, RunId, TokenDigest},
    plan::{Plan, Requester, StepBytes},
    state::PlanState,
    time::Time,
    token::Token,
};
use interlock_store::entry::RecordedOutcome;
use serde_json::Value;

use crate::{
    diagnosis::DiagnosisRecord,
    feedback::FeedbackRecord,
    report::{RunReport, StepReport},
    state::RunState,
};

/// One run.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// Its id.
    pub run: RunId,
    /// Its caller's own id for it.
    pub id_key: Option<String>,
    /// When it began.
    pub opened_at: Time,
    /// When its read and write steps ended.
    pub ended_at: Option<Time>,
    /// The runbook's name.
    pub runbook: String,
    /// The runbook's version.
    pub version: String,
    /// Every step's bytes.
    pub components: Vec<StepBytes>,
    /// What it is about.
    pub incident: Incident,
    /// What the runbook was given.
    pub inputs: BTreeMap<String, Value>,
    /// Who asked.
    pub requester: Requester,
    /// Who stands behind that.
    pub owners: Vec<PersonName>,
    /// Where it stands.
    pub state: RunState,
    /// Its steps that ended, in order; verify steps are in [`Self::verified`].
    pub steps: Vec<StepRecord>,
    /// Why no plan was made, where policy refused one.
    pub refused: Vec<String>,
    /// The plan of an earlier run that waited for the same change already, so that none was made.
    pub waits: Option<PlanDigest>,
    /// Its plans, the newest last: narrowing makes another.
    pub plans: Vec<PlanRecord>,
    /// What the verify step found, the newest last.
    pub verified: Vec<VerifyRecord>,
    /// What callers said of it, the newest last: each its caller's word, none of them the runbook's.
    pub diagnoses: Vec<DiagnosisRecord>,
    /// What people said of its diagnosis, the newest last: the last counts.
    pub feedback: Vec<FeedbackRecord>,
}

/// One step that ended.
#[derive(Clone, Debug)]
pub struct StepRecord {
    /// The step.
    pub step: String,
    /// Its bytes.
    pub component: ComponentDigest,
    /// Everything it saw.
    pub cassette: Arc<Cassette>,
    /// The digest under which that is kept.
    pub kept: CassetteDigest,
    /// When it ended.
    pub at: Time,
    /// How.
    pub end: StepConclusion,
}

/// How a step ended.
#[derive(Clone, Debug)]
pub enum StepConclusion {
    /// With a report.
    Report(Box<StepReport>),
    /// With so many planned writes.
    Writes(u64),
    /// By a fault, in words.
    Fault(String),
}

/// One plan and what became of it.
#[derive(Clone, Debug)]
pub struct PlanRecord {
    /// The plan.
    pub plan: Arc<Plan>,
    /// Where it stands, expiry included.
    pub state: PlanState,
    /// Every stored token about it, in the order they came.
    pub tokens: Vec<(Time, Token)>,
    /// What was refused: when, what was asked for, every reason.
    pub refusals: Vec<(Time, String, Vec<String>)>,
    /// Its acts, forward and back, in the order of their intents.
    pub acts: Vec<ActRecord>,
    /// Why carrying out or back stopped before its end, each time it did.
    pub stops: Vec<(Kind, String)>,
}

/// One act.
#[derive(Clone, Debug)]
pub struct ActRecord {
    /// Forward or back.
    pub kind: Kind,
    /// The action's place in the plan, from 0.
    pub index: u16,
    /// The tokens that filled the seats of its rule.
    pub tokens: Vec<TokenDigest>,
    /// When its intent was recorded.
    pub intended_at: Time,
    /// When its outcome was recorded.
    pub settled_at: Option<Time>,
    /// What came of it; `None`: nothing is recorded, so it is not known.
    pub outcome: Option<RecordedOutcome>,
    /// What a person found, where they settled a doubt.
    pub reconciled: Option<String>,
}

/// One verify step's finding.
#[derive(Clone, Debug)]
pub struct VerifyRecord {
    /// The plan whose effect it looked at.
    pub plan: PlanDigest,
    /// When.
    pub at: Time,
    /// The step.
    pub step: String,
    /// What it found; `None` where it faulted.
    pub found: Option<Verification>,
    /// `fixed`, `not_fixed`, `could_not_tell`, `faulted`.
    pub verdict: String,
    /// What it asked.
    pub cassette: Option<Arc<Cassette>>,
}

impl RunRecord {
    /// The recorded call of that id, of any step.
    pub fn call(&self, id: CallId) -> Option<&Recorded> {
        let verify = self
            .verified
            .iter()
            .filter_map(|verified| verified.cassette.as_ref());
        self.steps
            .iter()
            .map(|step| &step.cassette)
            .chain(verify)
            .find_map(|one| one.call(id))
    }

    /// Every call that a step of the run made, in order.
    pub fn calls(&self) -> impl Iterator<Item = &Recorded> {
        self.steps.iter().flat_map(|step| &step.cassette.calls)
    }

    /// What its read steps concluded.
    pub fn report(&self) -> RunReport {
        let steps = self.steps.iter().filter_map(|step| match &step.end {
            StepConclusion::Report(report) => Some(report.as_ref().clone()),
            StepConclusion::Writes(_) | StepConclusion::Fault(_) => None,
        });
        RunReport {
            schema: crate::report::REPORT_SCHEMA.to_owned(),
            run: self.run.clone(),
            runbook: self.runbook.clone(),
            version: self.version.clone(),
            steps: steps.collect(),
        }
    }

    /// The plan that counts: the newest.
    pub fn plan(&self) -> Option<&PlanRecord> {
        self.plans.last()
    }
}
