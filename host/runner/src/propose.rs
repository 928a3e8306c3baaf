//! From the writes that a step asked for to a plan that waits, or to the reasons why there is none.

use interlock_capabilities::Aimed;
use interlock_engine::Cassette;
use interlock_gate::ids::{BlobDigest, ReportDigest};
use interlock_store::entry::Entry;

use crate::{
    caller::Caller,
    error::RunError,
    join::HeldBack,
    open::Runner,
    plan::{Draft, NoPlan},
    report::{self, RunReport},
    run::{Going, Loaded, RunEnd},
};

impl Runner {
    pub(crate) async fn refused(
        &self,
        going: &Going<'_>,
        reasons: Vec<String>,
    ) -> Result<RunEnd, RunError> {
        let entry = Entry::Refused {
            run: Some(going.run.clone()),
            plan: None,
            asked: "plan".to_owned(),
            reasons: reasons.clone(),
        };
        self.record(entry).await?;
        Ok(RunEnd::Refused(reasons))
    }

    pub(crate) async fn propose(
        &self,
        going: &Going<'_>,
        loaded: &Loaded,
        cassette: &Cassette,
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
        let blob: BlobDigest = self.keep_document(&run_report).await?;
        let kept = Entry::Kept {
            run: going.run.clone(),
            what: "report".to_owned(),
            blob,
        };
        self.record(kept).await?;
        let draft = Draft {
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
            cassette: cassette.digest()?,
            calls: &going.calls,
            actions,
            policy: &going.policy,
            checkpoint: self.checkpoint().await?,
            now: self.now(),
        };
        match draft.plan() {
            Ok(plan) => {
                match self.held_back(&plan).await? {
                    Some(HeldBack::Waits(earlier)) => return Ok(RunEnd::Waits(earlier)),
                    Some(HeldBack::Because(why)) => return self.refused(going, vec![why]).await,
                    None => {}
                }
                self.record(Entry::Planned {
                    plan: Box::new(plan.clone()),
                })
                .await?;
                Ok(RunEnd::Planned(Box::new(plan)))
            }
            Err(NoPlan::Denied(reasons)) => self.refused(going, reasons).await,
            Err(NoPlan::Bad(error)) => self.refused(going, vec![error.to_string()]).await,
        }
    }
}
