//! Whether the server lives, and whether it could do its work now.
//! Not a report of what is wrong: anybody may ask, so names are all that is said.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::{body::Body, extract::State, response::Response};
use http::{HeaderValue, StatusCode, header};
use interlock_connectors::health::Health;
use interlock_store::{Store as _, own_file};
use serde::Serialize;
use tokio::sync::Mutex;

use super::{
    Doors,
    answer::{self, Answer},
    asked::Who,
};
use crate::desk::Desk;

/// How long an answer holds: whoever asks more often asks nobody.
const FRESH: Duration = Duration::from_secs(5);
/// Time for all sources together, and a little more than the default of each: so it is named.
const SOURCES_TIME: Duration = Duration::from_secs(6);

/// The last answer of `/readyz`.
#[derive(Debug, Default)]
pub(super) struct Ready(Mutex<Option<(Instant, Arc<ReadyJson>)>>);

#[derive(Debug, Serialize)]
struct ReadyJson {
    schema: &'static str,
    ready: bool,
    /// What cannot be used.
    failing: Vec<String>,
    /// What can.
    good: Vec<String>,
    /// Plans with an act of which nobody knows whether it happened.
    plans_in_doubt: usize,
}

#[derive(Serialize)]
struct HealthJson {
    schema: &'static str,
    alive: bool,
}

/// `GET /healthz`.
pub(super) async fn healthz() -> Response {
    let document = HealthJson {
        schema: "interlock.health.v1",
        alive: true,
    };
    answer::document(StatusCode::OK, &document)
}

/// `GET /readyz`.
pub(super) async fn readyz(State(doors): State<Doors>) -> Response {
    // Held while it is found out: a crowd that asks at once is one question.
    let mut last = doors.ready.0.lock().await;
    let fresh = last
        .as_ref()
        .filter(|(at, _)| at.elapsed() < FRESH)
        .map(|(_, document)| Arc::clone(document));
    let document = match fresh {
        Some(document) => document,
        None => {
            let document = Arc::new(look(&doors.desk).await);
            *last = Some((Instant::now(), Arc::clone(&document)));
            document
        }
    };
    let status = match document.ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    answer::document(status, document.as_ref())
}

async fn look(desk: &Desk) -> ReadyJson {
    let runner = desk.runner();
    let (mut failing, mut good) = (Vec::new(), Vec::new());
    let mut add = |name: String, works: bool| match works {
        true => good.push(name),
        false => failing.push(name),
    };
    let doubts = runner.store().doubts().await;
    let written = writable(runner.config().state_dir.clone()).await;
    add("store".to_owned(), doubts.is_ok() && written);
    add("policy".to_owned(), runner.policy().await.is_ok());
    let connected = runner.connected();
    match tokio::time::timeout(SOURCES_TIME, connected.health()).await {
        Ok(sources) => {
            for source in sources {
                let works = !matches!(source.health, Health::Bad { .. });
                add(source.name, works);
            }
        }
        // Which of them is slow is for `interlock doctor`.
        Err(_) => add("sources".to_owned(), false),
    }
    let mut plans: Vec<_> = doubts.unwrap_or_default();
    plans.dedup_by_key(|doubt| doubt.plan);
    ReadyJson {
        schema: "interlock.ready.v1",
        ready: failing.is_empty(),
        failing,
        good,
        plans_in_doubt: plans.len(),
    }
}

/// Whether the state folder takes a synced file: a full disk reads well.
async fn writable(state_dir: std::path::PathBuf) -> bool {
    let write = move || own_file::replace(&state_dir.join("locks").join("ready"), b"");
    matches!(tokio::task::spawn_blocking(write).await, Ok(Ok(())))
}

/// `GET /metrics`.
pub(super) async fn metrics(State(doors): State<Doors>, Who(who): Who) -> Answer {
    doors.desk.enter(&who)?;
    let running = doors.desk.running();
    let text = doors.metrics.text(doors.desk.runner(), running).await?;
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8"),
    );
    Ok(response)
}
