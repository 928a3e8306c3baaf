//! Runs that go on: who watches them, how they are stopped, what they came to.

use std::{sync::Arc, time::Duration};

use interlock_gate::ids::RunId;
use interlock_runner::{
    error::RunError,
    record::RunRecord,
    run::{RunEnd, RunEnded},
    stop::Stop,
    watch::Watch,
};
use tokio::sync::watch;

use super::{Desk, News, Refusal, refusal, runs::chain};

/// How far a run has come.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Its id, once its opening is recorded.
    pub run: Option<RunId>,
    /// Steps that began, the last one goes on.
    pub steps: Vec<String>,
    /// How it ended.
    pub ended: Option<Result<(), Refusal>>,
    /// What it came to, for whoever waited; read from the journal by everybody else.
    pub(super) result: Option<Arc<Outcome>>,
}

/// What a run that ended here came to.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) record: RunRecord,
    /// Why it is in no journal.
    pub(super) unrecorded: Option<String>,
}

/// A run that somebody watches.
pub(super) struct Live {
    pub(super) runbook: String,
    pub(super) stop: Stop,
    pub(super) progress: watch::Receiver<Progress>,
}

/// A run that goes on, or was there before.
#[derive(Debug)]
pub struct Started {
    /// Its id.
    pub run: RunId,
    /// How far it has come; ended already where it was joined after its end.
    pub progress: watch::Receiver<Progress>,
}

impl Started {
    /// Whether it ends within `time`.
    pub async fn ends_within(&mut self, time: Duration) -> bool {
        let ended = self.progress.wait_for(|progress| progress.ended.is_some());
        matches!(tokio::time::timeout(time, ended).await, Ok(Ok(_)))
    }
}

/// Tells the desk and whoever waits what the runner reports.
pub(super) struct Reporter {
    pub(super) desk: Arc<Desk>,
    pub(super) runbook: String,
    pub(super) stop: Stop,
    pub(super) progress: watch::Sender<Progress>,
}

impl Watch for Reporter {
    fn opened(&self, run: &RunId) {
        let live = Live {
            runbook: self.runbook.clone(),
            stop: self.stop.clone(),
            progress: self.progress.subscribe(),
        };
        self.desk.live().insert(run.clone(), live);
        self.progress
            .send_modify(|progress| progress.run = Some(run.clone()));
        self.desk.tell(News::RunOpened {
            run: run.clone(),
            runbook: self.runbook.clone(),
        });
    }

    fn step(&self, name: &str) {
        self.progress
            .send_modify(|progress| progress.steps.push(name.to_owned()));
        if let Some(run) = self.progress.borrow().run.clone() {
            let step = name.to_owned();
            self.desk.tell(News::Step { run, step });
        }
    }

    fn waiting(&self, _what: &str, _seconds: u64) {}

    fn act(&self, _index: usize, _total: usize) {}
}

impl Desk {
    /// What follows from a run's end, whoever still waits for it.
    pub(super) async fn run_over(
        &self,
        progress: &watch::Sender<Progress>,
        ended: Result<RunEnded, RunError>,
    ) {
        let mut news = Vec::new();
        let mut result = None;
        let end = match ended {
            Ok(ended) => {
                let run = ended.run;
                let live = self.live().get(&run).map(|live| live.progress.clone());
                if let (RunEnd::Joined, Some(live)) = (&ended.end, live) {
                    self.follow(progress, &run, live).await;
                    return;
                }
                progress.send_modify(|progress| {
                    progress.run.get_or_insert_with(|| run.clone());
                });
                if let RunEnd::Planned(plan) = &ended.end {
                    let plan = plan.id();
                    news.push(News::PlanWaiting {
                        plan,
                        run: run.clone(),
                    });
                }
                if !matches!(ended.end, RunEnd::Joined) {
                    let state = state_word(&ended.end).to_owned();
                    news.push(News::RunEnded { run, state });
                }
                result = ended.record.map(|record| {
                    Arc::new(Outcome {
                        record: *record,
                        unrecorded: ended.unrecorded,
                    })
                });
                Ok(())
            }
            Err(error) => {
                tracing::warn!(error = %chain(&error), "a run failed");
                Err(refusal::of(&error))
            }
        };
        let run = progress.borrow().run.clone();
        progress.send_modify(|progress| {
            progress.result = result;
            progress.ended = Some(end);
        });
        if let Some(run) = run {
            self.live().remove(&run);
        }
        // Last: whoever hears that it ended finds that it has.
        for news in news {
            self.tell(news);
        }
    }

    /// Hands on the progress of a run that somebody else started.
    async fn follow(
        &self,
        progress: &watch::Sender<Progress>,
        run: &RunId,
        mut first: watch::Receiver<Progress>,
    ) {
        progress.send_modify(|progress| progress.run = Some(run.clone()));
        loop {
            let now = first.borrow_and_update().clone();
            let over = now.ended.is_some();
            progress.send_replace(now);
            if over || first.changed().await.is_err() {
                break;
            }
        }
        // The first one's task is gone: whatever it was, it has ended.
        progress.send_modify(|progress| {
            progress.ended.get_or_insert(Ok(()));
        });
    }
}

/// The state that a run is in after this end, as the journal spells it.
fn state_word(end: &RunEnd) -> &'static str {
    match end {
        RunEnd::Planned(_) => "planned",
        RunEnd::Faulted { .. } => "faulted",
        RunEnd::Cancelled { .. } => "interrupted",
        RunEnd::Concluded
        | RunEnd::Refused(_)
        | RunEnd::StepFailed { .. }
        | RunEnd::Waits(_)
        | RunEnd::Joined => "concluded",
    }
}
