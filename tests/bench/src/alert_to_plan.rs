//! From the alert to the plan, against somebody who asks the same by hand.

use std::process::Stdio;

use interlock_system_tests::{Person, World};
use interlock_test_servers::Plot;
use interlock_test_servers::postgres::RESERVED_ROLE;
use serde_json::Value;

use crate::error::{BenchError, setup};
use crate::questions::{Places, Script, script};
use crate::turns::{Figure, Measured};

/// A run as the demo types it.
const RUN: [&str; 6] = [
    "run",
    "postgres-connections",
    "--incident",
    "incident.toml",
    "-i",
    "stuck_after=2s",
];
/// The run ends with a plan that waits for approval.
const WAITS: i32 = 3;

const FIGURE: Figure = Figure {
    name: "alert-to-plan",
    about: "`interlock run postgres-connections` on the demo's incident, from its start to its \
            plan, journal included; against a shell script that asks what the run asked of the \
            servers, with `psql` and `curl` one after another",
    ours: "interlock run",
    baseline: "shell script",
    limit: 0.5,
    warm_up: 2,
    rounds: 20,
};

pub(crate) async fn measure() -> Result<Measured, BenchError> {
    eprintln!("alert-to-plan: real servers start, and the incident ripens for about two minutes");
    let world = World::build(Plot::IdleInTransaction).start().await?;
    let script = questions(&world).await?;
    eprintln!(
        "alert-to-plan: the script asks {} questions; {} of the run's that read a file are left \
         out of it",
        script.asked, script.files
    );
    FIGURE
        .measure(
            async || run(&world, &[]).await.map(drop),
            async || by_hand(&script).await,
        )
        .await
}

/// Runs the runbook once; the change it finds is always the same one.
async fn run(world: &World, more: &[&str]) -> Result<String, BenchError> {
    let arguments: Vec<&str> = RUN.iter().chain(more).copied().collect();
    let ran = world.interlock(Person::Bob, &arguments).await?;
    if ran.code == WAITS {
        return Ok(ran.stdout);
    }
    Err(BenchError::Undone {
        side: "interlock",
        why: format!("exit code {}: {}", ran.code, ran.everything()),
    })
}

/// What a first run has asked, as a script.
async fn questions(world: &World) -> Result<Script, BenchError> {
    let document = json(&run(world, &["--json"]).await?)?;
    let id = document["run"].as_str().unwrap_or_default();
    let show = ["runs", "show", id, "--calls", "--json"];
    let shown = json(&world.interlock(Person::Bob, &show).await?.stdout)?;
    let missing = |what| BenchError::Undone {
        side: "interlock",
        why: format!("{what}: {shown}"),
    };
    let calls = shown["calls"].as_array();
    let calls = calls.ok_or_else(|| missing("the record lists no calls"))?;
    let stack = world
        .stack()
        .ok_or_else(|| missing("nothing watches the database"))?;
    script(
        calls,
        &Places {
            dsn: &world.postgres().dsn(RESERVED_ROLE, "postgres"),
            prometheus: &stack.prometheus.url(),
            alertmanager: &stack.alertmanager.url(),
        },
    )
}

fn json(text: &str) -> Result<Value, BenchError> {
    serde_json::from_str(text).map_err(setup("read what `interlock` wrote"))
}

async fn by_hand(script: &Script) -> Result<(), BenchError> {
    let output = tokio::process::Command::new("sh")
        .args(["-c", &script.text])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output()
        .await
        .map_err(setup("start `sh`"))?;
    if output.status.success() && !output.stdout.is_empty() {
        return Ok(());
    }
    Err(BenchError::Undone {
        side: "the shell script",
        why: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}
