//! Reads a run back from the journal and the kept files.

use std::sync::Arc;

use interlock_engine::Cassette;
use interlock_gate::{
    canonical,
    ids::{BlobDigest, CallId, CassetteDigest, RunId},
    state::PlanState,
};
use interlock_store::{
    Store as _,
    entry::{Entry, Stamped, StepEnd},
};
use serde::de::DeserializeOwned;

use crate::{
    error::RunError,
    fold::{Kept, fold},
    open::Runner,
    record::{RunRecord, StepConclusion},
    state::RunState,
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
        let kept = self.kept_of(&events).await?;
        let unknown = || RunError::Unknown {
            what: "run",
            id: run.to_string(),
        };
        let mut record = fold(events, &kept)?.ok_or_else(unknown)?;
        self.plan_states(&mut record).await?;
        let open = matches!(record.state, RunState::Opened | RunState::Reading);
        if open && self.store().hold_run(run).is_ok() {
            // Nobody holds it and it never ended: its process died.
            record.state = RunState::Interrupted;
        }
        Ok(record)
    }

    /// Where each plan of a run stands now.
    pub(crate) async fn plan_states(&self, record: &mut RunRecord) -> Result<(), RunError> {
        let now = self.now();
        for plan in &mut record.plans {
            let recorded = self.history(plan.plan.id()).await?.state;
            let over = recorded == PlanState::Waiting && now >= plan.plan.body().expires_at;
            plan.state = if over { PlanState::Expired } else { recorded };
        }
        Ok(())
    }

    /// Reads what the entries of a run speak of.
    async fn kept_of(&self, events: &[Stamped]) -> Result<Kept, RunError> {
        let mut kept = Kept::default();
        let mut acted = false;
        for stamped in events {
            match &stamped.entry {
                Entry::Intent { .. } => acted = true,
                Entry::StepEnded { cassette, end, .. } => {
                    let read = Arc::new(self.cassette(*cassette).await?);
                    kept.cassettes.insert(*cassette, read);
                    // After a change it is a verification's, and its own entry says so.
                    if let (StepEnd::Report(digest), false) = (end, acted) {
                        let blob = BlobDigest::from_raw(*digest.raw());
                        let report = self.document(blob, "report").await?;
                        kept.reports.insert(*digest, report);
                    }
                }
                Entry::Verified {
                    report: Some(digest),
                    ..
                } => {
                    let blob = BlobDigest::from_raw(*digest.raw());
                    let found = self.document(blob, "verification").await?;
                    kept.verifications.insert(*digest, found);
                }
                Entry::Diagnosis { document, .. } => {
                    let found = self.document(*document, "diagnosis").await?;
                    kept.diagnoses.insert(*document, found);
                }
                _ => {}
            }
        }
        Ok(kept)
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
