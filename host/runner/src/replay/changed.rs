//! A run as it would have been with a changed step: the new bytes on the old record.
//!
//! Not a run: nothing is asked of anybody, nothing is planned and nothing is journalled.
//! Start at [`Changed`]. Invariant: what the record does not hold is not answered, and is listed.

use std::{collections::BTreeMap, sync::Arc};

use interlock_capabilities::{Ask, Gap, Recorded};
use interlock_engine::{Cassette, Ended, Grants, Kind, Linked, Source, Step, Tier};
use interlock_gate::{
    action::AnyAction,
    ids::{BlobDigest, CallId, ComponentDigest, RunId},
    policy::Policy,
};

use super::place::Place;
use crate::{
    confidence::Standing,
    error::RunError,
    open::Runner,
    record::{RunRecord, StepConclusion, StepRecord, VerifyRecord},
    report,
};

/// What stands in a step's answer where the record holds none: see `session/answer`.
const NOT_HELD: &str = "the record holds no such";

/// A run, and what it would have been.
#[derive(Debug)]
pub struct Changed {
    /// The step that the new bytes stand in for.
    pub step: String,
    /// The new bytes.
    pub component: ComponentDigest,
    /// The run as it was.
    pub was: RunRecord,
    /// The run as it would have been: the new step's part and what follows from it. It holds no
    /// plan: what would be proposed is in [`Self::would_propose`].
    pub would: RunRecord,
    /// What was proposed then, in order.
    pub proposed: Vec<AnyAction>,
    /// What would be proposed, in order; the policy is not asked.
    pub would_propose: Vec<AnyAction>,
    /// Reads that the record does not hold, so that they could not be checked.
    pub not_recorded: Vec<NotRecorded>,
    /// Steps that would run, and of which the run has no record.
    pub unplayed: Vec<String>,
}

/// A read that the record does not hold.
#[derive(Clone, Debug)]
pub struct NotRecorded {
    /// The step that asked.
    pub step: String,
    /// The call, in the run as it would have been.
    pub call: CallId,
    /// What it asked.
    pub ask: Ask,
}

/// What is played again, and how far it came.
struct Playing {
    changed: Changed,
    findings: Option<String>,
    calls: Vec<Recorded>,
    next_call: u64,
}

impl Runner {
    /// Plays a run again with `bytes` in the place of the step that they are a build of: of the same
    /// kind and, where the run has several of that kind, of the name `called`.
    pub async fn replay_with(
        &self,
        run: &RunId,
        bytes: &[u8],
        called: &str,
    ) -> Result<Changed, RunError> {
        let was = self.run_record(run).await?;
        let new = self.load_changed(bytes, called)?;
        let kind = new.kind().ok_or_else(|| {
            RunError::NotNow(
                "the component is no step of a runbook: it exports neither diagnose, remediate nor \
                 verify"
                    .to_owned(),
            )
        })?;
        if new.tier() == Tier::Write && kind != Kind::Remediate {
            let why = "the component imports changes, and only a remediate step may propose them";
            return Err(RunError::NotNow(why.to_owned()));
        }
        let policy = self.policy().await?;
        let grants = Grants::for_replay(&was.runbook);
        let linked = new
            .link(&grants)
            .map_err(|why| RunError::NotNow(why.to_string()))?;
        let place = self.place_of(&was, kind, called).await?;
        let mut would = was.clone();
        would.plans.clear();
        would.refused.clear();
        would.waits = None;
        would.diagnoses.clear();
        let proposed = was.plan().map(|newest| {
            let acts = newest.plan.body().actions.iter();
            acts.map(|planned| planned.action.clone()).collect()
        });
        let mut playing = Playing {
            changed: Changed {
                step: place.step().to_owned(),
                component: new.digest(),
                proposed: proposed.unwrap_or_default(),
                would_propose: Vec::new(),
                not_recorded: Vec::new(),
                unplayed: Vec::new(),
                was,
                would,
            },
            findings: None,
            calls: Vec::new(),
            next_call: 1,
        };
        match place {
            Place::Step { at, .. } => self.play_steps(&mut playing, at, &linked, &policy).await?,
            Place::Verified { at, .. } => {
                playing.changed.would_propose = playing.changed.proposed.clone();
                play_verify(&mut playing, at, &linked, &policy).await?;
            }
        }
        Ok(playing.changed)
    }

