//! Steps of other languages, with WASI under them: what was built by tools that we did not shape.
//!
//! `cargo xtask test` installs the builders from PyPI and npm. What they build and what that
//! compiles to are kept beside the other steps in the target folder: together they take a minute.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use interlock_capabilities::report::Report;
use interlock_engine::{
    CachePaths, ClockStart, Ended, Engine, EngineConfig, Grants, Limits, Ran, Seed, Source, Step,
    Tier,
};
use interlock_gate::ids::CallId;
use sha2::{Digest, Sha256};

use crate::world::{RUNBOOK, Server, grants, input, start};

const PACKAGES: [&str; 3] = ["read", "write", "step"];

/// A language, and what makes components of it.
#[derive(Debug, Clone, Copy)]
struct Language {
    /// Its folder under `tests/hostile`, and in the target folder.
    name: &'static str,
    /// The step's own source.
    source: &'static str,
    /// The builder, under the target folder's `tools`: a program, and the script it runs.
    builder: (&'static str, Option<&'static str>),
    arguments: &'static [&'static str],
    /// How to get the builder by hand.
    install: &'static str,
}

const PYTHON: Language = Language {
    name: "python",
    source: "app.py",
    builder: ("python/bin/componentize-py", None),
    arguments: &[
        "-d",
        "wit",
        "-w",
        "python-step",
        "componentize",
        "app",
        "-o",
        "app.wasm",
    ],
    install: "python3 -m venv TOOLS/python && TOOLS/python/bin/pip install componentize-py==0.25.0",
};

const JAVASCRIPT: Language = Language {
    name: "javascript",
    source: "app.js",
    builder: (
        "node/node_modules/node/bin/node",
        Some("node/node_modules/@bytecodealliance/componentize-js/src/cli.js"),
    ),
    // It would import WASI's HTTP otherwise, which the empty world has not.
    arguments: &[
        "app.js",
        "--wit",
        "wit",
        "--world-name",
        "javascript-step",
        "--disable",
        "http",
        "fetch-event",
        "--out",
        "app.wasm",
    ],
    install: "npm ci with the lists of tests/agents in TOOLS/node",
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The target folder: this test is `TARGET/PROFILE/deps/engine-HASH`.
fn target() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    here.ancestors().nth(3).unwrap().to_owned()
}

impl Language {
    fn command(self) -> Command {
        let tools = target().join("tools");
        let found = |path: &str| {
            let path = tools.join(path);
            let install = self.install.replace("TOOLS", &tools.display().to_string());
            assert!(
                path.is_file(),
                "no `{}`: `cargo xtask test` installs it, or by hand: {install}",
                path.display(),
            );
            path
        };
        let mut command = Command::new(found(self.builder.0));
        command.args(self.builder.1.map(found));
        command
    }

    /// Every file that the component is made of, by its path in the folder where it is built.
    fn sources(self) -> Vec<(PathBuf, Vec<u8>)> {
        let own = root().join("tests/hostile").join(self.name);
        let read = |path: &Path| fs::read(path).unwrap();
        let mut found = vec![
            (self.source.into(), read(&own.join(self.source))),
            ("wit/world.wit".into(), read(&own.join("world.wit"))),
        ];
        for package in PACKAGES {
            let entries = fs::read_dir(root().join("runbook-sdk/wit").join(package)).unwrap();
            for entry in entries.map(Result::unwrap) {
                let place = Path::new("wit/deps").join(package).join(entry.file_name());
                found.push((place, read(&entry.path())));
            }
        }
        found.sort();
        found
    }

    /// The component, built unless the same sources were built before by the same program.
    fn component(self, kept: &Path) -> Vec<u8> {
        let version = self.command().arg("--version").output().unwrap();
        let mut key = Sha256::new_with_prefix(version.stdout);
        let sources = self.sources();
        for (place, bytes) in &sources {
            key.update(place.to_str().unwrap());
            key.update(Sha256::digest(bytes));
        }
        let built = kept.join(format!("{}.wasm", hex::encode(key.finalize())));
        match fs::read(&built) {
            Ok(bytes) => return bytes,
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::NotFound),
        }
        let folder = tempfile::tempdir_in(kept).unwrap();
        for (place, bytes) in &sources {
            let path = folder.path().join(place);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        let mut build = self.command();
        build.args(self.arguments).current_dir(folder.path());
        let ran = build.output().unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{said}");
        // Whole or not at all: another run of this test may build the same.
        fs::rename(folder.path().join("app.wasm"), &built).unwrap();
        fs::read(built).unwrap()
    }

