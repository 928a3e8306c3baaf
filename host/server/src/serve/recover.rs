//! What a process that died left open.
//! Not a retry: an open run is journalled as interrupted, a doubt stays one for a person to settle.

use interlock_gate::ids::{PlanDigest, RunId};
use interlock_runner::open::Runner;
use interlock_store::{ANY_SIZE, Store as _, StoreError, entry::Entry};

/// Runs that are looked at, the newest.
const RUNS_MAX: usize = 100_000;

/// What a start found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Runs that nobody carries on, journalled as interrupted now.
    pub interrupted: Vec<RunId>,
    /// Plans with an act of which nobody knows whether it happened.
    pub in_doubt: Vec<PlanDigest>,
}

pub(super) async fn recover(runner: &Runner) -> Result<Recovered, StoreError> {
    let store = runner.store();
    let mut recovered = Recovered::default();
    for line in store.runs(RUNS_MAX).await? {
        if line.state != "open" {
            continue;
        }
        // Its lock is free: whoever opened it is gone. The command line may hold others.
        let Ok(_held) = store.hold_run(&line.run) else {
            continue;
        };
        let ended = Entry::RunEnded {
            run: line.run.clone(),
            state: "interrupted".to_owned(),
        };
        match store.record(ended, ANY_SIZE).await {
            Ok(_) => {
                tracing::warn!(run = %line.run, "was open, and nobody carries it on: interrupted");
                recovered.interrupted.push(line.run);
            }
            // It ended between the list and the lock.
            Err(refused) => tracing::warn!(run = %line.run, %refused, "its end is not recorded"),
        }
    }
    for doubt in store.doubts().await? {
        if !recovered.in_doubt.contains(&doubt.plan) {
            tracing::warn!(
                plan = %doubt.plan.short(),
                "is in doubt: a person settles it with `interlock runs reconcile`"
            );
            recovered.in_doubt.push(doubt.plan);
        }
    }
    Ok(recovered)
}