    fn load_changed(&self, bytes: &[u8], step: &str) -> Result<Step, RunError> {
        self.engine()?.load(bytes).map_err(|error| RunError::Load {
            step: step.to_owned(),
            error,
        })
    }

    pub(super) async fn recorded_step(
        &self,
        component: ComponentDigest,
        step: &str,
    ) -> Result<Step, RunError> {
        if let Some(loaded) = self.engine()?.loaded(&component) {
            return Ok(loaded);
        }
        let missing = || RunError::Blob {
            what: "component",
            digest: component.to_string(),
        };
        let bytes = self
            .blob(BlobDigest::from_raw(*component.raw()))
            .await?
            .ok_or_else(missing)?;
        self.load_changed(&bytes, step)
    }

    /// The steps in front as they were; the new one; and those behind it, on what it hands on.
    async fn play_steps(
        &self,
        playing: &mut Playing,
        place: usize,
        new: &Linked,
        policy: &Policy,
    ) -> Result<(), RunError> {
        let steps = playing.changed.was.steps.clone();
        let mut played = Vec::new();
        let mut over = false;
        for (at, old) in steps.into_iter().enumerate() {
            if at < place {
                playing.take(&old.cassette);
                if let StepConclusion::Report(report) = &old.end {
                    playing.findings.clone_from(&report.report.findings);
                }
                played.push(old);
                continue;
            }
            let linked = if at == place {
                new.clone()
            } else {
                let step = self.recorded_step(old.component, &old.step).await?;
                let grants = Grants::for_replay(&playing.changed.was.runbook);
                step.link(&grants)
                    .map_err(|why| RunError::NotNow(why.to_string()))?
            };
            let (step, ends) = self.play_step(playing, old, &linked, policy).await?;
            played.push(step);
            if ends {
                over = true;
                break;
            }
        }
        if !over {
            self.unplayed(playing, &played).await?;
        }
        playing.changed.would.steps = played;
        Ok(())
    }

    /// Steps of the runbook that come next and never came to run, verify steps out.
    async fn unplayed(&self, playing: &mut Playing, played: &[StepRecord]) -> Result<(), RunError> {
        let all = playing.changed.was.components.clone();
        for bytes in all.iter().skip(played.len()) {
            let ran = played.iter().any(|step| step.step == bytes.step);
            let kind = match self.recorded_step(bytes.digest, &bytes.step).await {
                Ok(step) => step.kind(),
                // Its bytes are not kept: that it would run is all that can be said.
                Err(RunError::Blob { .. }) => None,
                Err(error) => return Err(error),
            };
            if !ran && kind != Some(Kind::Verify) {
                playing.changed.unplayed.push(bytes.step.clone());
            }
        }
        Ok(())
    }

