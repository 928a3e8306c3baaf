//! What a thousand runs cost that wait for a backend which does not answer.

use std::time::Duration;

use futures::future::join_all;
use interlock_system_tests::{Asker, Doorstep, METRIC_ONCE};
use serde_json::json;

use super::UNLIMITED;
use crate::error::{BenchError, setup};
use crate::turns::{Figure, Measured};

const RUNS: usize = 1_000;
const MIB: f64 = 1024.0 * 1024.0;
/// What the server may hold in memory meanwhile, in bytes.
const RESIDENT_MAX: u64 = 300 * 1024 * 1024;

const FIGURE: Figure = Figure {
    name: "waiting",
    about: "resident memory of the server while 1,000 runs wait on a backend that does not answer; \
            against 300 MiB (one MiB is shown as one second)",
    ours: "interlock serve",
    baseline: "300 MiB",
    limit: 1.0,
    warm_up: 0,
    rounds: 1,
};

pub(crate) async fn measure() -> Result<Measured, BenchError> {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .map_err(setup("listen"))?;
    let address = silent.local_addr().map_err(setup("listen"))?;
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = silent.accept().await {
            held.push(connection);
        }
    });
    let source = format!("[source.prometheus]\nurl = \"http://{address}\"\ntimeout = \"60s\"\n");
    let host = Doorstep::new(METRIC_ONCE, UNLIMITED, &source)?;
    let server = host.serve().await?;
    let client = client()?;
    let idle = server.resident();
    let posts = (0..RUNS).map(async |_| {
        let answer = client
            .post(format!("{}/runs", server.url))
            .bearer_auth(Asker::Agent.token())
            .json(&json!({ "runbook": Doorstep::RUNBOOK }))
            .send()
            .await
            .map_err(setup("start a run"))?;
        let status = answer.status();
        let text = answer.text().await.map_err(setup("read an answer"))?;
        if status.is_success() {
            return Ok(());
        }
        Err(BenchError::Undone {
            side: "interlock serve",
            why: format!("{status}: {text}"),
        })
    });
    for started in join_all(posts).await {
        started?;
    }
    // A moment for what starting them has taken to be given back.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let going = going(&client, &server.url).await?;
    if going < RUNS {
        return Err(BenchError::Undone {
            side: "interlock serve",
            why: format!("{going} of {RUNS} runs wait"),
        });
    }
    let waiting = server.resident();
    println!(
        "waiting: {:.1} MiB when idle, {:.1} MiB with {going} runs, {:.1} KiB a run",
        idle as f64 / MIB,
        waiting as f64 / MIB,
        (waiting.saturating_sub(idle)) as f64 / 1024.0 / RUNS as f64
    );
    let shown = |bytes: u64| Ok(Duration::from_secs_f64(bytes as f64 / MIB));
    FIGURE
        .measure_told(async || shown(waiting), async || shown(RESIDENT_MAX))
        .await
}

pub(super) fn client() -> Result<reqwest::Client, BenchError> {
    reqwest::Client::builder()
        .timeout(Duration::from_secs(60))
        .build()
        .map_err(setup("make an HTTP client"))
}

/// How many runs go on, as the server's own metrics count them.
async fn going(client: &reqwest::Client, url: &str) -> Result<usize, BenchError> {
    let text = client
        .get(format!("{url}/metrics"))
        .bearer_auth(Asker::Agent.token())
        .send()
        .await
        .map_err(setup("read the metrics"))?
        .text()
        .await
        .map_err(setup("read the metrics"))?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("interlock_runs_going_on "));
    line.and_then(|number| number.trim().parse().ok())
        .ok_or_else(|| BenchError::Undone {
            side: "interlock serve",
            why: "its metrics have no `interlock_runs_going_on`".into(),
        })
}
