//! After a change: the runbook's verify steps, once the manifest's `wait` is over.

use std::sync::Arc;

use interlock_capabilities::report::{Input, Unchecked, Verdict, Verification};
use interlock_engine::{ClockStart, Ended, Grants, Kind, Seed, Source, Tier};
use interlock_gate::{
    ids::{CallId, ReportDigest},
    plan::Plan,
};
use interlock_store::entry::{Entry, StepEnd};

use crate::{error::RunError, open::Runner, spans, watch::Watch};

impl Runner {
    /// Runs every verify step of the plan's runbook; each is recorded as it ends.
    pub async fn verify(&self, plan: &Plan, watch: &dyn Watch) -> Result<(), RunError> {
        let body = plan.body();
        let record = self.run_record(&body.run).await?;
        let runbook = self.runbook(&body.components.runbook)?;
        let policy = self.policy().await?;
        let mut next_call = record.next_call();
        let mut changed: Vec<String> = Vec::new();
        for (step, file) in runbook.manifest.steps.iter().zip(&runbook.steps) {
            // What an approver signed names these bytes too: others could say `fixed` of anything.
            let planned = body
                .components
                .steps
                .iter()
                .find(|one| one.step == file.name);
            if planned.is_none_or(|planned| planned.digest != file.digest) {
                changed.push(file.name.clone());
                continue;
            }
            let loaded = self
                .engine()?
                .load(&file.bytes)
                .map_err(|error| RunError::Load {
                    step: file.name.clone(),
                    error,
                })?;
            if loaded.kind() != Some(Kind::Verify) || loaded.tier() == Tier::Write {
                continue;
            }
            if !step.wait.is_zero() {
                watch.waiting(&step.name, step.wait.as_secs());
                tokio::time::sleep(step.wait).await;
            }
            watch.step(&step.name);
            let grants = Grants::of(Arc::clone(&policy), &runbook.manifest.name);
            let linked = match loaded.link(&grants) {
                Ok(linked) => linked,
                Err(denied) => {
                    self.verified(plan, None, could_not(denied.to_string()), &None)
                        .await?;
                    continue;
                }
            };
            let clock = ClockStart::now();
            let input = Input {
                now: clock.start().micros(),
                incident: record.incident.clone(),
                inputs: serde_json::to_string(&record.inputs).map_err(RunError::Document)?,
                findings: record.findings(),
            };
            let source = Source::Live {
                readers: self.readers(&record.incident),
                clock,
                seed: Seed::fresh().map_err(|error| RunError::Random(error.to_string()))?,
                first_call: next_call,
            };
            let ran = linked.run(input, source, policy.sandbox());
            let ran = spans::step(&step.name, loaded.tier(), ran).await;
            next_call = CallId(next_call.0 + ran.cassette.calls.len() as u64);
            let digest = self.keep_cassette(&ran.cassette).await?;
            let (end, verification) = match ran.end {
                Ok(Ended::Verification(verification)) => (None, verification),
                Ok(Ended::CouldNotCheck(unchecked)) => (None, gave_up(unchecked)),
                Ok(Ended::Failed(why)) => (Some(StepEnd::Fault(why.clone())), could_not(why)),
                Ok(Ended::Report(_) | Ended::Writes(_)) => {
                    let why = "the step returned something else than a verification".to_owned();
                    (Some(StepEnd::Fault(why.clone())), could_not(why))
                }
                Err(fault) => (
                    Some(StepEnd::Fault(fault.to_string())),
                    could_not(fault.to_string()),
                ),
            };
            let blob = self.keep_document(&verification).await?;
            let report = ReportDigest::from_raw(*blob.raw());
            let entry = Entry::StepEnded {
                run: body.run.clone(),
                step: step.name.clone(),
                component: loaded.digest(),
                calls: ran.cassette.calls.len() as u64,
                cassette: digest,
                end: end.clone().unwrap_or(StepEnd::Report(report)),
            };
            self.record(entry).await?;
            self.verified(plan, Some(report), verification, &end)
                .await?;
        }
        for step in changed {
            let why = format!("the bytes of step `{step}` are not those that the plan names");
            self.verified(plan, None, could_not(why), &None).await?;
        }
        Ok(())
    }

    async fn verified(
        &self,
        plan: &Plan,
        report: Option<ReportDigest>,
        verification: Verification,
        ended: &Option<StepEnd>,
    ) -> Result<(), RunError> {
        let faulted = matches!(ended, Some(StepEnd::Fault(_)));
        let verdict = match verification.verdict {
            _ if faulted => "faulted",
            Verdict::Fixed => "fixed",
            Verdict::NotFixed => "not_fixed",
            Verdict::CouldNotTell => "could_not_check",
        };
        let entry = Entry::Verified {
            run: plan.body().run.clone(),
            plan: plan.id(),
            verdict: verdict.to_owned(),
            report,
        };
        self.record(entry).await
    }
}

fn could_not(why: String) -> Verification {
    gave_up(Unchecked {
        what: "whether the change has helped".to_owned(),
        call: None,
        why,
        would_show: String::new(),
    })
}

fn gave_up(unchecked: Unchecked) -> Verification {
    Verification {
        verdict: Verdict::CouldNotTell,
        summary: format!("could not check: {}", unchecked.what),
        cites: Vec::new(),
        could_not_check: vec![unchecked],
    }
}
