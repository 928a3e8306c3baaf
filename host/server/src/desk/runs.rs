//! Runs: started at once, watched while they go on, read by their id ever after.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use interlock_capabilities::report::Incident;
use interlock_gate::{
    escape,
    ids::{PlanDigest, RunId},
    plan::Plan,
    state::PlanState,
};
use interlock_runner::{error::RunError, record::RunRecord, run::RunAsk, stop::Stop};
use interlock_screens::{exit, json, text};
use interlock_store::Store as _;
use serde::Serialize;
use tokio::sync::watch;

use super::{Code, Desk, Progress, Refusal, Said, Started, live::Reporter, refusal};
use crate::{admit::Admitted, telemetry};

/// Runs in one list.
const RUNS_MAX: usize = 50;

/// What a run is about, as a caller says it.
#[derive(Clone, Debug)]
pub enum IncidentAsk {
    /// One that a run or an alert was about before.
    Id(String),
    /// In full.
    Given(Box<Incident>),
}

/// What to run.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// The runbook's name.
    pub runbook: String,
    /// What it is about; `None`: the half hour until now.
    pub incident: Option<IncidentAsk>,
    /// The caller's own id: asked again with the same, it joins.
    pub id: Option<String>,
    /// Inputs by name, as text.
    pub inputs: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Running<'a> {
    schema: &'static str,
    run: &'a RunId,
    state: &'static str,
    steps: &'a [String],
}

impl Desk {
    /// Starts a run and returns as soon as it has an id, or joins the one that has the caller's id.
    pub async fn run(
        self: &Arc<Self>,
        who: &Admitted,
        ask: RunRequest,
    ) -> Result<Started, Refusal> {
        self.enter_to_act(who)?;
        self.start(who, ask).await
    }

    /// As [`Self::run`], for a call that was counted already.
    pub(super) async fn start(
        self: &Arc<Self>,
        who: &Admitted,
        ask: RunRequest,
    ) -> Result<Started, Refusal> {
        if !who.may_use(&ask.runbook) {
            let name = escape::foreign_short(&ask.runbook, 80);
            return Err(Refusal::new(
                Code::NotAllowed,
                format!("`{}` may not run `{name}`", who.caller.shown()),
            )
            .rule("[[caller]] runbooks")
            .next("list the runbooks that you may run"));
        }
        // One at a time for each id: of forty deliveries of one alert, one opens the run and the
        // others join it, without a run of theirs being counted.
        let mut turn = None;
        let mut known = false;
        if let Some(id) = &ask.id {
            check_id(id)?;
            turn = Some(self.turn(id).lock().await);
            let key = format!("{}/{id}", who.caller.requester.via);
            let found = self.runner.store().run_of_key(&key).await;
            known = found.map_err(|error| refusal::of(&error.into()))?.is_some();
        }
        let permit = match known {
            true => None,
            false => Some(self.pace.run(who, std::time::Instant::now())?),
        };
        let incident = self
            .incident_of(who, ask.incident, ask.id.as_deref())
            .await?;
        let stop = Stop::new();
        let ask = RunAsk {
            runbook: ask.runbook,
            incident,
            id: ask.id,
            inputs: ask.inputs,
            caller: who.caller.clone(),
            stop: Some(stop.clone()),
            trust_first_use: false,
        };
        let (progress, mut seen) = watch::channel(Progress::default());
        let reporter = Reporter {
            desk: Arc::clone(self),
            runbook: ask.runbook.clone(),
            stop,
            progress,
        };
        let task = async move {
            let _permit = permit;
            let ended = reporter.desk.runner.run(ask, &reporter).await;
            reporter.desk.run_over(&reporter.progress, ended).await;
        };
        self.tasks.spawn(telemetry::below_current(task));
        let begun = seen
            .wait_for(|progress| progress.run.is_some() || progress.ended.is_some())
            .await
            .map_err(|_| Refusal::new(Code::Store, "the run ended without a word"))?
            .clone();
        drop(turn);
        match (begun.run, begun.ended) {
            (Some(run), _) => Ok(Started {
                run,
                progress: seen,
            }),
            (None, Some(Err(refusal))) => Err(refusal),
            (None, _) => Err(Refusal::new(Code::Store, "the run has no id")),
        }
    }

    /// A run as it stands: a summary first, the whole in the document.
    pub async fn run_shown(&self, who: &Admitted, given: &str) -> Result<Said, Refusal> {
        self.enter(who)?;
        self.run_said(who, given).await
    }

    /// What a run that was waited for came to.
    pub async fn run_ended(&self, who: &Admitted, started: &Started) -> Result<Said, Refusal> {
        let progress = started.progress.borrow().clone();
        if let Some(Err(refusal)) = progress.ended {
            return Err(refusal);
        }
        let Some(outcome) = progress.result else {
            return self.run_said(who, started.run.as_str()).await;
        };
        let said = self.said_of(&outcome.record).await?;
        match &outcome.unrecorded {
            None => Ok(said),
            Some(why) => {
                // Its words may name the store's files.
                tracing::error!(run = %started.run, why, "a run is in no journal, or not whole in it");
                let why = "the journal cannot be written; the host's log says why";
                let mut said = said;
                said.text = format!("this run is in no journal: {why}\n\n{}", said.text);
                said.document["unrecorded"] = why.into();
                Ok(said)
            }
        }
    }

