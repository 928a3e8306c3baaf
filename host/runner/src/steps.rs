//! The steps of a run: each linked, run and recorded, until one of them ends it.
//!
//! Not an apply: nothing here holds a writer.
//! Invariant: every step's end is on its way to the journal before the next step begins.

use std::sync::Arc;

use interlock_capabilities::report::Input;
use interlock_engine::{
    Cassette, ClockStart, Ended, Fault, Grants, Kind, Progress, Ran, Seed, Source, Tier,
};
use interlock_gate::{
    canonical,
    ids::{CallId, CassetteDigest, ReportDigest},
    time::Time,
};
use interlock_store::entry::{Entry, StepEnd};

use crate::{
    caller::Caller,
    error::RunError,
    open::{KEPT_BYTES_MAX, Runner},
    report::{self, StepReport},
    run::{Going, Loaded, RunEnd, UNRECORDED},
    spans,
    stop::stopped,
    track::Rated,
};

impl Runner {
    /// Runs one step after the other, and says how the run ends.
    pub(crate) async fn steps(
        &self,
        going: &mut Going<'_>,
        steps: &[Loaded],
        caller: &Caller,
    ) -> Result<RunEnd, RunError> {
        for loaded in steps {
            // What a component could do decides, not what its manifest or its export says.
            let write = loaded.step.tier() == Tier::Write;
            if !write && loaded.step.kind() == Some(Kind::Verify) {
                // After a change, by the host.
                continue;
            }
            if write && let Some(why) = self.unplannable(going, loaded).await? {
                return refused(going, vec![why]);
            }
            going.ledger.step(&loaded.name);
            let ran = match self.step(going, loaded).await? {
                Ok(ran) => ran,
                Err(reason) => return refused(going, vec![reason]),
            };
            going.calls.extend(ran.cassette.calls.iter().cloned());
            going.next_call = CallId(going.next_call.0 + ran.cassette.calls.len() as u64);
            let end = self.ended(going, loaded, ran, caller).await?;
            if let Some(end) = end {
                return Ok(end);
            }
        }
        Ok(RunEnd::Concluded)
    }

    /// Why a write step may not propose anything.
    async fn unplannable(
        &self,
        going: &mut Going<'_>,
        loaded: &Loaded,
    ) -> Result<Option<String>, RunError> {
        // What it proposes would rest on what came before.
        going.ledger.send()?;
        if going.ledger.lost().is_none() {
            let (runbook, first_use) = (going.runbook, going.trust_first_use);
            let distrusted = self.distrusted(runbook, first_use, loaded).await;
            if let Some(answer) = going.ledger.or_lost(distrusted)? {
                return Ok(answer);
            }
        }
        Ok(Some(UNRECORDED.to_owned()))
    }

    /// Links and runs one step; a denial by policy is the inner error.
    async fn step(
        &self,
        going: &mut Going<'_>,
        loaded: &Loaded,
    ) -> Result<Result<Ran, String>, RunError> {
        let grants = Grants::of(Arc::clone(&going.policy), &going.runbook.manifest.name);
        let linked = match loaded.step.link(&grants) {
            Ok(linked) => linked,
            Err(denied) => return Ok(Err(denied.to_string())),
        };
        let inputs = serde_json::to_string(&going.inputs).map_err(RunError::Document)?;
        let clock = ClockStart::now();
        let input = Input {
            now: clock.start().micros(),
            incident: going.incident.clone(),
            inputs,
            findings: going.findings.clone(),
        };
        let source = Source::Live {
            readers: self.readers(&going.incident),
            clock,
            seed: Seed::fresh().map_err(|error| RunError::Random(error.to_string()))?,
            first_call: going.next_call,
        };
        let stop = stopped(going.stop.clone());
        let progress = Progress::default();
        let sandbox = going.policy.sandbox();
        let ran = linked.run_until(input, source, sandbox, progress.clone(), stop);
        let ran = spans::step(&loaded.name, loaded.step.tier(), ran);
        going.ledger.beside(ran, &progress).await.map(Ok)
    }

