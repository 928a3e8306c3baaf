//! Against a real PostgreSQL.

mod acts;
mod logins;
mod reads;
mod secure;

use std::time::Duration;

use interlock_capabilities::{
    AnswerLimit,
    read::database::{Database, DatabaseAsk},
    wire::{Session, Sessions},
};
use interlock_gate::{action::SessionArguments, revision::SessionRevision, time::Time};
use interlock_test_servers::{Postgres as Server, Session as Client, postgres::*};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::Postgres;
use crate::config::{PostgresLogin, PostgresSource};

const LIMIT: AnswerLimit = AnswerLimit { bytes_max: 4 << 20 };

async fn server() -> Server {
    let building = Server::build()
        .max_connections(12)
        .database("orders")
        .role("checkout");
    building.role("reporting").start().await.unwrap()
}

/// The connector on `server`, by these logins.
struct Connector {
    postgres: Postgres,
    _secrets: TempDir,
}

fn connect(server: &Server, read: (&str, Option<&str>), write: Option<&str>) -> Connector {
    connect_within(server, read, write, Duration::from_secs(20))
}

fn connect_within(
    server: &Server,
    (read, set_role): (&str, Option<&str>),
    write: Option<&str>,
    timeout: Duration,
) -> Connector {
    let secrets = tempfile::tempdir().unwrap();
    let login = |role: &str, set_role: Option<&str>| {
        let dsn_file = secrets.path().join(role);
        std::fs::write(&dsn_file, server.dsn(role, "orders")).unwrap();
        PostgresLogin {
            dsn_file,
            set_role: set_role.map(str::to_owned),
        }
    };
    let source = PostgresSource {
        name: "orders-db".to_owned(),
        read: login(read, set_role),
        write: write.map(|role| login(role, None)),
        timeout,
    };
    Connector {
        postgres: Postgres::open(&[source]).unwrap(),
        _secrets: secrets,
    }
}

fn both(server: &Server) -> Connector {
    connect(server, (READ_ROLE, None), Some(WRITE_ROLE))
}

fn ask() -> DatabaseAsk {
    DatabaseAsk {
        server: "orders-db".to_owned(),
    }
}

impl Connector {
    async fn sessions(&self) -> Sessions {
        self.postgres.sessions(ask(), LIMIT).await.unwrap()
    }

    /// What the server says once `client` is in `state`: a client hears of an error sooner.
    async fn sessions_when(&self, client: &Client, state: &str) -> Sessions {
        loop {
            let all = self.sessions().await;
            if of(&all, client.pid()).state.as_deref() == Some(state) {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn of(sessions: &Sessions, pid: i32) -> &Session {
    sessions
        .sessions
        .iter()
        .find(|session| session.pid == pid)
        .unwrap()
}

fn revision(sessions: &Sessions, pid: i32) -> SessionRevision {
    let session = of(sessions, pid);
    SessionRevision {
        pid,
        backend_start: session.backend_start.and_then(Time::from_micros).unwrap(),
        xact_start: session.xact_start.and_then(Time::from_micros),
        postmaster_start: Time::from_micros(sessions.postmaster_start).unwrap(),
        system_identifier: sessions.system_identifier.clone(),
    }
}

fn arguments(pid: i32, only_if_state: Option<&str>) -> SessionArguments {
    SessionArguments {
        pid,
        role: None,
        database: None,
        only_if_state: only_if_state.map(str::to_owned),
        transaction_age_s: None,
    }
}

/// Freezes or thaws one server process.
fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}