    /// As [`Self::run_shown`], for the answer to a call that was counted already.
    pub async fn run_said(&self, who: &Admitted, given: &str) -> Result<Said, Refusal> {
        let live = given.parse::<RunId>().ok().and_then(|run| {
            let live = self.live();
            let live = live.get(&run)?;
            Some((live.runbook.clone(), live.progress.borrow().clone()))
        });
        if let Some((runbook, progress)) = live
            && progress.ended.is_none()
            && let Some(run) = &progress.run
        {
            self.may_see(who, &runbook, "run", given)?;
            return running(run, &progress.steps);
        }
        let record = self.record(who, given).await?;
        self.said_of(&record).await
    }

    /// A run's summary and its document. Where an earlier plan waits for the same change, that one is
    /// what its caller needs.
    async fn said_of(&self, record: &RunRecord) -> Result<Said, Refusal> {
        let of = |error| refusal::of(&error);
        let policy = self.runner.policy().await.map_err(of)?;
        let waits = match record.waits {
            Some(plan) => self.waiting(plan).await.map_err(of)?,
            None => None,
        };
        let own = record.plan().map(|plan| plan.plan.as_ref());
        let exit = match waits {
            Some(_) => exit::Exit::ApprovalRequired,
            None => exit::of_record(record),
        };
        let mut text = text::brief::run(record, &policy);
        if let Some(plan) = &waits {
            let needs = text::needs::lines(plan, &policy);
            text.push_str(&text::run::waits_already(plan, &needs));
        }
        let shown = waits.as_deref().or(own);
        Said::new(text, &json::run::document(record, shown, exit))
    }

    /// The plan, where it still waits.
    async fn waiting(&self, plan: PlanDigest) -> Result<Option<Arc<Plan>>, RunError> {
        let plan = self.runner.plan(plan).await?;
        let record = self.runner.run_record(&plan.body().run).await?;
        let state = record.plans.iter().find(|one| one.plan.id() == plan.id());
        let waits = state.is_some_and(|one| one.state == PlanState::Waiting);
        Ok(waits.then_some(plan))
    }

    /// What a run that goes on says of itself.
    pub fn run_going(&self, started: &Started) -> Result<Said, Refusal> {
        let progress = started.progress.borrow().clone();
        running(&started.run, &progress.steps)
    }

    /// The newest runs that the caller may see, from `offset` on.
    pub async fn runs_list(&self, who: &Admitted, offset: usize) -> Result<Said, Refusal> {
        self.enter(who)?;
        let wanted = offset.saturating_add(RUNS_MAX).min(10_000);
        let lines = self
            .runner
            .store()
            .runs(wanted)
            .await
            .map_err(|error| refusal::of(&error.into()))?;
        let more = lines.len() >= wanted;
        let mut records = Vec::new();
        for line in lines.into_iter().skip(offset) {
            if who.may_use(&line.runbook) {
                let record = self.runner.run_record(&line.run).await;
                records.push(record.map_err(|error| refusal::of(&error))?);
            }
        }
        let next = more.then_some(wanted);
        let document = json::runs::document(&records, next);
        Said::new(text::runs::list(&records, next), &document)
    }

    /// Interrupts a run that the caller asked for.
    pub async fn cancel(&self, who: &Admitted, given: &str) -> Result<Said, Refusal> {
        self.enter_to_act(who)?;
        let record = self.record(who, given).await?;
        self.own(who, &record.requester, "the run")?;
        let live = self
            .live()
            .get(&record.run)
            .map(|live| (live.stop.clone(), live.progress.clone()));
        if let Some((stop, mut progress)) = live {
            stop.stop(&format!("by `{}`", who.caller.shown()));
            let ended = progress.wait_for(|progress| progress.ended.is_some());
            let _ = tokio::time::timeout(Duration::from_secs(10), ended).await;
        }
        self.run_said(who, record.run.as_str()).await
    }
}

fn running(run: &RunId, steps: &[String]) -> Result<Said, Refusal> {
    let step = steps.last().map_or("starting", String::as_str);
    Said::new(
        format!("run {run} goes on: {step}\nnext: ask for the run again by its id"),
        &Running {
            schema: "interlock.run-going.v1",
            run,
            state: "running",
            steps,
        },
    )
}

/// The caller's own id for a run, as the command line takes it.
fn check_id(id: &str) -> Result<(), Refusal> {
    let letter = |c: char| c.is_ascii_alphanumeric() || "._:-".contains(c);
    if id.is_empty() || id.len() > 128 || id.starts_with("r-") || !id.chars().all(letter) {
        return Err(Refusal::new(
            Code::BadInput,
            format!("`{}` is not an id", escape::foreign_short(id, 80)),
        )
        .next("1 to 128 letters, digits and `.`, `_`, `:`, `-`; not beginning with `r-`"));
    }
    Ok(())
}

/// An error with every cause, for the host's own log.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
