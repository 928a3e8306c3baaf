//! What was recorded cannot be changed unseen: entries, their end, and the whole store.

use std::fs;
use std::path::{Path, PathBuf};

use interlock_system_tests::{Person, World};
use rusqlite::Connection;

use crate::waiting::{Waiting, bob, full, started};

const STATE: &str = "state";

/// Copies the state folder as it is, with its owners and modes.
async fn copied(world: &World, from: &str, to: &str) -> PathBuf {
    let target = world.path(to);
    if target.exists() {
        fs::remove_dir_all(&target).unwrap();
    }
    let (from, to) = (world.path(from), target.display().to_string());
    let copy = ["-a", &from.display().to_string(), &to];
    let ran = world.run(Person::Bob, Path::new("cp"), &copy).await;
    ran.unwrap().expect(0);
    target
}

/// Verifies the journal of that state folder.
async fn verified(world: &World, state: &str) -> interlock_system_tests::Ran {
    let config = fs::read_to_string(world.path("interlock.toml")).unwrap();
    let config = config.replace("state_dir = \"state\"", &format!("state_dir = {state:?}"));
    world.write("other.toml", &config, 0o644).unwrap();
    bob(
        world,
        &["--config", "other.toml", "journal", "verify", "--json"],
    )
    .await
}

