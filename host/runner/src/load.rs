//! Reads a run back from the journal and the kept files.

use std::{collections::BTreeMap, sync::Arc};

use interlock_engine::Cassette;
use interlock_gate::{
    canonical,
    ids::{BlobDigest, CallId, CassetteDigest, PlanDigest, RunId},
    state::PlanState,
    time::Time,
};
use interlock_store::{
    Store as _,
    entry::{Entry, Stamped, StepEnd},
};
use serde::de::DeserializeOwned;

use crate::{
    error::RunError,
    open::Runner,
    record::{ActRecord, PlanRecord, RunRecord, StepConclusion, StepRecord, VerifyRecord},
    state::{RunEvent, RunState},
};

impl Runner {
    /// The run whose id begins so, or that its caller gave this id.
    pub async fn find_run(&self, given: &str, via: &str) -> Result<RunId, RunError> {
        // A run's own id comes first: no caller's id may stand in its place.
        if !given.starts_with("r-")
            && let Some(run) = self.store().run_of_key(&format!("{via}/{given}")).await?
        {
            return Ok(run);
        }
        Ok(self.store().find_run(given).await?)
    }

    /// Everything that is known of a run.
    pub async fn run_record(&self, run: &RunId) -> Result<RunRecord, RunError> {
        let events = self.store().events(run).await?;
        let mut record = None;
        for stamped in events {
            match (&mut record, stamped.entry.clone()) {
                (None, Entry::RunOpened { .. }) => record = Some(opened(stamped)?),
                (Some(record), entry) => self.push(record, stamped.at, entry).await?,
                (None, _) => {}
            }
        }
        let unknown = || RunError::Unknown {
            what: "run",
            id: run.to_string(),
        };
        let mut record = record.ok_or_else(unknown)?;
        let now = self.now();
        for plan in &mut record.plans {
            let recorded = self.history(plan.plan.id()).await?.state;
            let over = recorded == PlanState::Waiting && now >= plan.plan.body().expires_at;
            plan.state = if over { PlanState::Expired } else { recorded };
        }
        let open = matches!(record.state, RunState::Opened | RunState::Reading);
        if open && self.store().hold_run(run).is_ok() {
            // Nobody holds it and it never ended: its process died.
            record.state = RunState::Interrupted;
        }
        Ok(record)
    }

    async fn push(&self, record: &mut RunRecord, at: Time, entry: Entry) -> Result<(), RunError> {
        let step_event = |record: &mut RunRecord, event| {
            // The journal holds only what was legal; an unknown order is shown as it stands.
            if let Ok(next) = record.state.clone().after(&event) {
                record.state = next;
            }
        };
        match entry {
            Entry::StepEnded {
                step,
                component,
                cassette,
                end,
                ..
            } => {
                let cassette = Arc::new(self.cassette(cassette).await?);
                let after_change = record.plans.iter().any(|plan| !plan.acts.is_empty());
                if after_change {
                    record.verified.push(VerifyRecord {
                        plan: record
                            .plans
                            .last()
                            .map_or(PlanDigest::of(b""), |one| one.plan.id()),
                        at,
                        step,
                        found: None,
                        verdict: "faulted".to_owned(),
                        cassette: Some(cassette),
                    });
                    return Ok(());
                }
                let end = match end {
                    StepEnd::Report(digest) => {
                        let blob = BlobDigest::from_raw(*digest.raw());
                        StepConclusion::Report(Box::new(self.document(blob, "report").await?))
                    }
                    StepEnd::Writes(writes) => StepConclusion::Writes(writes),
                    StepEnd::Fault(why) => StepConclusion::Fault(why),
                };
                record.steps.push(StepRecord {
                    step,
                    component,
                    cassette,
                    at,
                    end,
                });
                step_event(record, RunEvent::StepEnded);
            }
            Entry::RunEnded { state, .. } => {
                record.ended_at = Some(at);
                step_event(
                    record,
                    match state.as_str() {
                        "faulted" => RunEvent::Faulted,
                        "interrupted" => RunEvent::Interrupted,
                        _ => RunEvent::Concluded,
                    },
                );
            }
            Entry::Planned { plan } => {
                step_event(record, RunEvent::Planned(plan.id()));
                record.plans.push(PlanRecord {
                    plan: Arc::new(*plan),
                    state: PlanState::Waiting,
                    tokens: Vec::new(),
                    refusals: Vec::new(),
                    acts: Vec::new(),
                    stops: Vec::new(),
                });
            }
            Entry::Refused {
                plan: None,
                reasons,
                ..
            } => record.refused.extend(reasons),
            Entry::Verified {
                verdict, report, ..
            } => {
                let found = match report {
                    Some(digest) => {
                        let blob = BlobDigest::from_raw(*digest.raw());
                        Some(self.document(blob, "verification").await?)
                    }
                    None => None,
                };
                if let Some(last) = record.verified.last_mut().filter(|one| one.found.is_none()) {
                    last.verdict = verdict;
                    last.found = found;
                    last.at = at;
                }
            }
            entry => {
                if let Some(id) = entry.plan()
                    && let Some(plan) = record.plans.iter_mut().find(|one| one.plan.id() == id)
                {
                    push_plan(plan, at, entry);
                }
            }
        }
        Ok(())
    }

