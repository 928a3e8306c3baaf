//! A run: its read steps at once, then the plan of its write step.
//!
//! Not an apply: nothing here holds a writer.
//! Invariant: all of a run is in the journal before it ends as recorded.

use std::{collections::BTreeMap, sync::Arc};

use interlock_capabilities::{Recorded, journal::Refused, report::Incident};
use interlock_engine::{Fault, Step};
use interlock_gate::{
    ids::{CallId, RunId},
    plan::{Plan, StepBytes},
    policy::Policy,
};
use interlock_store::entry::Entry;
use serde_json::Value;

use crate::{
    caller::Caller, error::RunError, inputs, installed::Runbook, ledger::Ledger, open::Runner,
    record::RunRecord, report::StepReport, spans, stop::Stop, watch::Watch,
};

/// Why nothing is proposed where nothing can be journalled.
pub(crate) const UNRECORDED: &str = "not proposed: the journal cannot be written";

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
    /// The run as its screens read it, without a look at the journal; `None` where it was joined.
    pub record: Option<Box<RunRecord>>,
    /// Why the run is in no journal, or not whole in it: the journal's medium is full, read-only or
    /// failing. Then nothing was proposed.
    pub unrecorded: Option<String>,
}

/// One step, loaded.
pub(crate) struct Loaded {
    pub(crate) name: String,
    pub(crate) step: Step,
}

/// What a run's steps share.
pub(crate) struct Going<'a> {
    pub(crate) run: RunId,
    pub(crate) ledger: Ledger<'a>,
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
        // Large, and its caller moves it from place to place.
        spans::run(Box::pin(self.open_and_run(ask, watch))).await
    }

    async fn open_and_run(&self, ask: RunAsk, watch: &dyn Watch) -> Result<RunEnded, RunError> {
        let (policy, lost) = self.policy_or_lost().await?;
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
            return Ok(RunEnded::joined(run));
        }
        let steps = self.load_steps(&runbook).await?;
        let run = crate::open::fresh_run_id()?;
        let lost = match (self.unrecorded(), lost) {
            (Some(why), _) => Some(why.to_owned()),
            (None, Some(Refused::Unwritable { why, .. })) => Some(why),
            (None, lost) => lost.map(|lost| lost.to_string()),
        };
        let mut ledger = Ledger::new(self, run.clone(), watch, lost);
        ledger.components(&runbook);
        let components = runbook.steps.iter().map(|step| StepBytes {
            step: step.name.clone(),
            digest: step.digest,
        });
        ledger.entry(Entry::RunOpened {
            run: run.clone(),
            id_key: id_key.clone(),
            runbook: runbook.manifest.name.clone(),
            version: runbook.manifest.version.clone(),
            components: components.collect(),
            incident: serde_json::to_value(&ask.incident).map_err(RunError::Document)?,
            inputs: inputs.clone(),
            requester: ask.caller.requester.clone(),
            owners: ask.caller.owner.iter().cloned().collect(),
        })?;
        // An id is claimed before anything runs: asked twice, it runs once.
        if let Some(id_key) = &id_key
            && let Err(error) = ledger.flush().await
        {
            // Somebody else opened a run under the same id just now: it is theirs to run.
            return match self
                .joined(id_key, &runbook, &ask.incident, &inputs)
                .await?
            {
                Some(run) => Ok(RunEnded::joined(run)),
                None => Err(error),
            };
        }
        spans::opened(&run, &runbook.manifest.name);
        let mut going = Going {
            run: run.clone(),
            ledger,
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
        let end = self.steps(&mut going, &steps, &ask.caller).await?;
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
        let mut ledger = going.ledger;
        ledger.entry(Entry::RunEnded {
            run: run.clone(),
            state: state.to_owned(),
        })?;
        ledger.flush().await?;
        let unrecorded = ledger.lost().map(ToOwned::to_owned);
        let record = Some(Box::new(ledger.record().await?));
        Ok(RunEnded {
            run,
            end,
            record,
            unrecorded,
        })
    }

    /// Does ahead what a first run would wait for: the sources are set up, whose databases' sessions
    /// begin to open, and the steps of every installed runbook are loaded. What cannot be is said by
    /// the run that needs it.
    pub async fn warm(&self) {
        self.connected();
        for runbook in self.catalogue().runbooks() {
            drop(self.load_steps(runbook).await);
        }
    }

    /// The components of every step, in the manifest's order; each is compiled once.
    pub(crate) async fn load_steps(&self, runbook: &Arc<Runbook>) -> Result<Vec<Loaded>, RunError> {
        let engine = self.engine()?;
        let mut steps = Vec::with_capacity(runbook.steps.len());
        for (place, file) in runbook.steps.iter().enumerate() {
            let step = match engine.loaded(&file.digest) {
                Some(step) => step,
                None => {
                    let (engine, runbook) = (engine.clone(), Arc::clone(runbook));
                    // A large component takes seconds: others go on meanwhile.
                    let load = move || engine.load(&runbook.steps[place].bytes);
                    let loaded = tokio::task::spawn_blocking(load).await;
                    loaded
                        .map_err(|_| RunError::NotNow("the host is stopping".to_owned()))?
                        .map_err(|error| RunError::Load {
                            step: file.name.clone(),
                            error,
                        })?
                }
            };
            steps.push(Loaded {
                name: file.name.clone(),
                step,
            });
        }
        Ok(steps)
    }
}

impl RunEnded {
    fn joined(run: RunId) -> RunEnded {
        RunEnded {
            run,
            end: RunEnd::Joined,
            record: None,
            unrecorded: None,
        }
    }
}
