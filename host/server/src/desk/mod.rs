//! The one room of calls behind every door.
//!
//! Not a door: no JSON-RPC, no routes, no headers. A door reads what was asked, calls one method
//! here and writes down what it says.
//! Start at [`Desk::run`], then [`Desk::run_shown`] and [`Desk::plan_shown`].
//! Invariant: every method takes the [`Admitted`] who asks, and asks [`Desk::enter`] first. None of
//! them signs, trusts bytes or alters the policy.

mod deliveries;
mod evidence;
mod incidents;
mod live;
mod news;
mod plans;
mod refusal;
mod runbooks;
mod runs;
mod said;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use interlock_gate::{ids::RunId, plan::Requester};
use interlock_runner::{open::Runner, record::RunRecord};
use tokio::sync::{broadcast, watch};
use tokio_util::task::TaskTracker;

pub use deliveries::{Delivered, Undelivered};
pub use live::{Progress, Started};
pub use news::News;
pub(crate) use refusal::of as refused;
pub use runs::{IncidentAsk, RunRequest};
pub use said::{Code, Refusal, Said};

use crate::admit::{Admitted, Pace};
use deliveries::Deliveries;
use live::Live;

/// News that a slow listener may lag behind.
const NEWS_KEPT: usize = 1024;
/// Runs with an id of their caller's that may be opened at the same time.
const TURNS: usize = 32;

/// One host, as agents and people ask it.
pub struct Desk {
    runner: Arc<Runner>,
    pace: Pace,
    live: Mutex<HashMap<RunId, Live>>,
    news: broadcast::Sender<News>,
    stopping: watch::Sender<bool>,
    /// Runs and changes that go on, whoever still waits for them.
    tasks: TaskTracker,
    turns: [tokio::sync::Mutex<()>; TURNS],
    deliveries: Deliveries,
}

impl Desk {
    /// Over an open host.
    pub fn new(runner: Arc<Runner>) -> Arc<Desk> {
        Arc::new(Desk {
            runner,
            pace: Pace::default(),
            live: Mutex::default(),
            news: broadcast::Sender::new(NEWS_KEPT),
            stopping: watch::Sender::new(false),
            turns: Default::default(),
            deliveries: Deliveries::default(),
            tasks: TaskTracker::new(),
        })
    }

    /// The host, for what is no call: health, metrics, start and stop.
    pub fn runner(&self) -> &Arc<Runner> {
        &self.runner
    }

    /// Who has asked how much.
    pub fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Everything that happens from now on.
    pub fn news(&self) -> broadcast::Receiver<News> {
        self.news.subscribe()
    }

    /// Tells whoever listens; that nobody does is no error.
    pub fn tell(&self, news: News) {
        let _ = self.news.send(news);
    }

    /// Counts a call of `who`, and refuses it where they ask too much or the host is stopping.
    pub fn enter(&self, who: &Admitted) -> Result<(), Refusal> {
        if self.is_stopping() {
            return Err(Refusal::new(Code::Stopping, "the server is stopping")
                .next("ask again in a moment"));
        }
        self.pace.call(who, std::time::Instant::now())
    }

    /// As [`Self::enter`], for a call that starts or records something.
    fn enter_to_act(&self, who: &Admitted) -> Result<(), Refusal> {
        self.enter(who)?;
        if who.read_only {
            return Err(Refusal::new(
                Code::ReadOnly,
                format!("`{}` may only read", who.caller.shown()),
            )
            .rule("[[caller]] read_only = true"));
        }
        Ok(())
    }

    /// Whether [`Self::stop`] was called.
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Takes no new calls; runs that go on are for [`Self::settle`].
    pub fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// How many runs go on.
    pub fn running(&self) -> usize {
        self.live().len()
    }

    /// Waits until no run and no change goes on, at most so long; then interrupts the runs that do,
    /// and waits until that is journalled. A change is not interrupted: what it began it settles.
    /// Whether everything has ended; where not, the journal shows a change in doubt.
    pub async fn settle(&self, within: std::time::Duration) -> bool {
        self.tasks.close();
        if tokio::time::timeout(within, self.tasks.wait())
            .await
            .is_ok()
        {
            return true;
        }
        for live in self.live().values() {
            live.stop.stop("the server stops");
        }
        let ended = tokio::time::timeout(within, self.tasks.wait()).await;
        ended.is_ok()
    }

    /// The turn that every run of this id waits for.
    fn turn(&self, id: &str) -> &tokio::sync::Mutex<()> {
        use std::hash::{BuildHasher as _, RandomState};
        static STATE: std::sync::OnceLock<RandomState> = std::sync::OnceLock::new();
        let hash = STATE.get_or_init(RandomState::new).hash_one(id);
        // The remainder is below TURNS.
        &self.turns[usize::try_from(hash % TURNS as u64).unwrap_or(0)]
    }

    fn live(&self) -> std::sync::MutexGuard<'_, HashMap<RunId, Live>> {
        // A map of handles is whole whatever a panicking holder did.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The run as it is recorded, where `who` may see it.
    pub async fn record(&self, who: &Admitted, given: &str) -> Result<RunRecord, Refusal> {
        let via = &who.caller.requester.via;
        let run = self
            .runner
            .find_run(given, via)
            .await
            .map_err(|error| refusal::of(&error))?;
        let record = self
            .runner
            .run_record(&run)
            .await
            .map_err(|error| refusal::of(&error))?;
        self.may_see(who, &record.runbook, "run", given)?;
        Ok(record)
    }

    /// A caller sees what its runbooks made. What it may not see does not exist for it.
    fn may_see(
        &self,
        who: &Admitted,
        runbook: &str,
        what: &str,
        given: &str,
    ) -> Result<(), Refusal> {
        if who.may_use(runbook) {
            return Ok(());
        }
        Err(refusal::not_found(what, given))
    }

    /// Refuses where a run or plan was asked for by somebody whom `who` does not stand beside. What
    /// an unattended caller asked for is anybody's who may run that runbook.
    fn own(&self, who: &Admitted, requester: &Requester, what: &str) -> Result<(), Refusal> {
        let mine = requester.via == who.caller.requester.via
            || (requester.caller.is_some() && requester.caller == who.caller.requester.caller);
        if mine || requester.unattended {
            return Ok(());
        }
        let theirs = requester.caller.as_deref().unwrap_or(&requester.via);
        Err(Refusal::new(
            Code::NotAllowed,
            format!(
                "{what} was asked for by `{}`, and you are `{}`",
                interlock_gate::escape::foreign(theirs),
                who.caller.shown()
            ),
        )
        .next("run the runbook yourself: the same change is put before its approvers once"))
    }
}
