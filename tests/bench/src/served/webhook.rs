//! From forty alerts at once to the plan.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use interlock_system_tests::{Asker, Person, World};
use interlock_test_servers::Plot;
use serde_json::{Value, json};

use super::UNLIMITED;
use super::waiting::client;
use crate::error::{BenchError, setup};
use crate::turns::{Figure, Measured};

const ALERTS: usize = 40;
/// No round may take longer.
const ROUND_WITHIN: Duration = Duration::from_secs(60);

const FIGURE: Figure = Figure {
    name: "webhook-to-plan",
    about: "40 alerts of one incident posted to `/webhook/alertmanager` at once, until the plan \
            waits; against `interlock run` of the same incident alone",
    ours: "interlock serve",
    baseline: "interlock run",
    limit: 1.5,
    warm_up: 2,
    rounds: 20,
};

pub(crate) async fn measure() -> Result<Measured, BenchError> {
    eprintln!("webhook-to-plan: real servers start, and the incident ripens for about two minutes");
    let world = World::build(Plot::IdleInTransaction)
        .served(UNLIMITED)
        .start()
        .await?;
    // The manifest's own `stuck_after` is minutes, and this incident is seconds old.
    let manifest = "runbooks/postgres-connections/runbook.toml";
    let text = std::fs::read_to_string(world.path(manifest)).map_err(setup("read the manifest"))?;
    world.write(manifest, &text.replace("\"5m\"", "\"2s\""), 0o644)?;
    let client = client()?;
    let mut round = 0;
    FIGURE
        .measure_told(
            async || {
                round += 1;
                // A server of each round's own: the one that goes on would hold the slots that are
                // kept for it, and `interlock run` alone would find none.
                let mut listening = world.serve().await?;
                let begun = Instant::now();
                let told = delivered(&client, &listening.url, &world, round).await;
                let took = begun.elapsed();
                listening.stop().await?;
                told.map(|()| took)
            },
            async || {
                let begun = Instant::now();
                alone(&world).await?;
                Ok(begun.elapsed())
            },
        )
        .await
}

async fn delivered(
    client: &reqwest::Client,
    url: &str,
    world: &World,
    round: usize,
) -> Result<(), BenchError> {
    let server = world.cast().server;
    let posts = (0..ALERTS).map(async |_| {
        let answer = client
            .post(format!("{url}/webhook/alertmanager"))
            .bearer_auth(Asker::Alerts.token())
            .json(&group(server, round))
            .send()
            .await
            .map_err(setup("post an alert"))?;
        let status = answer.status();
        let document: Value = answer.json().await.map_err(setup("read an answer"))?;
        if status.is_success() {
            return Ok(document);
        }
        Err(undone(format!("{status}: {document}")))
    });
    let answers = try_join_all(posts).await?;
    let run = answers
        .iter()
        .find_map(|answer| answer["runs"][0].as_str())
        .ok_or_else(|| undone(format!("no run began: {:?}", answers.first())))?;
    // The stream of a run's news ends with the run.
    let news = client
        .get(format!("{url}/runs/{run}/events"))
        .bearer_auth(Asker::Alerts.token())
        .timeout(ROUND_WITHIN)
        .send()
        .await
        .map_err(setup("listen to a run"))?
        .text()
        .await
        .map_err(setup("listen to a run"))?;
    let over = ["planned", "concluded"].map(|state| format!("\"state\":\"{state}\""));
    if over.iter().any(|over| news.contains(over)) {
        return Ok(());
    }
    Err(undone(news))
}

/// One group of the incident's forty alerts, as Alertmanager posts it.
fn group(server: &str, round: usize) -> Value {
    let alerts = (0..ALERTS).map(|alert| {
        json!({
            "status": "firing",
            "labels": {
                "alertname": "PostgresConnectionsHigh",
                "server": server,
                "instance": format!("probe-{alert}"),
            },
            "annotations": { "summary": "connections are running out" },
            "startsAt": "2026-11-25T03:02:08Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "",
            "fingerprint": format!("{alert:016x}"),
        })
    });
    json!({
        "version": "4",
        "groupKey": format!("{{}}:{{round=\"{round}\"}}"),
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "interlock",
        "groupLabels": { "server": server },
        "commonLabels": { "alertname": "PostgresConnectionsHigh", "server": server },
        "commonAnnotations": {},
        "externalURL": "",
        "alerts": alerts.collect::<Vec<_>>(),
    })
}

async fn alone(world: &World) -> Result<(), BenchError> {
    let run = ["run", "postgres-connections", "--incident", "incident.toml"];
    let ran = world.interlock(Person::Bob, &run).await?;
    if ran.code == 3 {
        return Ok(());
    }
    Err(undone(format!(
        "exit code {}: {}",
        ran.code,
        ran.everything()
    )))
}

fn undone(why: String) -> BenchError {
    BenchError::Undone {
        side: "interlock",
        why,
    }
}
