//! From the writes that a step asked for to a plan that waits, or to the reasons why there is none.

use interlock_capabilities::Aimed;
use interlock_gate::{
    canonical,
    history::PastBacktest,
    ids::{CassetteDigest, ReportDigest},
    policy::Policy,
};
use interlock_store::{Store as _, entry::Entry};

use crate::{
    caller::Caller,
    error::RunError,
    join::HeldBack,
    open::{KEPT_BYTES_MAX, Runner},
    plan::{Draft, NoPlan},
    report::{self, RunReport},
    run::{Going, Loaded, RunEnd, UNRECORDED},
    steps::refused,
};

/// What a kept plan of an earlier run is called, which waits for the same change.
pub(crate) const KEPT_WAITS: &str = "waits";

impl Runner {
    /// What was kept of backtests, where a rule of the policy asks for it.
    async fn backtests_for(&self, policy: &Policy) -> Result<Vec<PastBacktest>, RunError> {
        if policy.writes().iter().all(|rule| rule.backtest.is_none()) {
            return Ok(Vec::new());
        }
        let kept = self.store().entries_of("backtested").await?;
        let past = kept.iter().filter_map(|kept| kept.entry.past_backtest());
        Ok(past.collect())
    }

    /// `cassette` is the write step's, kept already.
    pub(crate) async fn propose(
        &self,
        going: &mut Going<'_>,
        loaded: &Loaded,
        cassette: CassetteDigest,
        actions: Vec<Aimed>,
        caller: &Caller,
    ) -> Result<RunEnd, RunError> {
        let run_report = RunReport {
            schema: report::REPORT_SCHEMA.to_owned(),
            run: going.run.clone(),
            runbook: going.runbook.manifest.name.clone(),
            version: going.runbook.manifest.version.clone(),
            steps: going.reports.clone(),
        };
        let bytes = canonical::to_bytes_within(&run_report, KEPT_BYTES_MAX)?;
        let blob = going.ledger.keep(bytes);
        going.ledger.entry(Entry::Kept {
            run: going.run.clone(),
            what: "report".to_owned(),
            blob,
        })?;
        // The plan names a checkpoint, and looks back at plans: what came before must be there.
        going.ledger.flush().await?;
        if going.ledger.lost().is_some() {
            return refused(going, vec![UNRECORDED.to_owned()]);
        }
        let of_incident = self.owners_of_diagnoses(&going.run, &going.incident.id);
        let backtests = self.backtests_for(&going.policy).await?;
        let draft = Draft {
            backtests: &backtests,
            diagnosed_by: of_incident.await?,
            host: self.host(),
            run: &going.run,
            incident: &going.incident,
            caller,
            runbook: going.runbook,
            step: &loaded.name,
            inputs: &going.inputs,
            findings: going.findings.as_deref(),
            report: &run_report,
            report_digest: ReportDigest::from_raw(*blob.raw()),
            cassette,
            calls: &going.calls,
            actions,
            policy: &going.policy,
            checkpoint: self.checkpoint().await?,
            now: self.now(),
        };
        let plan = match draft.plan() {
            Ok(plan) => plan,
            Err(NoPlan::Denied(reasons)) => return refused(going, reasons),
            Err(NoPlan::Bad(error)) => return refused(going, vec![error.to_string()]),
        };
        match self.held_back(&plan).await? {
            Some(HeldBack::Waits(earlier)) => {
                // Its bytes' digest is its id: whoever reads this run later finds the plan by it.
                let blob = going.ledger.keep(earlier.bytes().to_vec());
                going.ledger.entry(Entry::Kept {
                    run: going.run.clone(),
                    what: KEPT_WAITS.to_owned(),
                    blob,
                })?;
                return Ok(RunEnd::Waits(earlier));
            }
            Some(HeldBack::Because(why)) => return refused(going, vec![why]),
            None => {}
        }
        going.ledger.entry(Entry::Planned {
            plan: Box::new(plan.clone()),
        })?;
        going.ledger.flush().await?;
        if going.ledger.lost().is_some() {
            return refused(going, vec![UNRECORDED.to_owned()]);
        }
        Ok(RunEnd::Planned(Box::new(plan)))
    }
}