    /// One step on the old one's record; and whether it ends the run.
    async fn play_step(
        &self,
        playing: &mut Playing,
        old: StepRecord,
        linked: &Linked,
        policy: &Policy,
    ) -> Result<(StepRecord, bool), RunError> {
        let mut record = (*old.cassette).clone();
        // A changed step asks more or less than the old one did: ids go on from there.
        record.first_call = CallId(playing.next_call);
        let mut input = record.input.clone();
        input.findings.clone_from(&playing.findings);
        let ran = linked
            .run(input, Source::Against(record), policy.sandbox())
            .await;
        let cassette = Arc::new(ran.cassette);
        playing.missed(&old.step, &cassette);
        playing.take(&cassette);
        let (end, ends) = match ran.end {
            Ok(Ended::Report(report)) => {
                let manifest = self.manifest_for(&playing.changed.was, &report);
                match report::check(&report, &manifest, &playing.calls) {
                    Ok(()) => {
                        playing.findings.clone_from(&report.findings);
                        // Of new bytes nothing is known yet.
                        let unknown = (Standing::default(), 0);
                        let report = report::rated(&old.step, report, &unknown);
                        (StepConclusion::Report(Box::new(report)), false)
                    }
                    Err(bad) => (StepConclusion::Fault(format!("bad output: {bad}")), true),
                }
            }
            Ok(Ended::Writes(writes)) => {
                let count = writes.len() as u64;
                let proposes = !writes.is_empty();
                let actions = writes.into_iter().map(|aimed| aimed.action);
                playing.changed.would_propose.extend(actions);
                (StepConclusion::Writes(count), proposes)
            }
            Ok(Ended::CouldNotCheck(unchecked)) => {
                let report = report::gave_up(&old.step, unchecked);
                (StepConclusion::Report(Box::new(report)), true)
            }
            Ok(Ended::Failed(why)) => {
                let why = format!("the step failed: {why}");
                (StepConclusion::Fault(why), true)
            }
            Ok(Ended::Verification(_)) => {
                let why = "a step that is not after a change returned a verification";
                (StepConclusion::Fault(why.to_owned()), true)
            }
            Err(fault) => (StepConclusion::Fault(fault.to_string()), true),
        };
        let step = StepRecord {
            component: cassette.component,
            kept: cassette.digest()?,
            cassette,
            end,
            ..old
        };
        Ok((step, ends))
    }

    /// The runbook as it is installed; where it is not any more, the causes that were named.
    fn manifest_for(
        &self,
        was: &RunRecord,
        report: &interlock_capabilities::report::Report,
    ) -> crate::manifest::Manifest {
        if let Ok(runbook) = self.runbook(&was.runbook) {
            return runbook.manifest.clone();
        }
        let named = report.hypotheses.iter().map(|one| &one.cause);
        let named = named
            .chain(report.ruled_out.iter().map(|one| &one.cause))
            .chain(&report.tried);
        crate::manifest::Manifest {
            name: was.runbook.clone(),
            version: was.version.clone(),
            alerts: Vec::new(),
            inputs: BTreeMap::new(),
            causes: named.map(|cause| (cause.clone(), String::new())).collect(),
            steps: Vec::new(),
        }
    }
}

async fn play_verify(
    playing: &mut Playing,
    at: usize,
    linked: &Linked,
    policy: &Policy,
) -> Result<(), RunError> {
    let old = playing.changed.was.verified[at].clone();
    let Some(cassette) = &old.cassette else {
        return Ok(());
    };
    let ran = linked
        .run(
            cassette.input.clone(),
            Source::Against((**cassette).clone()),
            policy.sandbox(),
        )
        .await;
    let cassette = Arc::new(ran.cassette);
    playing.missed(&old.step, &cassette);
    let (found, verdict) = match ran.end {
        Ok(Ended::Verification(found)) => {
            let verdict = match found.verdict {
                interlock_capabilities::report::Verdict::Fixed => "fixed",
                interlock_capabilities::report::Verdict::NotFixed => "not_fixed",
                interlock_capabilities::report::Verdict::CouldNotTell => "could_not_tell",
            };
            (Some(found), verdict.to_owned())
        }
        Ok(Ended::CouldNotCheck(_)) => (None, "could_not_tell".to_owned()),
        _faulted => (None, "faulted".to_owned()),
    };
    playing.changed.would.verified[at] = VerifyRecord {
        found,
        verdict,
        cassette: Some(cassette),
        ..old
    };
    Ok(())
}

impl Playing {
    fn take(&mut self, cassette: &Cassette) {
        self.calls.extend(cassette.calls.iter().cloned());
        self.next_call = self.next_call.saturating_add(cassette.calls.len() as u64);
    }

    /// Lists what the record did not hold.
    fn missed(&mut self, step: &str, cassette: &Cassette) {
        let missing = cassette.calls.iter().filter(
            |call| matches!(&call.answer, Err(Gap::NotRecorded(why)) if why.starts_with(NOT_HELD)),
        );
        let missing = missing.map(|call| NotRecorded {
            step: step.to_owned(),
            call: call.id,
            ask: call.ask.clone(),
        });
        self.changed.not_recorded.extend(missing);
    }
}
