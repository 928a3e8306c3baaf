//! One signal to one session, and what came of it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use interlock_capabilities::{Gap, Outcome};
use interlock_gate::{
    action::SessionArguments,
    revision::{Revision, SessionRevision},
    time::Time,
};
use tokio::time::{Instant, timeout_at};
use tokio_postgres::{error::SqlState, types::Type};

use super::{
    kept::{Kept, Live, Parameter},
    problem, sql,
    wire::Cells,
};

/// How long a signalled session is watched until it ends. PostgreSQL acts on a signal at its next
/// check, most often within milliseconds.
const WATCH_FOR: Duration = Duration::from_secs(5);
/// Between two looks.
const WATCH_EVERY: Duration = Duration::from_millis(20);
/// Of the one row of an answer.
const ROW_BYTES_MAX: u64 = 64 * 1024;

/// Which signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Cancel,
    Terminate,
}

/// A session that is ready for the signal: it is alive, and names the approver.
pub(super) struct Ready<'a> {
    kept: &'a Kept,
    live: std::sync::Arc<Live>,
}

impl<'a> Ready<'a> {
    /// Everything that can fail before the act begins.
    pub(super) async fn new(kept: &'a Kept, application_name: &str) -> Result<Ready<'a>, Gap> {
        let until = Instant::now() + kept.login().timeout();
        let mut last = problem::lost();
        // A kept session may have been lost unseen: the second one is new.
        for _ in 0..2 {
            let live = kept.live(until).await?;
            let name: [Parameter<'_>; 1] = [(&application_name, Type::TEXT)];
            let ask = live.client.query_typed(sql::SHOW_AS, &name);
            last = match timeout_at(until, ask).await {
                Ok(Ok(_)) => return Ok(Ready { kept, live }),
                Ok(Err(error)) => problem::gap(&error),
                Err(_late) => problem::lost(),
            };
            live.give_up();
            if Instant::now() >= until {
                break;
            }
        }
        Err(last)
    }

    /// Sends the signal, once, if the session is still as it was seen.
    pub(super) async fn act(
        self,
        signal: Signal,
        arguments: &SessionArguments,
        seen: &SessionRevision,
    ) -> Outcome {
        let until = Instant::now() + self.kept.login().timeout();
        let statement = match signal {
            Signal::Cancel => sql::CANCEL,
            Signal::Terminate => sql::TERMINATE,
        };
        let begun = system_time(seen.backend_start);
        let xact_start = seen.xact_start.map(system_time);
        let started = system_time(seen.postmaster_start);
        let parameters: [Parameter<'_>; 6] = [
            (&seen.pid, Type::INT4),
            (&begun, Type::TIMESTAMPTZ),
            (&xact_start, Type::TIMESTAMPTZ),
            (&arguments.only_if_state, Type::TEXT),
            (&started, Type::TIMESTAMPTZ),
            (&seen.system_identifier, Type::TEXT),
        ];
        let sent = self.live.client.query_typed(statement, &parameters);
        let rows = match timeout_at(until, sent).await {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) => return failed(&error),
            Err(_late) => {
                self.live.give_up();
                return unknown("the signal was sent, and no answer came in time");
            }
        };
        // Past here the signal's fate is in the row; one that cannot be read leaves a doubt.
        let row = rows.first().map(Cells);
        match row.map(Found::read).and_then(Result::ok) {
            Some(found) => self.judge(signal, arguments, seen, found).await,
            None => unknown("the signal was sent, and the answer could not be read"),
        }
    }

    async fn judge(
        &self,
        signal: Signal,
        arguments: &SessionArguments,
        seen: &SessionRevision,
        found: Found,
    ) -> Outcome {
        match found.signalled {
            Some(true) => return self.watch(signal, seen, found.query_start).await,
            // PostgreSQL found no such process any more.
            Some(false) => return Outcome::Gone,
            None => {}
        }
        if !found.same_cluster {
            return refused("the write login leads to another cluster than was observed");
        }
        // After a restart no session is what it was, whatever its pid.
        if !found.same_start || found.pid.is_none() {
            return Outcome::Gone;
        }
        let Some(backend_start) = found.backend_start else {
            return refused(
                "the write login lacks pg_read_all_stats, so the session could not be compared \
                 with what was seen",
            );
        };
        if backend_start != seen.backend_start {
            return Outcome::Gone;
        }
        let state_moved =
            arguments.only_if_state.is_some() && arguments.only_if_state != found.state;
        if found.xact_start != seen.xact_start || state_moved {
            let now = SessionRevision {
                xact_start: found.xact_start,
                ..seen.clone()
            };
            return Outcome::Moved {
                found: Revision::Session(now),
            };
        }
        match (signal, found.state) {
            (Signal::Cancel, state) => {
                let state = state.unwrap_or_else(|| "unknown".to_owned());
                refused(&format!(
                    "the session runs nothing that could be cancelled: it is {state}"
                ))
            }
            (Signal::Terminate, _) => refused("the session is this connection's own"),
        }
    }

    /// Looks until the signal has done its work.
    async fn watch(
        &self,
        signal: Signal,
        seen: &SessionRevision,
        query_start: Option<u64>,
    ) -> Outcome {
        let until = Instant::now() + WATCH_FOR;
        let began = system_time(seen.backend_start);
        loop {
            let parameters: [Parameter<'_>; 2] =
                [(&seen.pid, Type::INT4), (&began, Type::TIMESTAMPTZ)];
            let rows = match self.kept.ask(sql::WATCH, &parameters, ROW_BYTES_MAX).await {
                Ok(rows) => rows,
                Err(gap) => {
                    let why = gap.why();
                    return unknown(&format!(
                        "signalled, but what came of it was not seen: {why}"
                    ));
                }
            };
            let still = rows.first().map(|row| Still::read(Cells(row))).transpose();
            let Ok(still) = still else {
                return unknown(
                    "signalled, but the answer about what came of it could not be read",
                );
            };
            let Some(still) = still else {
                return Outcome::Done {
                    after: Revision::Session(seen.clone()),
                };
            };
            let ended =
                signal == Signal::Cancel && (!still.active || still.query_start != query_start);
            if ended {
                let after = SessionRevision {
                    xact_start: still.xact_start,
                    ..seen.clone()
                };
                return Outcome::Done {
                    after: Revision::Session(after),
                };
            }
            if Instant::now() >= until {
                let what = match signal {
                    Signal::Cancel => "its statement still ran",
                    Signal::Terminate => "it was still there",
                };
                return unknown(&format!(
                    "signalled, but {what} after {} s",
                    WATCH_FOR.as_secs()
                ));
            }
            tokio::time::sleep(WATCH_EVERY).await;
        }
    }
}

fn refused(why: &str) -> Outcome {
    Outcome::Refused {
        why: why.to_owned(),
    }
}

fn unknown(why: &str) -> Outcome {
    Outcome::Unknown {
        why: why.to_owned(),
    }
}

/// An error in place of a row. PostgreSQL's refusals come before any signal; after everything else
/// the signal may have gone out.
fn failed(error: &tokio_postgres::Error) -> Outcome {
    match error.as_db_error() {
        Some(said) if *said.code() == SqlState::INSUFFICIENT_PRIVILEGE => {
            refused(&problem::words(said))
        }
        _ => unknown(&format!(
            "the signal was sent, and: {}",
            problem::gap(error).why()
        )),
    }
}

/// The row of an act.
struct Found {
    same_cluster: bool,
    same_start: bool,
    pid: Option<i32>,
    backend_start: Option<Time>,
    xact_start: Option<Time>,
    query_start: Option<u64>,
    state: Option<String>,
    signalled: Option<bool>,
}

impl Found {
    fn read(row: Cells<'_>) -> Result<Found, Gap> {
        Ok(Found {
            same_cluster: row.flag("same_cluster")? == Some(true),
            same_start: row.flag("same_start")? == Some(true),
            pid: row.pid("pid")?,
            backend_start: time(row, "backend_start")?,
            xact_start: time(row, "xact_start")?,
            query_start: row.time("query_start")?,
            state: row.text("state")?,
            signalled: row.flag("signalled")?,
        })
    }
}

/// The row of a look.
struct Still {
    xact_start: Option<Time>,
    query_start: Option<u64>,
    active: bool,
}

impl Still {
    fn read(row: Cells<'_>) -> Result<Still, Gap> {
        let state = row.text("state")?;
        Ok(Still {
            xact_start: time(row, "xact_start")?,
            query_start: row.time("query_start")?,
            active: matches!(state.as_deref(), Some("active" | "fastpath function call")),
        })
    }
}

fn time(row: Cells<'_>, name: &str) -> Result<Option<Time>, Gap> {
    let at = row.time(name)?;
    at.map(|micros| Time::from_micros(micros).ok_or_else(problem::no_answer))
        .transpose()
}

fn system_time(at: Time) -> SystemTime {
    // A `Time` ends with the year 9999, which the system's clock reaches.
    UNIX_EPOCH + Duration::from_micros(at.micros())
}
