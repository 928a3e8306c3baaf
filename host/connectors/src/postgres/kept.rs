//! One session that is opened before it is needed and kept: a full server lets nobody else in.
//!
//! Questions are pipelined on it. When it breaks, it is opened again; who asks meanwhile waits for
//! that attempt and no longer.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{StreamExt, pin_mut};
use interlock_capabilities::Gap;
use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    task::JoinHandle,
    time::{Instant, timeout_at},
};
use tokio_postgres::{
    Client, Row,
    types::{ToSql, Type},
};

use super::{
    login::{Login, Session},
    problem, sql,
};
use crate::units::duration_text;

/// A parameter and its type.
pub(super) type Parameter<'a> = (&'a (dyn ToSql + Sync), Type);

/// The process ids of our own sessions on one server.
#[derive(Clone, Default)]
pub(super) struct OurPids(Arc<Mutex<BTreeSet<i32>>>);

impl OurPids {
    pub(super) fn all(&self) -> BTreeSet<i32> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn add(&self, pid: i32) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(pid);
    }

    fn remove(&self, pid: i32) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&pid);
    }
}

/// A kept session. Its copies share it; the last one ends it.
#[derive(Clone)]
pub(super) struct Kept {
    shared: Arc<Shared>,
    login: Arc<Login>,
    _keeper: Arc<Keeper>,
}

struct Shared {
    state: watch::Sender<State>,
    again: Notify,
}

#[derive(Clone)]
enum State {
    Trying { attempt: u64 },
    Live(Arc<Live>),
    Down { attempt: u64, gap: Gap },
}

/// The session while it lasts.
pub(super) struct Live {
    pub(super) client: Client,
    broken: Notify,
    named: Mutex<String>,
}

impl Live {
    /// Gives the session up, so that a new one is opened.
    pub(super) fn give_up(&self) {
        self.broken.notify_one();
    }
}

struct Keeper(JoinHandle<()>);

impl Drop for Keeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Kept {
    /// Begins to open the session.
    pub(super) fn open(login: Login, ours: OurPids, runtime: &Handle) -> Kept {
        let (state, _) = watch::channel(State::Trying { attempt: 1 });
        let shared = Arc::new(Shared {
            state,
            again: Notify::new(),
        });
        let login = Arc::new(login);
        let keeper = runtime.spawn(keep(shared.clone(), login.clone(), ours));
        Kept {
            shared,
            login,
            _keeper: Arc::new(Keeper(keeper)),
        }
    }

    pub(super) fn login(&self) -> &Login {
        &self.login
    }

    /// The live session; without one, the outcome of the attempt under way or of a new one.
    pub(super) async fn live(&self, until: Instant) -> Result<Arc<Live>, Gap> {
        let mut states = self.shared.state.subscribe();
        let mut awaited = None;
        loop {
            let state = states.borrow_and_update().clone();
            match state {
                State::Live(live) if !live.client.is_closed() => return Ok(live),
                State::Live(_) => {}
                State::Trying { attempt } => _ = awaited.get_or_insert(attempt),
                State::Down { attempt, gap } => match awaited {
                    Some(awaited) if attempt >= awaited => return Err(gap),
                    _ => {
                        awaited = Some(attempt + 1);
                        self.shared.again.notify_one();
                    }
                },
            }
            match timeout_at(until, states.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_keeper_ended)) => return Err(problem::lost()),
                Err(_late) => return Err(self.late()),
            }
        }
    }

    /// Asks one constant question, connecting included within the login's time-out. A session that
    /// proves to be lost is replaced once: a question may be asked twice.
    pub(super) async fn ask(
        &self,
        sql: &'static str,
        parameters: &[Parameter<'_>],
        bytes_max: u64,
    ) -> Result<Vec<Row>, Gap> {
        let until = Instant::now() + self.login.timeout();
        let first = self.live(until).await?;
        match self.ask_on(&first, sql, parameters, bytes_max, until).await {
            Err(_lost) if first.client.is_closed() && Instant::now() < until => {
                let second = self.live(until).await?;
                self.ask_on(&second, sql, parameters, bytes_max, until)
                    .await
            }
            answer => answer,
        }
    }

    /// Shows `name` as the session's `application_name`, for whoever looks at the server. Sent
    /// ahead of the question that it is for; should it fail, that question tells.
    pub(super) async fn show(&self, name: &str) {
        let until = Instant::now() + self.login.timeout();
        let Ok(live) = self.live(until).await else {
            return;
        };
        {
            let mut named = live.named.lock().unwrap_or_else(PoisonError::into_inner);
            if *named == name {
                return;
            }
            name.clone_into(&mut named);
        }
        let parameters: [Parameter<'_>; 1] = [(&name, Type::TEXT)];
        _ = timeout_at(until, live.client.query_typed(sql::SHOW_AS, &parameters)).await;
    }

    async fn ask_on(
        &self,
        live: &Live,
        sql: &'static str,
        parameters: &[Parameter<'_>],
        bytes_max: u64,
        until: Instant,
    ) -> Result<Vec<Row>, Gap> {
        match timeout_at(until, rows(&live.client, sql, parameters, bytes_max)).await {
            Ok(answer) => answer,
            Err(_late) => {
                // Whoever asks next would wait behind this question.
                live.give_up();
                Err(self.late())
            }
        }
    }

    fn late(&self) -> Gap {
        let ms = u64::try_from(self.login.timeout().as_millis()).unwrap_or(u64::MAX);
        Gap::Unreachable(format!("no answer within {}", duration_text(ms)))
    }
}

async fn rows(
    client: &Client,
    sql: &'static str,
    parameters: &[Parameter<'_>],
    bytes_max: u64,
) -> Result<Vec<Row>, Gap> {
    let parameters = parameters
        .iter()
        .map(|(value, kind)| (*value, kind.clone()));
    let stream = client.query_typed_raw(sql, parameters).await;
    let stream = stream.map_err(|error| problem::gap(&error))?;
    pin_mut!(stream);
    let (mut rows, mut bytes) = (Vec::new(), 0_u64);
    while let Some(row) = stream.next().await {
        let row = row.map_err(|error| problem::gap(&error))?;
        bytes = bytes.saturating_add(row.raw_size_bytes() as u64);
        if bytes > bytes_max {
            return Err(Gap::TooLarge(format!(
                "the answer is over {bytes_max} bytes"
            )));
        }
        rows.push(row);
    }
    Ok(rows)
}

/// Between two attempts that nobody waits for: doubled from the first to the second, so that a
/// wrong password does not fill the server's log.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(60);

async fn keep(shared: Arc<Shared>, login: Arc<Login>, ours: OurPids) {
    let (mut attempt, mut pause) = (1, PAUSE_MIN);
    loop {
        match login.connect().await {
            Ok(Session {
                client,
                pid,
                driver,
            }) => {
                ours.add(pid);
                pause = PAUSE_MIN;
                let live = Arc::new(Live {
                    client,
                    broken: Notify::new(),
                    named: Mutex::default(),
                });
                shared.state.send_replace(State::Live(live.clone()));
                tokio::select! {
                    () = driver => {}
                    () = live.broken.notified() => {}
                }
                ours.remove(pid);
            }
            Err(gap) => {
                shared.state.send_replace(State::Down { attempt, gap });
                _ = tokio::time::timeout(pause, shared.again.notified()).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
        attempt += 1;
        shared.state.send_replace(State::Trying { attempt });
    }
}
