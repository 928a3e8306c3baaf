//! A store that is older than this version's schema, and one whose kept bytes and runs are found
//! wherever they lie.

use super::*;
use crate::merkle;
use crate::verify::{Anchors, verify_store};
use rusqlite::{Connection, params};

fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("interlock.db")).unwrap()
}

/// Makes the store one of an older version, with all that it holds.
fn put_back(folder: &Path, version: i64) {
    let database = database(folder);
    let columns = "SELECT idx, hashes FROM entry ORDER BY idx";
    let entries: Vec<(u64, Vec<u8>)> = database
        .prepare(columns)
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    database
        .execute_batch(
            "PRAGMA foreign_keys = OFF;
             CREATE TABLE hash (idx INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;
             DROP INDEX entry_run; DROP INDEX entry_kind; DROP TRIGGER entry_is_never_changed;
             ALTER TABLE entry DROP COLUMN apart; ALTER TABLE entry DROP COLUMN hashes;
             CREATE INDEX entry_run ON entry (run, idx) WHERE run IS NOT NULL;
             CREATE INDEX entry_kind ON entry (kind, idx);
             CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
               BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
             CREATE TRIGGER hash_is_never_changed BEFORE UPDATE ON hash
               BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
             CREATE TABLE old (run TEXT PRIMARY KEY, idx INTEGER NOT NULL REFERENCES entry (idx),
               id_key TEXT UNIQUE, runbook TEXT NOT NULL, state TEXT NOT NULL) STRICT;
             INSERT INTO old SELECT run, idx, id_key, runbook, state FROM run;
             DROP TABLE run; ALTER TABLE old RENAME TO run;
             INSERT INTO blob SELECT digest, bytes FROM fresh; DROP TABLE fresh;",
        )
        .unwrap();
    for (index, hashes) in entries {
        for (place, hash) in (merkle::first_hash_of(index)..).zip(hashes.chunks(32)) {
            database
                .execute("INSERT INTO hash VALUES (?1, ?2)", params![place, hash])
                .unwrap();
        }
    }
    if version == 1 {
        database
            .execute_batch("DROP TABLE about; DROP TABLE incident;")
            .unwrap();
    }
    database
        .pragma_update(None, "user_version", version)
        .unwrap();
}

/// What a store says that was written to in every way.
fn told(store: &SqliteStore, plan: &Plan) -> String {
    block_on(store.rows_equal_the_fold()).unwrap();
    format!(
        "{:?}",
        (
            block_on(store.events(&sample::run("k7qd"))).unwrap(),
            block_on(store.runs(9)).unwrap(),
            block_on(store.plans(9)).unwrap(),
            block_on(store.history(&plan.id())).unwrap(),
            block_on(store.incidents(9)).unwrap(),
            block_on(store.entries_of("policy")).unwrap(),
            block_on(store.blob(&interlock_gate::ids::BlobDigest::of(b"kept"))).unwrap(),
            block_on(store.head()).unwrap(),
        )
    )
}

#[test]
fn a_store_of_every_older_version_says_the_same_once_it_is_opened_and_goes_on() {
    for version in [1, 2] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).unwrap();
        let (plan, token) = approved(&store, "k7qd", 2);
        intend(&store, &plan, 0, &token).unwrap();
        record(&store, sample::done(&plan, 0)).unwrap();
        record(&store, sample::run_opened("b704")).unwrap();
        block_on(store.keep(b"kept".to_vec())).unwrap();
        let before = told(&store, &plan);
        drop(store);
        put_back(folder.path(), version);
        let store = open(folder.path()).unwrap();
        assert_eq!(told(&store, &plan), before, "version {version}");
        intend(&store, &plan, 1, &token).unwrap();
        record(&store, sample::done(&plan, 1)).unwrap();
        assert_eq!(
            block_on(store.events(&sample::run("k7qd"))).unwrap().len(),
            7
        );
        block_on(store.rows_equal_the_fold()).unwrap();
        drop(store);
        let verdict = verify_store(folder.path(), "interlock.demo", &Anchors::default()).unwrap();
        assert!(verdict.is_good(), "version {version}: {verdict:?}");
    }
}

#[test]
fn a_run_s_entries_are_all_found_however_they_lie_among_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let names = ["aaaa", "bbbb", "cccc"];
    let said = |name: &str| Entry::Refused {
        run: Some(sample::run(name)),
        plan: None,
        asked: "plan".into(),
        reasons: vec!["no".into()],
    };
    for name in names {
        record(&store, sample::run_opened(name)).unwrap();
    }
    let mut count = [1; 3];
    for place in [0, 0, 1, 2, 2, 2, 0, 1, 1, 0, 2] {
        record(&store, said(names[place])).unwrap();
        count[place] += 1;
        // What was read before this is older than it.
        let late = block_on(store.record(said(names[place]), size(&store) - 1));
        assert!(matches!(late, Err(Refused::Newer { .. })), "{late:?}");
    }
    for (name, count) in names.iter().zip(count) {
        let events = block_on(store.events(&sample::run(name))).unwrap();
        assert_eq!(events.len(), count);
        assert!(events.is_sorted_by_key(|event| event.index));
        let of_it = |event: &crate::entry::Stamped| event.entry.run() == Some(&sample::run(name));
        assert!(events.iter().all(of_it));
    }
    let apart: u64 = database(folder.path())
        .query_row(
            "SELECT count(*) FROM entry WHERE run IS NOT NULL AND apart",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(apart, 7, "one for each stretch but a run's first");
}

#[test]
fn kept_bytes_are_found_before_they_are_in_their_index_and_after() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let large = vec![b'x'; 100_000];
    for bytes in [b"one".to_vec(), b"two".to_vec(), b"one".to_vec(), large] {
        block_on(store.keep(bytes)).unwrap();
    }
    let count = |table: &str| -> u64 {
        database(folder.path())
            .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                row.get(0)
            })
            .unwrap()
    };
    let found = |bytes: &[u8]| {
        let digest = interlock_gate::ids::BlobDigest::of(bytes);
        block_on(store.blob(&digest)).unwrap().as_deref() == Some(bytes)
    };
    let all = || {
        [b"one".as_slice(), b"two", &[b'x'; 100_000]]
            .into_iter()
            .all(found)
    };
    assert!(all());
    assert!(!found(b"three"));
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while count("fresh") > 0 && std::time::Instant::now() < until {
        std::thread::yield_now();
    }
    assert_eq!((count("fresh"), count("blob")), (0, 3));
    assert!(all());
}

#[test]
fn a_run_s_end_is_signed_for_once_it_is_quiet_and_when_the_store_is_closed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let end = |name: &str| Entry::RunEnded {
        run: sample::run(name),
        state: "concluded".into(),
    };
    record(&store, sample::run_opened("aaaa")).unwrap();
    record(&store, end("aaaa")).unwrap();
    let signed = || block_on(store.checkpoint()).unwrap().head().size;
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while signed() < 3 && std::time::Instant::now() < until {
        std::thread::yield_now();
    }
    assert_eq!(signed(), 3);
    record(&store, sample::run_opened("bbbb")).unwrap();
    record(&store, end("bbbb")).unwrap();
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(block_on(store.checkpoint()).unwrap().head().size, 5);
}
