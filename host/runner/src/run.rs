//! A run: its read steps at once, then the plan of its write step.
//!
//! Not an apply: nothing here holds a writer.
//! Invariant: every step's end is in the journal before the next step begins.

use std::{collections::BTreeMap, sync::Arc};

use interlock_capabilities::{
    Recorded,
    report::{Incident, Input},
};
use interlock_engine::{
    Cassette, ClockStart, Ended, Fault, Grants, Kind, Ran, Seed, Source, Step, Tier,
};
use interlock_gate::{
    ids::{CallId, ReportDigest, RunId},
    plan::{Plan, StepBytes},
    policy::Policy,
};
use interlock_store::{
    Store as _,
    entry::{Entry, StepEnd},
};
use serde_json::Value;

use crate::{
    caller::Caller,
    error::RunError,
    inputs,
    installed::Runbook,
    open::Runner,
    report::{self, StepReport},
    stop::{Stop, stopped},
    watch::Watch,
};

/// What to run, for whom.
#[derive(Clone, Debug)]
pub struct RunAsk {
    /// The runbook's name.
    pub runbook: String,
    /// What it is about.
    pub incident: Incident,
    /// The caller's own id for the run; asked again with the same, it joins.
    pub id: Option<String>,
    /// Inputs by name, as text.
    pub inputs: BTreeMap<String, String>,
    /// Who asks.
    pub caller: Caller,
    /// What ends the run early: its step is interrupted, and that is journalled.
    pub stop: Option<Stop>,
    /// Whether the first bytes of a write step that this host sees may propose a change. Only where
    /// a person asks on a terminal; elsewhere they wait for `interlock runbooks trust`.
    pub trust_first_use: bool,
}

/// How a run ended.
#[derive(Debug)]
pub enum RunEnd {
    /// Its steps ended and nothing is proposed.
    Concluded,
    /// A plan waits for approval.
    Planned(Box<Plan>),
    /// The step's writes may not be planned: policy, or bytes that nobody trusts yet.
    Refused(Vec<String>),
    /// A step faulted.
    Faulted {
        /// The step.
        step: String,
        /// How.
        fault: Fault,
    },
    /// It was stopped from outside.
    Cancelled {
        /// The step that was interrupted.
        step: String,
        /// Why, in the words of whoever stopped it.
        why: String,
    },
    /// A step gave up by an error of its own.
    StepFailed {
        /// The step.
        step: String,
        /// In its words.
        why: String,
    },
    /// The same change waits for approval already, as this plan.
    Waits(Box<Plan>),
    /// The run was there before, under the same id.
    Joined,
}

/// A run that ended.
#[derive(Debug)]
pub struct RunEnded {
    /// Its id.
    pub run: RunId,
    /// How it ended.
    pub end: RunEnd,
}

/// One step, loaded.
pub(crate) struct Loaded {
    pub(crate) name: String,
    pub(crate) step: Step,
}

/// What a run's steps share.
pub(crate) struct Going<'a> {
    pub(crate) run: RunId,
    pub(crate) runbook: &'a Runbook,
    pub(crate) policy: Arc<Policy>,
    pub(crate) incident: Incident,
    pub(crate) inputs: BTreeMap<String, Value>,
    pub(crate) stop: Option<Stop>,
    pub(crate) trust_first_use: bool,
    pub(crate) findings: Option<String>,
    pub(crate) calls: Vec<Recorded>,
    pub(crate) reports: Vec<StepReport>,
    pub(crate) next_call: CallId,
}

