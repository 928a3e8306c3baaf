//! A step of another language, with WASI under it. Needs `componentize-py`; where it is not
//! installed there is nothing to build, and the test says so.

use std::{fs, path::Path, process::Command, time::Duration};

use interlock_engine::{Ended, Grants, Limits, Source, Tier};

use crate::world::{ENGINE, RUNBOOK, Server, grants, input, live};

/// The component of `tests/hostile/python`.
fn build() -> Option<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = tempfile::tempdir().unwrap();
    let wit = folder.path().join("wit");
    for package in ["read", "write", "step"] {
        copy(
            &root.join("runbook-sdk/wit").join(package),
            &wit.join("deps").join(package),
        );
    }
    copy(&root.join("tests/hostile/python"), folder.path());
    fs::rename(folder.path().join("world.wit"), wit.join("world.wit")).unwrap();
    let built = Command::new("componentize-py")
        .args([
            "-d",
            "wit",
            "-w",
            "python-step",
            "componentize",
            "app",
            "-o",
            "app.wasm",
        ])
        .current_dir(folder.path())
        .output();
    match built {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        built => {
            let built = built.unwrap();
            assert!(
                built.status.success(),
                "{}",
                String::from_utf8_lossy(&built.stderr)
            );
            Some(fs::read(folder.path().join("app.wasm")).unwrap())
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_step_runs_in_the_empty_world_and_replays_bit_for_bit() {
    let Some(bytes) = build() else {
        eprintln!("not run: `componentize-py` is not installed");
        return;
    };
    let step = ENGINE.load(&bytes).unwrap();
    assert_eq!(step.tier(), Tier::Read);
    let linked = step.link(&grants()).unwrap();
    let ran = linked
        .run(
            input(),
            live(Server::readers(Duration::from_millis(5))),
            &Limits::default(),
        )
        .await;
    let Ok(Ended::Report(report)) = &ran.end else {
        panic!("{:?}", ran.end)
    };
    assert_eq!(report.summary, "2 sessions; no files; {} []");
    let bytes = ran.cassette.canonical().unwrap();
    let linked = step.link(&Grants::for_replay(RUNBOOK)).unwrap();
    let again = linked
        .run(input(), Source::Tape(ran.cassette), &Limits::default())
        .await;
    assert_eq!(ran.end, again.end);
    assert_eq!(bytes, again.cassette.canonical().unwrap());
}
