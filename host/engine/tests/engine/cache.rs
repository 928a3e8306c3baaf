//! Compiled code is loaded only if this host wrote it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use interlock_engine::{CacheError, CachePaths, Engine, EngineConfig, EngineError, Limits};

use crate::world::{Server, grants, hostile, input, live};

fn engine(state: &Path) -> Result<Engine, EngineError> {
    let cache = CachePaths {
        folder: state.join("cache"),
        key: state.join("cache.key"),
    };
    Engine::new(EngineConfig {
        cache: Some(cache),
        runs_max: 2,
        ..EngineConfig::default()
    })
}

fn entries(state: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<_> = fs::read_dir(state.join("cache"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    entries
}

async fn works(state: &Path) {
    let step = engine(state).unwrap().load(&hostile("reads_once")).unwrap();
    let ran = step.link(&grants()).unwrap();
    let ran = ran
        .run(
            input(),
            live(Server::readers(std::time::Duration::ZERO)),
            &Limits::default(),
        )
        .await;
    assert!(ran.end.is_ok(), "{:?}", ran.end);
}

#[tokio::test]
async fn a_compiled_component_is_kept_and_used() {
    let state = tempfile::tempdir().unwrap();
    works(state.path()).await;
    let [entry] = &entries(state.path())[..] else {
        panic!("one entry")
    };
    let before = (
        fs::metadata(entry).unwrap().modified().unwrap(),
        fs::read(entry).unwrap(),
    );
    works(state.path()).await;
    assert_eq!(
        before,
        (
            fs::metadata(entry).unwrap().modified().unwrap(),
            fs::read(entry).unwrap()
        )
    );
    assert_eq!(
        fs::metadata(state.path().join("cache.key"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    assert_eq!(
        fs::metadata(state.path().join("cache"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o700
    );
}

#[tokio::test]
async fn a_planted_or_damaged_entry_is_rebuilt_and_never_loaded() {
    let state = tempfile::tempdir().unwrap();
    works(state.path()).await;
    let entry = entries(state.path()).remove(0);
    let good = fs::read(&entry).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    let mut code = good.clone();
    code[0] ^= 1;
    // Another component's entry, whole and written by this host, under this one's name.
    let other = tempfile::tempdir().unwrap();
    fs::copy(
        state.path().join("cache.key"),
        other.path().join("cache.key"),
    )
    .unwrap();
    engine(other.path())
        .unwrap()
        .load(&hostile("trap"))
        .unwrap();
    let swapped = fs::read(entries(other.path()).remove(0)).unwrap();
    // The same component's entry by a host with another key.
    let stranger = tempfile::tempdir().unwrap();
    works(stranger.path()).await;
    let strange = fs::read(entries(stranger.path()).remove(0)).unwrap();
    for planted in [
        flipped,
        code,
        swapped,
        strange,
        good[..good.len() / 2].to_vec(),
        Vec::new(),
        b"x".to_vec(),
    ] {
        fs::write(&entry, &planted).unwrap();
        works(state.path()).await;
        let found = fs::read(&entry).unwrap();
        assert_ne!(found, planted);
        assert_eq!(found.len(), good.len());
    }
}

#[tokio::test]
async fn a_key_that_others_may_read_is_refused() {
    let state = tempfile::tempdir().unwrap();
    works(state.path()).await;
    let key = state.path().join("cache.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(
        engine(state.path()),
        Err(EngineError::Cache(CacheError::Key { .. }))
    ));
    fs::remove_file(&key).unwrap();
    std::os::unix::fs::symlink(state.path().join("elsewhere"), &key).unwrap();
    assert!(matches!(
        engine(state.path()),
        Err(EngineError::Cache(CacheError::Io { .. }))
    ));
}