    /// Records a step's end, and says how the run ends, where it does.
    async fn ended(
        &self,
        going: &mut Going<'_>,
        loaded: &Loaded,
        ran: Ran,
        caller: &Caller,
    ) -> Result<Option<RunEnd>, RunError> {
        let Ran { cassette, end } = ran;
        let name = &loaded.name;
        let fault = match end {
            Ok(Ended::Report(report)) => {
                match report::check(&report, &going.runbook.manifest, &going.calls) {
                    Ok(()) => {
                        going.findings.clone_from(&report.findings);
                        // Nothing is read for a report without a hypothesis. Where it cannot be read
                        // the run goes on, rated on its evidence alone.
                        let standing = if report.hypotheses.is_empty() {
                            Default::default()
                        } else {
                            let of = rated(going, loaded, &cassette);
                            self.standing(&of, None).await.unwrap_or_default()
                        };
                        let report = report::rated(name, report, &standing);
                        reported(going, loaded, cassette, report)?;
                        return Ok(None);
                    }
                    Err(bad) => Fault::BadOutput {
                        why: bad.to_string(),
                    },
                }
            }
            Ok(Ended::Writes(actions)) => {
                let writes = StepEnd::Writes(actions.len() as u64);
                let cassette = step_ended(going, loaded, cassette, writes)?;
                if actions.is_empty() {
                    return Ok(None);
                }
                let proposed = self.propose(going, loaded, cassette, actions, caller);
                return proposed.await.map(Some);
            }
            Ok(Ended::CouldNotCheck(unchecked)) => {
                let report = report::gave_up(name, unchecked);
                reported(going, loaded, cassette, report)?;
                return Ok(Some(RunEnd::Concluded));
            }
            Ok(Ended::Failed(why)) => {
                let end = StepEnd::Fault(format!("the step failed: {why}"));
                step_ended(going, loaded, cassette, end)?;
                let step = name.clone();
                return Ok(Some(RunEnd::StepFailed { step, why }));
            }
            Ok(Ended::Verification(_)) => {
                let why = "a step that is not after a change returned a verification".to_owned();
                Fault::BadOutput { why }
            }
            Err(fault) => fault,
        };
        let step = name.clone();
        step_ended(going, loaded, cassette, StepEnd::Fault(fault.to_string()))?;
        Ok(Some(match fault {
            Fault::Cancelled { why } => RunEnd::Cancelled { step, why },
            fault => RunEnd::Faulted { step, fault },
        }))
    }
}

/// Whose track record a report is rated by.
fn rated<'a>(going: &'a Going<'_>, loaded: &'a Loaded, cassette: &Cassette) -> Rated<'a> {
    Rated {
        runbook: &going.runbook.manifest.name,
        step: &loaded.name,
        component: loaded.step.digest(),
        incident: &going.incident.id,
        now: Time::from_micros(cassette.input.now).unwrap_or_default(),
    }
}

/// Records why no plan is made.
pub(crate) fn refused(going: &mut Going<'_>, reasons: Vec<String>) -> Result<RunEnd, RunError> {
    going.ledger.entry(Entry::Refused {
        run: Some(going.run.clone()),
        plan: None,
        asked: "plan".to_owned(),
        reasons: reasons.clone(),
    })?;
    Ok(RunEnd::Refused(reasons))
}

fn reported(
    going: &mut Going<'_>,
    loaded: &Loaded,
    cassette: Cassette,
    report: StepReport,
) -> Result<(), RunError> {
    let bytes = canonical::to_bytes_within(&report, KEPT_BYTES_MAX)?;
    let digest = ReportDigest::from_raw(*going.ledger.keep(bytes).raw());
    going.ledger.kept().reports.insert(digest, report.clone());
    step_ended(going, loaded, cassette, StepEnd::Report(digest))?;
    going.reports.push(report);
    Ok(())
}

fn step_ended(
    going: &mut Going<'_>,
    loaded: &Loaded,
    cassette: Cassette,
    end: StepEnd,
) -> Result<CassetteDigest, RunError> {
    let kept = going.ledger.keep(cassette.canonical()?);
    let digest = CassetteDigest::from_raw(*kept.raw());
    let calls = cassette.calls.len() as u64;
    let cassettes = &mut going.ledger.kept().cassettes;
    cassettes.insert(digest, Arc::new(cassette));
    going.ledger.entry(Entry::StepEnded {
        run: going.run.clone(),
        step: loaded.name.clone(),
        component: loaded.step.digest(),
        calls,
        cassette: digest,
        end,
    })?;
    Ok(digest)
}