/// Runs SQL in that state's store, behind everybody's back.
fn meddle(state: &Path, sql: &str) {
    let store = Connection::open(state.join("interlock.db")).unwrap();
    // The store itself refuses to change what was recorded; whoever writes to its file can take that away.
    let list = "select name from sqlite_master where type = 'trigger'";
    let names: Vec<String> = {
        let mut asked = store.prepare(list).unwrap();
        let rows = asked.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    for name in names {
        let drop = format!("drop trigger {name}");
        store.execute_batch(&drop).unwrap();
    }
    store.execute_batch(sql).unwrap();
    store
        .execute_batch("pragma wal_checkpoint(truncate)")
        .unwrap();
    drop(store);
    for name in ["interlock.db-wal", "interlock.db-shm"] {
        let _ = fs::remove_file(state.join(name));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_was_altered_cut_or_rolled_back_is_refused_and_the_place_named() {
    let world = started(full()).await;
    let waiting = Waiting::of(&world).await.narrowed(&world, "1-2").await;
    copied(&world, STATE, "older").await;
    waiting
        .decide(&world, "approve", Person::Alice)
        .await
        .expect(0);
    let applied = waiting.apply(&world, &[]).await;
    assert_eq!(applied.json()["result"], "done", "{}", applied.everything());
    let good = verified(&world, STATE).await.expect(0).json();
    let entries = good["entries"].as_u64().unwrap();
    assert_eq!((&good["ok"], &good["redeemed"]), (&true.into(), &1.into()));

    // One entry says something else: it is named.
    let altered = entries / 2;
    let state = copied(&world, STATE, "altered").await;
    let sql = format!(
        "update entry set bytes = cast(replace(cast(bytes as text), '202', '203') as blob) \
         where idx = {altered}"
    );
    meddle(&state, &sql);
    let bad = verified(&world, "altered").await.expect(1).json();
    let place = &bad["first_bad"];
    let (first, last) = (place["first"].as_u64(), place["last"].as_u64());
    assert!(first <= Some(altered) && Some(altered) <= last, "{bad:#}");

    // What was kept beside the entries, the cassettes among it, is cut: a replay says so.
    let state = copied(&world, STATE, "spoilt").await;
    meddle(
        &state,
        "update blob set bytes = substr(bytes, 1, length(bytes) / 2)",
    );
    let spoilt = verified(&world, "spoilt").await.expect(1);
    assert!(spoilt.stderr.contains("damaged"), "{}", spoilt.stderr);
    for command in ["replay", "undo"] {
        let ran = bob(&world, &["--config", "other.toml", command, &waiting.run]).await;
        assert!(![0, 101].contains(&ran.code), "{ran:#?}");
        assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
    let replay = ["--config", "other.toml", "replay", &waiting.run];
    let replay = bob(&world, &replay).await;
    assert!(replay.stderr.contains("damaged"), "{}", replay.stderr);

    // Its end is gone.
    let state = copied(&world, STATE, "cut").await;
    meddle(
        &state,
        &format!(
            "pragma foreign_keys = off; delete from entry where idx >= {}",
            entries - 2
        ),
    );
    let cut = verified(&world, "cut").await;
    assert_eq!(cut.code, 1, "{cut:#?}");

    // Half of the file is gone.
    let state = copied(&world, STATE, "half").await;
    let store = fs::File::options()
        .write(true)
        .open(state.join("interlock.db"))
        .unwrap();
    store.set_len(store.metadata().unwrap().len() / 2).unwrap();
    for name in ["interlock.db-wal", "interlock.db-shm"] {
        let _ = fs::remove_file(state.join(name));
    }
    let half = verified(&world, "half").await;
    assert_eq!(half.code, 1, "{half:#?}");
    assert!(!half.stderr.contains("panicked"), "{}", half.stderr);

    // An older copy of the store beside the newer checkpoint: nothing is done with it at all.
    let older = world.path("older");
    fs::remove_file(older.join("checkpoint")).unwrap();
    let keep = ["-a", "state/checkpoint", "older/checkpoint"];
    let kept = world.run(Person::Bob, Path::new("cp"), &keep).await;
    kept.unwrap().expect(0);
    let rolled = verified(&world, "older").await;
    assert_eq!(rolled.code, 1, "{rolled:#?}");
    assert!(rolled.everything().contains("it was cut"), "{rolled:#?}");
    let list = bob(&world, &["--config", "other.toml", "plan", "list"]).await;
    assert_eq!(list.code, 1, "{list:#?}");
    assert!(list.stderr.contains("rolled back"), "{}", list.stderr);
    let apply = ["--config", "other.toml", "apply", &waiting.plan];
    let apply = bob(&world, &apply).await.expect(1);
    assert!(apply.stderr.contains("rolled back"), "{}", apply.stderr);

    // A store without its key, and one without its checkpoint, could be anybody's.
    for file in ["host.key", "checkpoint"] {
        let state = copied(&world, STATE, "without").await;
        fs::remove_file(state.join(file)).unwrap();
        let without = verified(&world, "without").await;
        assert_eq!(without.code, 1, "without {file}: {without:#?}");
        let list = bob(&world, &["--config", "other.toml", "plan", "list"]).await;
        assert_eq!(list.code, 1, "without {file}: {list:#?}");
        assert!(!state.join(file).exists(), "{file} is not made anew");
    }
    verified(&world, STATE).await.expect(0);

    exported(&world, &waiting).await;
}

/// What somebody with the file and the host's public key, and no more, can check.
async fn exported(world: &World, waiting: &Waiting) {
    let export = ["journal", "export", "--out", "journal.export", "--json"];
    let export = bob(world, &export).await.expect(0).json();
    let key = export["host_key"].as_str().unwrap();
    let file = world.path("journal.export").display().to_string();
    let check = |key: String, file: String| async move {
        let check = [
            "journal",
            "verify",
            "--file",
            &file,
            "--host-key",
            &key,
            "--json",
        ];
        world.interlock(Person::Carol, &check).await.unwrap()
    };
    let good = check(key.to_owned(), file.clone()).await.expect(0).json();
    assert_eq!((&good["ok"], &good["redeemed"]), (&true.into(), &1.into()));
    // Without the key the file vouches for nothing.
    let alone = ["journal", "verify", "--file", &file];
    world
        .interlock(Person::Carol, &alone)
        .await
        .unwrap()
        .expect(2);

    let text = fs::read_to_string(&file).unwrap();
    let altered = text.replacen("end stuck sessions", "end other sessions", 1);
    assert_ne!(text, altered);
    let altered = world.write("altered.export", &altered, 0o644).unwrap();
    let bad = check(key.to_owned(), altered.display().to_string()).await;
    assert!([1, 2].contains(&bad.code), "{bad:#?}");
    let cut: String = text.split_inclusive('\n').take(4).collect();
    let cut = world.write("cut.export", &cut, 0o644).unwrap();
    let cut = check(key.to_owned(), cut.display().to_string()).await;
    assert!([1, 2].contains(&cut.code), "{cut:#?}");

    let prove = bob(world, &["journal", "prove", &waiting.plan, "--json"]).await;
    let proof = prove.expect(0).json();
    assert_eq!(proof["host_key"], key);
    assert!(
        proof["proof"].as_str().unwrap().contains("interlock"),
        "{proof:#}"
    );
}
