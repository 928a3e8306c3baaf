//! The files as they are at each moment of each write: any of them may be what is found later.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use super::*;
use crate::sqlite::writer::{Moment, Writer};
use crate::verify::{Anchors, verify_store};
use interlock_gate::state::PlanState;

/// What a process that is killed leaves behind: every file, as it is.
fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

#[test]
fn every_journal_write_may_be_the_last() {
    let (folder, found) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let moments: Arc<Mutex<Vec<(Moment, PathBuf)>>> = Arc::default();
    let (from, to, seen) = (
        folder.path().to_owned(),
        found.path().to_owned(),
        moments.clone(),
    );
    let watch = move |writer: &mut Writer| {
        writer.watch = Some(Box::new(move |moment| {
            let mut seen = seen.lock().unwrap();
            let place = to.join(seen.len().to_string());
            copy(&from, &place);
            seen.push((moment, place));
        }));
    };
    let hand = Hand::new();
    let store = SqliteStore::open_with(
        folder.path(),
        "interlock.demo",
        "0.1.0",
        hand.clock(),
        watch,
    )
    .unwrap();
    let (plan, token) = approved(&store, "k7qd", 2);
    for index in 0..2 {
        intend(&store, &plan, index, &token).unwrap();
        record(&store, sample::done(&plan, index)).unwrap();
    }
    drop(store);
    let moments = moments.lock().unwrap();
    // Eight writes; the run's opening and the outcomes put no checkpoint outside.
    assert_eq!(moments.len(), 8 * 2 + 5);
    let mut states = std::collections::BTreeMap::<String, u32>::new();
    for (moment, place) in moments.iter() {
        let state = found_later(place, &plan, &token);
        *states.entry(format!("{moment:?} {state}")).or_default() += 1;
    }
    // An intent without its outcome shows as a doubt, and only after it was committed.
    assert!(
        states.keys().any(|state| state == "AfterCommit in doubt"),
        "{states:?}"
    );
    assert!(
        states.keys().any(|state| state == "BeforeCommit applying"),
        "{states:?}"
    );
}

/// Opens what was left, checks what must always hold, and says how the plan stands.
fn found_later(place: &Path, plan: &Plan, token: &Token) -> String {
    let store = open(place).unwrap();
    block_on(store.rows_equal_the_fold()).unwrap();
    let verdict = verify_store(place, "interlock.demo", &Anchors::default()).unwrap();
    assert!(
        verdict.first_bad.is_none() && verdict.problems.is_empty(),
        "{verdict:?}"
    );
    let Ok(history) = block_on(store.history(&plan.id())) else {
        return "not made".to_owned();
    };
    let doubts = block_on(store.doubts()).unwrap();
    // Whatever was begun is never begun again.
    let intents = history.intents.len();
    for index in 0..u16::try_from(intents).unwrap() {
        assert!(intend(&store, plan, index, token).is_err());
    }
    match (doubts.len(), history.state) {
        (0, PlanState::Applying { next }) => {
            assert_eq!(usize::from(next), intents);
            "applying".to_owned()
        }
        (0, state) => state.to_string(),
        (1, PlanState::Applying { .. }) => {
            assert!(
                intend(&store, plan, 1, token).is_err(),
                "a doubt stops the plan"
            );
            "in doubt".to_owned()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_waits_together_commits_together() {
    let folder = tempfile::tempdir().unwrap();
    let commits = Arc::new(AtomicU64::new(0));
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let seen = commits.clone();
    let watch = move |writer: &mut Writer| {
        writer.watch = Some(Box::new(move |moment| {
            // The first commit waits until all the others were asked for.
            if moment == Moment::BeforeCommit && seen.fetch_add(1, Ordering::SeqCst) == 0 {
                wait.recv().unwrap();
            }
        }));
    };
    let clock = Hand::new().clock();
    let store =
        SqliteStore::open_with(folder.path(), "interlock.demo", "0.1.0", clock, watch).unwrap();
    let run = |n| store.record(sample::run_opened(&format!("n{n}")), ANY_SIZE);
    let first = run(100);
    while commits.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    // The last is refused, and takes none of the others with it.
    let rest: Vec<_> = [101, 102, 103, 104, 104].into_iter().map(run).collect();
    go.send(()).unwrap();
    block_on(first).unwrap();
    let taken: Vec<bool> = rest
        .into_iter()
        .map(|answer| block_on(answer).is_ok())
        .collect();
    assert_eq!(taken, [true, true, true, true, false]);
    assert_eq!(commits.load(Ordering::SeqCst), 2);
    assert_eq!(size(&store), 6);
}
