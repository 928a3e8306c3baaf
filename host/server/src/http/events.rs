//! `GET /runs/{run}/events`: what happens in a run, as server-sent events, until it ends.
//! Not the record: an event says that something happened, `GET /runs/{run}` says what.
//! Invariant: a stream ends, whatever becomes of its run.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::{
    extract::State,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures::{Stream, stream};
use interlock_gate::ids::RunId;
use serde::Serialize;
use tokio::{
    sync::{
        OwnedSemaphorePermit,
        broadcast::{Receiver, error::RecvError},
    },
    time::Instant,
};

use super::{
    Doors,
    answer::Refused,
    asked::{Named, Who},
};
use crate::{
    admit::Admitted,
    desk::{Code, Desk, News, Refusal},
};

/// Streams at once.
pub(super) const STREAMS_MAX: usize = 512;
/// The longest stream; whoever still listens asks again.
const TIME_MAX: Duration = Duration::from_secs(15 * 60);
/// How often a run is looked at that another process carries out: its news do not come here.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const HEARTBEAT: Duration = Duration::from_secs(15);

#[derive(Serialize)]
struct EventJson<'a> {
    schema: &'static str,
    #[serde(flatten)]
    news: &'a News,
}

#[derive(Serialize)]
struct StateJson<'a> {
    schema: &'static str,
    event: &'static str,
    run: &'a RunId,
    state: &'a str,
}

struct Listening {
    doors: Doors,
    who: Admitted,
    run: RunId,
    news: Receiver<News>,
    until: Instant,
    look_at: Instant,
    first: Option<String>,
    over: bool,
    _permit: OwnedSemaphorePermit,
}

/// The handler.
pub(super) async fn events(
    State(doors): State<Doors>,
    Who(who): Who,
    Named(given): Named<String>,
) -> Result<Response, Refused> {
    let permit = Arc::clone(&doors.streams).try_acquire_owned();
    let permit = permit.map_err(|_| {
        let why = format!("{STREAMS_MAX} event streams are open");
        Refusal::new(Code::RateLimited, why).rule("event_streams")
    })?;
    // Before the run is looked at: what happens in between is heard.
    let news = doors.desk.news();
    let shown = doors.desk.run_shown(&who, &given).await?;
    let text = |key: &str| shown.document.get(key).and_then(|value| value.as_str());
    let run = text("run").and_then(|run| run.parse().ok());
    let (Some(run), Some(state)) = (run, text("state")) else {
        return Err(Refusal::new(Code::Store, "the run's document has no state").into());
    };
    let listening = Listening {
        first: Some(state.to_owned()),
        doors,
        who,
        run,
        news,
        until: Instant::now() + TIME_MAX,
        look_at: Instant::now() + LOOK_EVERY,
        over: false,
        _permit: permit,
    };
    let alive = KeepAlive::new().interval(HEARTBEAT).text("heartbeat");
    Ok(Sse::new(stream_of(listening))
        .keep_alive(alive)
        .into_response())
}

fn stream_of(listening: Listening) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(listening, |mut listening| async move {
        let event = listening.next().await?;
        Some((Ok(event), listening))
    })
}

impl Listening {
    async fn next(&mut self) -> Option<Event> {
        if self.over {
            return None;
        }
        if let Some(state) = self.first.take() {
            return Some(self.state(&state));
        }
        loop {
            let look = tokio::time::sleep_until(self.look_at);
            tokio::select! {
                news = self.news.recv() => match news {
                    Ok(news) if run_of(&news) == Some(&self.run) => {
                        self.over = matches!(news, News::RunEnded { .. });
                        let document = EventJson { schema: "interlock.event.v1", news: &news };
                        return Some(event(word(&news), &document));
                    }
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                },
                () = look => {
                    self.look_at = Instant::now() + LOOK_EVERY;
                    if Instant::now() >= self.until || self.doors.desk.is_stopping() {
                        return None;
                    }
                    let state = state_now(&self.doors.desk, &self.who, &self.run).await;
                    if state.as_deref().is_none_or(is_over) {
                        return Some(self.state(state.as_deref().unwrap_or("unknown")));
                    }
                }
            }
        }
    }

    /// The state as an event; the last one where the run is over.
    fn state(&mut self, state: &str) -> Event {
        self.over = is_over(state);
        let document = StateJson {
            schema: "interlock.event.v1",
            event: "state",
            run: &self.run,
            state,
        };
        event("state", &document)
    }
}

async fn state_now(desk: &Desk, who: &Admitted, run: &RunId) -> Option<String> {
    let shown = desk.run_said(who, run.as_str()).await.ok()?;
    let state = shown.document.get("state")?.as_str()?;
    Some(state.to_owned())
}

fn is_over(state: &str) -> bool {
    !matches!(state, "running" | "opened" | "reading")
}

fn event<T: Serialize>(name: &str, document: &T) -> Event {
    let data = serde_json::to_string(document).unwrap_or_default();
    Event::default().event(name).data(data)
}

fn run_of(news: &News) -> Option<&RunId> {
    match news {
        News::RunOpened { run, .. }
        | News::Step { run, .. }
        | News::RunEnded { run, .. }
        | News::PlanWaiting { run, .. }
        | News::PlanChanged { run, .. } => Some(run),
        News::RunbooksChanged => None,
    }
}

fn word(news: &News) -> &'static str {
    match news {
        News::RunOpened { .. } => "run_opened",
        News::Step { .. } => "step",
        News::RunEnded { .. } => "run_ended",
        News::PlanWaiting { .. } => "plan_waiting",
        News::PlanChanged { .. } => "plan_changed",
        News::RunbooksChanged => "runbooks_changed",
    }
}
