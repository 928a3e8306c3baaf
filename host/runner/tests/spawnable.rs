//! What a server needs of the runner's futures: each can be a task of its own.

use std::sync::Arc;

use interlock_gate::ids::{PlanDigest, RunId};
use interlock_runner::{caller::Caller, open::Runner, run::RunAsk, watch::Watch};

fn spawnable<T: Future + Send + 'static>(future: T) -> T {
    future
}

/// Compiles, or a server cannot be written.
fn tasks(runner: &Arc<Runner>, ask: RunAsk, plan: PlanDigest, run: RunId, caller: Caller) {
    let watch: Arc<dyn Watch> = Arc::new(interlock_runner::watch::Unwatched);
    let (mine, watching) = (Arc::clone(runner), Arc::clone(&watch));
    drop(spawnable(
        async move { mine.run(ask, watching.as_ref()).await },
    ));
    let mine = Arc::clone(runner);
    drop(spawnable(async move {
        let tokens: Vec<Vec<u8>> = Vec::new();
        mine.apply(plan, &tokens, &caller, watch.as_ref()).await
    }));
    let mine = Arc::clone(runner);
    drop(spawnable(async move { mine.run_record(&run).await }));
}

#[test]
fn a_run_an_apply_and_a_record_can_be_tasks() {
    // The test is that `tasks` compiles: its futures are `Send + 'static`.
    let _checked = tasks;
}
