//! What is refused at opening, and what a store that cannot write does.

use std::fs;

use super::*;

fn database(folder: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(folder.join("interlock.db")).unwrap()
}

#[test]
fn a_store_that_does_not_extend_its_checkpoint_outside_is_rolled_back() {
    let (folder, old) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let store = open(folder.path()).unwrap();
    approved(&store, "k7qd", 1);
    drop(store);
    fs::copy(folder.path().join("interlock.db"), old.path().join("db")).unwrap();
    let store = open(folder.path()).unwrap();
    record(&store, sample::run_opened("b704")).unwrap();
    record(
        &store,
        Entry::RunEnded {
            run: sample::run("b704"),
            state: "concluded".into(),
        },
    )
    .unwrap();
    drop(store);
    fs::copy(old.path().join("db"), folder.path().join("interlock.db")).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::RolledBack {
                checkpoint: 7,
                store: 5
            }
        ),
        "{error}"
    );
    fs::remove_file(folder.path().join("interlock.db")).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::RolledBack {
                checkpoint: 7,
                store: 0
            }
        ),
        "{error}"
    );
}

#[test]
fn a_store_with_another_history_of_the_same_length_is_refused() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(open(one.path()).unwrap());
    fs::copy(one.path().join("host.key"), two.path().join("host.key")).unwrap();
    for (folder, name) in [(&one, "aaaa"), (&two, "bbbb")] {
        let store = open(folder.path()).unwrap();
        approved(&store, name, 1);
    }
    fs::copy(
        two.path().join("interlock.db"),
        one.path().join("interlock.db"),
    )
    .unwrap();
    let error = open(one.path()).unwrap_err();
    assert!(matches!(error, StoreError::RolledBack { .. }), "{error}");
}

#[test]
fn a_store_without_its_key_or_its_checkpoint_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let (key, aside) = (folder.path().join("host.key"), folder.path().join("aside"));
    fs::rename(&key, &aside).unwrap();
    assert!(matches!(
        open(folder.path()),
        Err(StoreError::KeyMissing { .. })
    ));
    assert!(!key.exists(), "no new key takes its place");
    fs::rename(&aside, &key).unwrap();
    fs::remove_file(folder.path().join("checkpoint")).unwrap();
    assert!(matches!(
        open(folder.path()),
        Err(StoreError::CheckpointMissing { .. })
    ));
}

#[test]
fn a_store_of_another_host_is_refused() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(open(one.path()).unwrap());
    drop(open(two.path()).unwrap());
    fs::copy(
        one.path().join("interlock.db"),
        two.path().join("interlock.db"),
    )
    .unwrap();
    let error = open(two.path()).unwrap_err();
    assert!(matches!(
        error,
        StoreError::RolledBack { .. } | StoreError::OtherHost { .. }
    ));
    let error = SqliteStore::open(one.path(), "other", "0.1.0", Hand::new().clock()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the host's key is for `interlock.demo`, not for `other`"
    );
}

#[test]
fn a_database_of_something_else_or_of_later_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    database(folder.path())
        .pragma_update(None, "user_version", 4)
        .unwrap();
    assert!(matches!(
        open(folder.path()),
        Err(StoreError::Newer { found: 4, known: 3 })
    ));
    database(folder.path())
        .pragma_update(None, "application_id", 7)
        .unwrap();
    assert!(matches!(
        open(folder.path()),
        Err(StoreError::NotAStore { .. })
    ));
}

#[test]
fn a_file_in_the_store_s_place_that_is_a_link_is_refused() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    drop(open(folder.path()).unwrap());
    for name in ["interlock.db", "host.key", "checkpoint"] {
        let (here, there) = (folder.path().join(name), other.path().join(name));
        fs::rename(&here, &there).unwrap();
        std::os::unix::fs::symlink(&there, &here).unwrap();
        let error = open(folder.path()).unwrap_err();
        assert!(
            error.to_string().contains("it is a link"),
            "{name}: {error}"
        );
        fs::remove_file(&here).unwrap();
        fs::rename(&there, &here).unwrap();
    }
    drop(open(folder.path()).unwrap());
}

#[test]
fn the_journal_cannot_be_changed_by_a_mistake_of_ours() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    for change in [
        "UPDATE entry SET at = 0",
        "UPDATE entry SET hashes = x''",
        "DELETE FROM entry",
    ] {
        let error = database(folder.path()).execute(change, []).unwrap_err();
        assert!(
            error.to_string().contains("the journal is append-only"),
            "{error}"
        );
    }
}