impl Runner {
    /// Runs a runbook to its plan, or joins the run that has the caller's id.
    pub async fn run(&self, ask: RunAsk, watch: &dyn Watch) -> Result<RunEnded, RunError> {
        let policy = self.policy().await?;
        let runbook = self.runbook(&ask.runbook)?;
        let inputs = inputs::resolve(&runbook.manifest, &ask.inputs, &ask.incident)?;
        let id_key = ask
            .id
            .as_ref()
            .map(|id| format!("{}/{id}", ask.caller.requester.via));
        if let Some(id_key) = &id_key
            && let Some(run) = self
                .joined(id_key, &runbook, &ask.incident, &inputs)
                .await?
        {
            return Ok(RunEnded {
                run,
                end: RunEnd::Joined,
            });
        }
        let steps = self.load_steps(&runbook)?;
        let run = crate::open::fresh_run_id()?;
        // Whoever finds the run open and this lock free knows that its process died.
        let _held = self.store().hold_run(&run).map_err(|by| RunError::Held {
            plan: run.to_string(),
            by: by.to_string(),
        })?;
        for file in &runbook.steps {
            self.store().keep(file.bytes.clone()).await?;
        }
        let components = runbook.steps.iter().map(|step| StepBytes {
            step: step.name.clone(),
            digest: step.digest,
        });
        let (id_key_again, incident_again) = (id_key.clone(), ask.incident.clone());
        let opened = Entry::RunOpened {
            run: run.clone(),
            id_key,
            runbook: runbook.manifest.name.clone(),
            version: runbook.manifest.version.clone(),
            components: components.collect(),
            incident: serde_json::to_value(&ask.incident).map_err(RunError::Document)?,
            inputs: inputs.clone(),
            requester: ask.caller.requester.clone(),
            owners: ask.caller.owner.iter().cloned().collect(),
        };
        if let Err(error) = self.record(opened).await {
            // Somebody else opened a run under the same id just now: it is theirs to run.
            let joined = match &id_key_again {
                Some(id_key) => {
                    self.joined(id_key, &runbook, &incident_again, &inputs)
                        .await?
                }
                None => None,
            };
            return match joined {
                Some(run) => Ok(RunEnded {
                    run,
                    end: RunEnd::Joined,
                }),
                None => Err(error),
            };
        }
        watch.opened(&run);
        let mut going = Going {
            run: run.clone(),
            runbook: &runbook,
            policy,
            incident: ask.incident,
            inputs,
            stop: ask.stop,
            trust_first_use: ask.trust_first_use,
            findings: None,
            calls: Vec::new(),
            reports: Vec::new(),
            next_call: CallId(1),
        };
        let end = self.steps(&mut going, &steps, &ask.caller, watch).await?;
        let state = match &end {
            RunEnd::Planned(_) => "planned",
            RunEnd::Faulted { .. } => "faulted",
            RunEnd::Cancelled { .. } => "interrupted",
            RunEnd::Concluded
            | RunEnd::Refused(_)
            | RunEnd::StepFailed { .. }
            | RunEnd::Waits(_)
            | RunEnd::Joined => "concluded",
        };
        self.record(Entry::RunEnded {
            run: run.clone(),
            state: state.to_owned(),
        })
        .await?;
        Ok(RunEnded { run, end })
    }

    /// The components of every step, in the manifest's order.
    pub(crate) fn load_steps(&self, runbook: &Runbook) -> Result<Vec<Loaded>, RunError> {
        runbook
            .steps
            .iter()
            .map(|file| {
                let step = self
                    .engine()?
                    .load(&file.bytes)
                    .map_err(|error| RunError::Load {
                        step: file.name.clone(),
                        error,
                    })?;
                Ok(Loaded {
                    name: file.name.clone(),
                    step,
                })
            })
            .collect()
    }