    pub(crate) async fn cassette(&self, digest: CassetteDigest) -> Result<Cassette, RunError> {
        let missing = || RunError::Blob {
            what: "cassette",
            digest: digest.to_string(),
        };
        let bytes = self
            .blob(BlobDigest::from_raw(*digest.raw()))
            .await?
            .ok_or_else(missing)?;
        Ok(Cassette::read(&bytes)?)
    }

    pub(crate) async fn document<T: DeserializeOwned>(
        &self,
        digest: BlobDigest,
        what: &'static str,
    ) -> Result<T, RunError> {
        let missing = || RunError::Blob {
            what,
            digest: digest.to_string(),
        };
        let bytes = self.blob(digest).await?.ok_or_else(missing)?;
        Ok(canonical::from_bytes_within(
            &bytes,
            interlock_store::store::BLOB_BYTES_MAX,
        )?)
    }
}

fn push_plan(plan: &mut PlanRecord, at: Time, entry: Entry) {
    match entry {
        Entry::Token { token, .. } => plan.tokens.push((at, *token)),
        Entry::Refused { asked, reasons, .. } => plan.refusals.push((at, asked, reasons)),
        Entry::Intent {
            index,
            kind,
            tokens,
            ..
        } => plan.acts.push(ActRecord {
            kind,
            index,
            tokens,
            intended_at: at,
            settled_at: None,
            outcome: None,
            reconciled: None,
        }),
        Entry::Outcome {
            index,
            kind,
            outcome,
            ..
        } => {
            let open = |act: &&mut ActRecord| {
                act.index == index && act.kind == kind && act.outcome.is_none()
            };
            if let Some(act) = plan.acts.iter_mut().find(open) {
                act.outcome = Some(outcome);
                act.settled_at = Some(at);
            }
        }
        Entry::Reconciled {
            index,
            kind,
            finding,
            ..
        } => {
            let of = |act: &&mut ActRecord| act.index == index && act.kind == kind;
            if let Some(act) = plan.acts.iter_mut().rev().find(of) {
                act.reconciled = Some(finding);
            }
        }
        Entry::ApplyEnded {
            kind,
            stopped: Some(why),
            ..
        } => plan.stops.push((kind, why)),
        _ => {}
    }
}

fn opened(stamped: Stamped) -> Result<RunRecord, RunError> {
    let Entry::RunOpened {
        run,
        id_key,
        runbook,
        version,
        components,
        incident,
        inputs,
        requester,
        owners,
    } = stamped.entry
    else {
        return Err(RunError::NotNow(
            "the run does not begin with its opening".to_owned(),
        ));
    };
    Ok(RunRecord {
        run,
        id_key,
        opened_at: stamped.at,
        ended_at: None,
        runbook,
        version,
        components,
        incident: serde_json::from_value(incident).map_err(RunError::Document)?,
        inputs: BTreeMap::from_iter(inputs),
        requester,
        owners,
        state: RunState::Opened,
        steps: Vec::new(),
        refused: Vec::new(),
        plans: Vec::new(),
        verified: Vec::new(),
    })
}

impl RunRecord {
    /// The id that the run's next call gets.
    pub(crate) fn next_call(&self) -> CallId {
        let verify = self.verified.iter().filter_map(|one| one.cassette.as_ref());
        let calls = self.steps.iter().map(|step| &step.cassette).chain(verify);
        let last = calls
            .flat_map(|cassette| &cassette.calls)
            .map(|call| call.id.0)
            .max();
        CallId(last.unwrap_or(0) + 1)
    }

    /// What the last read step handed on.
    pub(crate) fn findings(&self) -> Option<String> {
        self.steps.iter().rev().find_map(|step| match &step.end {
            StepConclusion::Report(report) => report.report.findings.clone(),
            StepConclusion::Writes(_) | StepConclusion::Fault(_) => None,
        })
    }
}