    fn step(self) -> Step {
        let kept = target().join("steps").join(self.name);
        fs::create_dir_all(&kept).unwrap();
        let engine = Engine::new(EngineConfig {
            cache: Some(CachePaths {
                folder: kept.join("cache"),
                key: kept.join("cache.key"),
            }),
            runs_max: 2,
            ..EngineConfig::default()
        });
        engine.unwrap().load(&self.component(&kept)).unwrap()
    }
}

async fn live(step: &Step, seed: u8) -> Ran {
    let source = Source::Live {
        readers: Server::readers(Duration::from_millis(5)),
        clock: ClockStart::at(start()),
        seed: Seed([seed; 32]),
        first_call: CallId(1),
    };
    let linked = step.link(&grants()).unwrap();
    linked.run(input(), source, &Limits::default()).await
}

fn report(ran: &Ran) -> &Report {
    match &ran.end {
        Ok(Ended::Report(report)) => report,
        other => panic!("{other:?}"),
    }
}

/// What the step says of a thing.
fn said<'a>(report: &'a Report, of: &str) -> &'a str {
    let note = report.notes.iter().find(|note| note.starts_with(of));
    note.unwrap_or_else(|| panic!("nothing of `{of}` in {:?}", report.notes))
}

/// It diagnoses from its one read, nothing of this machine is there, and it replays.
async fn diagnoses_and_replays(language: Language) -> Report {
    let step = tokio::task::spawn_blocking(move || language.step());
    let step = step.await.unwrap();
    assert_eq!(step.tier(), Tier::Read);
    assert!(step.uses_wasi());
    // These builders import an interface whole.
    let asks: Vec<String> = step.capabilities();
    assert!(asks.contains(&"database.sessions".to_owned()));
    assert!(
        asks.iter().all(|name| name.starts_with("database.")),
        "{asks:?}"
    );

    let ran = live(&step, 7).await;
    let found = report(&ran);
    assert_eq!(found.summary, "2 of 2 sessions hold transactions open.");
    assert_eq!(ran.cassette.calls.len(), 1);
    let cause = &found.hypotheses[0];
    assert_eq!(cause.cause, "idle_in_transaction");
    let cited = &cause.supports[0];
    assert_eq!((cited.call, &cited.items[..]), (1, &[0, 1][..]));

    for reach in [
        "read a file",
        "connect",
        "look up a name",
        "start a program",
    ] {
        let came = said(found, reach);
        assert!(!came.ends_with("reached"), "{came}");
    }
    // The clock is the run's, whichever door it is read by.
    let clock: Vec<u64> = said(found, "clock")
        .split(' ')
        .skip(1)
        .map(|number| number.parse().unwrap())
        .collect();
    let from = start().micros();
    // One of the two doors tells whole milliseconds only.
    let run = from - from % 1_000..from + 60_000_000;
    let times = [clock[0], clock[1] / 1_000];
    assert!(times.iter().all(|time| run.contains(time)), "{clock:?}");

    // Played again it is the same, byte for byte.
    let bytes = ran.cassette.canonical().unwrap();
    let linked = step.link(&Grants::for_replay(RUNBOOK)).unwrap();
    let tape = Source::Tape(ran.cassette.clone());
    let again = linked.run(input(), tape, &Limits::default()).await;
    assert_eq!(ran.end, again.end);
    assert_eq!(bytes, again.cassette.canonical().unwrap());

    // Its random values grow from the run's seed.
    let (same, other) = (live(&step, 7).await, live(&step, 8).await);
    assert_eq!(said(found, "random"), said(report(&same), "random"));
    assert_ne!(said(found, "random"), said(report(&other), "random"));
    found.clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_python_step_diagnoses_in_the_empty_world_and_replays_byte_for_byte() {
    let found = diagnoses_and_replays(PYTHON).await;
    for reach in ["list the root", "write a file"] {
        let came = said(&found, reach);
        assert!(!came.ends_with("reached"), "{came}");
    }
    assert!(!Path::new("/tmp/from-a-step").exists());
    let environment = said(&found, "environment");
    assert_eq!(environment, "environment {}, arguments []");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_javascript_step_diagnoses_in_the_empty_world_and_replays_byte_for_byte() {
    diagnoses_and_replays(JAVASCRIPT).await;
}