    async fn steps(
        &self,
        going: &mut Going<'_>,
        steps: &[Loaded],
        caller: &Caller,
        watch: &dyn Watch,
    ) -> Result<RunEnd, RunError> {
        for loaded in steps {
            // What a component could do decides, not what its manifest or its export says.
            let write = loaded.step.tier() == Tier::Write;
            if !write && loaded.step.kind() == Some(Kind::Verify) {
                // After a change, by the host.
                continue;
            }
            if write && let Some(why) = self.distrusted(going, loaded).await? {
                return self.refused(going, vec![why]).await;
            }
            watch.step(&loaded.name);
            let ran = match self.step(going, loaded).await? {
                Ok(ran) => ran,
                Err(reason) => return self.refused(going, vec![reason]).await,
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

    /// Links and runs one step; a denial by policy is the inner error.
    async fn step(
        &self,
        going: &Going<'_>,
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
        let ran = linked.run_until(input, source, going.policy.sandbox(), stop);
        Ok(Ok(ran.await))
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
        match end {
            Ok(Ended::Report(report)) => {
                if let Err(bad) = report::check(&report, &going.runbook.manifest, &going.calls) {
                    let fault = Fault::BadOutput {
                        why: bad.to_string(),
                    };
                    return self
                        .faulted(going, loaded, &cassette, fault)
                        .await
                        .map(Some);
                }
                going.findings.clone_from(&report.findings);
                self.reported(going, loaded, &cassette, report::rated(name, report))
                    .await?;
                Ok(None)
            }
            Ok(Ended::Writes(actions)) => {
                self.step_ended(
                    going,
                    loaded,
                    &cassette,
                    StepEnd::Writes(actions.len() as u64),
                )
                .await?;
                if actions.is_empty() {
                    return Ok(None);
                }
                self.propose(going, loaded, &cassette, actions, caller)
                    .await
                    .map(Some)
            }
            Ok(Ended::CouldNotCheck(unchecked)) => {
                self.reported(going, loaded, &cassette, report::gave_up(name, unchecked))
                    .await?;
                Ok(Some(RunEnd::Concluded))
            }
            Ok(Ended::Failed(why)) => {
                let end = StepEnd::Fault(format!("the step failed: {why}"));
                self.step_ended(going, loaded, &cassette, end).await?;
                Ok(Some(RunEnd::StepFailed {
                    step: name.clone(),
                    why,
                }))
            }
            Ok(Ended::Verification(_)) => {
                let why = "a step that is not after a change returned a verification".to_owned();
                let fault = Fault::BadOutput { why };
                self.faulted(going, loaded, &cassette, fault)
                    .await
                    .map(Some)
            }
            Err(Fault::Cancelled { why }) => {
                let end = StepEnd::Fault(format!("cancelled: {why}"));
                self.step_ended(going, loaded, &cassette, end).await?;
                let step = name.clone();
                Ok(Some(RunEnd::Cancelled { step, why }))
            }
            Err(fault) => self
                .faulted(going, loaded, &cassette, fault)
                .await
                .map(Some),
        }
    }

    async fn faulted(
        &self,
        going: &Going<'_>,
        loaded: &Loaded,
        cassette: &Cassette,
        fault: Fault,
    ) -> Result<RunEnd, RunError> {
        self.step_ended(going, loaded, cassette, StepEnd::Fault(fault.to_string()))
            .await?;
        Ok(RunEnd::Faulted {
            step: loaded.name.clone(),
            fault,
        })
    }

    async fn reported(
        &self,
        going: &mut Going<'_>,
        loaded: &Loaded,
        cassette: &Cassette,
        step: StepReport,
    ) -> Result<(), RunError> {
        let blob = self.keep_document(&step).await?;
        let digest = ReportDigest::from_raw(*blob.raw());
        self.step_ended(going, loaded, cassette, StepEnd::Report(digest))
            .await?;
        going.reports.push(step);
        Ok(())
    }

    async fn step_ended(
        &self,
        going: &Going<'_>,
        loaded: &Loaded,
        cassette: &Cassette,
        end: StepEnd,
    ) -> Result<(), RunError> {
        let digest = self.keep_cassette(cassette).await?;
        let entry = Entry::StepEnded {
            run: going.run.clone(),
            step: loaded.name.clone(),
            component: loaded.step.digest(),
            calls: cassette.calls.len() as u64,
            cassette: digest,
            end,
        };
        self.record(entry).await
    }
}