#[test]
fn a_full_disk_stops_a_write_before_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 2);
    drop(store);
    let full = |writer: &mut crate::sqlite::writer::Writer| {
        let pages: i64 = writer
            .connection
            .pragma_query_value(None, "page_count", |row| row.get(0))
            .unwrap();
        writer
            .connection
            .pragma_update(None, "max_page_count", pages)
            .unwrap();
    };
    let hand = Hand::new();
    let store =
        SqliteStore::open_with(folder.path(), "interlock.demo", "0.1.0", hand.clock(), full)
            .unwrap();
    let before = size(&store);
    // What still fits into half-empty pages may be written; then nothing is.
    let big = block_on(store.keep(vec![1; 1 << 20])).unwrap_err();
    assert!(matches!(big, Refused::Unwritable { .. }), "{big}");
    let mut refused = None;
    for _ in 0..50 {
        let name: String = format!("z{:03}", size(&store));
        match record(&store, sample::run_opened(&name)) {
            Ok(_) => {}
            Err(why) => {
                refused = Some(why);
                break;
            }
        }
    }
    assert!(
        matches!(refused, Some(Refused::Unwritable { .. })),
        "{refused:?}"
    );
    let result = intend(&store, &plan, 0, &token);
    assert!(
        matches!(result, Err(Refused::Unwritable { .. })),
        "{result:?}"
    );
    assert!(size(&store) >= before);
    block_on(store.rows_equal_the_fold()).unwrap();
    drop(store);
    let store = open(folder.path()).unwrap();
    intend(&store, &plan, 0, &token).unwrap();
}

#[test]
fn a_read_only_database_stops_a_write_before_it_starts() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 1);
    drop(store);
    let read_only = |writer: &mut crate::sqlite::writer::Writer| {
        writer
            .connection
            .pragma_update(None, "query_only", "ON")
            .unwrap();
    };
    let clock = Hand::new().clock();
    let store =
        SqliteStore::open_with(folder.path(), "interlock.demo", "0.1.0", clock, read_only).unwrap();
    let result = intend(&store, &plan, 0, &token);
    assert!(
        matches!(result, Err(Refused::Unwritable { .. })),
        "{result:?}"
    );
    assert_eq!(size(&store), 5);
}

#[test]
fn an_intent_whose_checkpoint_cannot_be_put_outside_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 2);
    // A folder in the place of the new checkpoint's file: renaming onto it fails.
    fs::create_dir(folder.path().join("checkpoint.new")).unwrap();
    let result = intend(&store, &plan, 0, &token);
    assert!(
        matches!(result, Err(Refused::Unwritable { .. })),
        "{result:?}"
    );
    let history = block_on(store.history(&plan.id())).unwrap();
    assert_eq!(
        history.state,
        interlock_gate::state::PlanState::Stopped { at: 0 }
    );
    assert!(
        block_on(store.doubts()).unwrap().is_empty(),
        "nothing is left in doubt"
    );
}

#[test]
fn two_processes_redeem_a_plan_once_between_them() {
    let folder = tempfile::tempdir().unwrap();
    let stores = [open(folder.path()).unwrap(), open(folder.path()).unwrap()];
    let (plan, token) = approved(&stores[0], "k7qd", 1);
    let basis = sample::basis(&plan, 0, &[&token], size(&stores[1]));
    let action = sample::action(&plan, 0);
    let taken = std::thread::scope(|scope| {
        let asked: Vec<_> = stores
            .iter()
            .map(|store| scope.spawn(|| block_on(store.append(&action, &basis)).is_ok()))
            .collect();
        asked
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(taken.iter().filter(|taken| **taken).count(), 1);
    block_on(stores[0].rows_equal_the_fold()).unwrap();
}

#[test]
fn entries_written_at_once_by_two_processes_all_stand_in_one_tree() {
    let folder = tempfile::tempdir().unwrap();
    let stores = [open(folder.path()).unwrap(), open(folder.path()).unwrap()];
    std::thread::scope(|scope| {
        for (store, letter) in stores.iter().zip(["a", "b"]) {
            scope.spawn(move || {
                let asked: Vec<_> = (100..120)
                    .map(|n| store.record(sample::run_opened(&format!("{letter}{n}")), ANY_SIZE))
                    .collect();
                for answer in asked {
                    block_on(answer).unwrap();
                }
            });
        }
    });
    assert_eq!(size(&stores[0]), 41);
    block_on(stores[1].rows_equal_the_fold()).unwrap();
}

#[test]
fn a_held_plan_is_held_against_another_store() {
    let folder = tempfile::tempdir().unwrap();
    let stores = [open(folder.path()).unwrap(), open(folder.path()).unwrap()];
    let (plan, _) = approved(&stores[0], "k7qd", 1);
    let held = stores[0].hold(&plan.id()).unwrap();
    assert!(matches!(
        stores[1].hold(&plan.id()),
        Err(crate::HeldBy::Process { .. })
    ));
    drop(held);
    drop(stores[1].hold(&plan.id()).unwrap());
}

#[test]
fn a_store_in_memory_takes_facts_and_no_intent() {
    let clock = Hand::new().clock();
    let store = SqliteStore::in_memory("interlock.demo", "0.1.0", clock.clone()).unwrap();
    let other = SqliteStore::in_memory("interlock.demo", "0.1.0", clock).unwrap();
    let (plan, token) = approved(&store, "k7qd", 2);
    block_on(store.rows_equal_the_fold()).unwrap();
    assert!(
        block_on(other.plan(&plan.id())).unwrap().is_none(),
        "each is one of its own"
    );
    let refused = intend(&store, &plan, 0, &token).unwrap_err();
    assert!(matches!(refused, Refused::Unwritable { .. }), "{refused}");
    assert!(store.hold(&plan.id()).is_err());
}
