//! What real applications do with their sessions.
//!
//! Everything here holds its sessions until it is dropped, and runs on the caller's runtime: use one with
//! several threads, or never block its only one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::binary::PG_BASEBACKUP;
use crate::process::{Ending, Process, Start};
use crate::ready::{READY_WITHIN, until};
use crate::{Postgres, ServerError, Session};

/// Who uses the database: what the server knows of it, and what it says of itself.
#[derive(Debug, Clone, Copy)]
pub struct App {
    /// The service, as the topology names it.
    pub service: &'static str,
    /// Its role.
    pub role: &'static str,
    /// Its `application_name`, which the server does not check.
    pub application: &'static str,
}

impl App {
    /// Opens one session of it.
    pub async fn open(&self, server: &Postgres, database: &str) -> Result<Session, ServerError> {
        server.connect(self.role, database, self.application).await
    }

    /// Opens so many, one after the other.
    pub async fn open_many(
        &self,
        server: &Postgres,
        database: &str,
        count: usize,
    ) -> Result<Vec<Session>, ServerError> {
        let mut sessions = Vec::with_capacity(count);
        for _ in 0..count {
            sessions.push(self.open(server, database).await?);
        }
        Ok(sessions)
    }
}

/// Their pids.
pub fn pids<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> Vec<i32> {
    sessions.into_iter().map(Session::pid).collect()
}

/// Leaves the session idle in a transaction that changed a row of its own.
pub async fn open_transaction(session: &Session, row: i64) -> Result<(), ServerError> {
    session.run("begin").await?;
    session
        .run(&format!(
            "update orders set state = 'paying' where id = {row}"
        ))
        .await
}

/// Leaves the session in a transaction that failed: the server then tells no start of it.
pub async fn failed_transaction(session: &Session) -> Result<(), ServerError> {
    session.run("begin").await?;
    match session.run("select 1 / 0").await {
        Err(ServerError::Sql { .. }) => Ok(()),
        other => other,
    }
}

/// Sessions that work: each takes its turn, commits real transactions and rests between them.
///
/// With few sessions and short rests it is a busy service; with many sessions and long rests it is a pool.
#[derive(Debug)]
pub struct Workers {
    pids: Vec<i32>,
    commits: Arc<AtomicU64>,
    failed: Arc<AtomicU64>,
    going: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<()>>,
}

/// What one turn of a worker is like.
#[derive(Debug, Clone, Copy)]
pub struct Turn {
    /// How long the transaction keeps the server busy.
    pub work: Duration,
    /// How long the session rests after it.
    pub rest: Duration,
}

impl Workers {
    /// Puts these sessions to work until they are dropped.
    pub fn start(sessions: Vec<Session>, turn: Turn) -> Self {
        let pids = pids(&sessions);
        let commits = Arc::new(AtomicU64::new(0));
        let failed = Arc::new(AtomicU64::new(0));
        let going = Arc::new(AtomicBool::new(true));
        let tasks = sessions
            .into_iter()
            .map(|session| {
                let number = NEXT_ROW.fetch_add(1, Ordering::Relaxed);
                let (commits, failed, going) = (commits.clone(), failed.clone(), going.clone());
                tokio::spawn(async move {
                    // Not in step with each other.
                    let many = u32::try_from(number % 10).unwrap_or_default();
                    tokio::time::sleep(turn.rest * many / 10).await;
                    while going.load(Ordering::Relaxed) {
                        match take_turn(&session, number, turn).await {
                            Ok(()) => commits.fetch_add(1, Ordering::Relaxed),
                            Err(_) => failed.fetch_add(1, Ordering::Relaxed),
                        };
                        if session.is_closed() {
                            break;
                        }
                        tokio::time::sleep(turn.rest).await;
                    }
                    // The work stops; the session stays, at rest.
                    std::future::pending::<()>().await;
                    drop(session);
                })
            })
            .collect();
        Self {
            pids,
            commits,
            failed,
            going,
            tasks,
        }
    }

    /// The sessions' pids.
    pub fn pids(&self) -> &[i32] {
        &self.pids
    }

    /// Transactions committed so far.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Turns that failed so far: the server refused, or the session is gone.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// They finish the turn they are in and rest, sessions open.
    pub fn rest(&self) {
        self.going.store(false, Ordering::Relaxed);
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Each worker has a row of its own, so that none waits for another.
static NEXT_ROW: AtomicU64 = AtomicU64::new(0);

async fn take_turn(session: &Session, number: u64, turn: Turn) -> Result<(), ServerError> {
    // Rows above 250 are for those who hold locks.
    let row = number % 250 + 1;
    let busy = turn.work.as_secs_f64();
    session
        .run(&format!(
            "begin; update orders set changed = now() where id = {row}; \
             select pg_sleep({busy}); commit"
        ))
        .await
}

/// A client that asks for a session again and again, closes what it gets, and counts refusals.
#[derive(Debug)]
pub struct Knocker {
    refused: Arc<AtomicU64>,
    served: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Knocker {
    /// Knocks every `pause`.
    pub fn start(server: &Postgres, app: App, database: &str, pause: Duration) -> Self {
        let dsn = server.dsn(app.role, database);
        let refused = Arc::new(AtomicU64::new(0));
        let served = Arc::new(AtomicU64::new(0));
        let (no, yes) = (refused.clone(), served.clone());
        let task = tokio::spawn(async move {
            loop {
                match Session::open(&dsn, app.application).await {
                    Ok(session) => {
                        let _ = session.run("select 1").await;
                        yes.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(error) if error.is_out_of_slots() => {
                        no.fetch_add(1, Ordering::Relaxed);
                    }
                    // The server restarts, or is gone: knock again.
                    Err(_) => {}
                }
                tokio::time::sleep(pause).await;
            }
        });
        Self {
            refused,
            served,
            task,
        }
    }

    /// Times it was told that no slot is left.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Times it got a session.
    pub fn served(&self) -> u64 {
        self.served.load(Ordering::Relaxed)
    }
}

impl Drop for Knocker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A statement that runs until its session ends, and the task that waits for it.
#[derive(Debug)]
pub struct Running {
    pid: i32,
    task: JoinHandle<()>,
}

impl Running {
    /// Sends statements whose answer is not waited for.
    pub fn start(session: Session, sql: String) -> Self {
        let pid = session.pid();
        let task = tokio::spawn(async move {
            let _ = session.run(&sql).await;
            // Cancelled or done: the session itself stays.
            std::future::pending::<()>().await;
            drop(session);
        });
        Self { pid, task }
    }

    /// A long report: one snapshot, one statement that has been running all along.
    pub fn report(session: Session) -> Self {
        let sql = "begin isolation level repeatable read read only; \
                   select count(*), pg_sleep(7200) from archive";
        Self::start(session, sql.to_owned())
    }

    /// Its pid.
    pub fn pid(&self) -> i32 {
        self.pid
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A dump's session: between two tables it is idle in its long transaction, as `pg_dump` is.
pub async fn dump(session: &Session) -> Result<(), ServerError> {
    session
        .run(
            "begin isolation level repeatable read read only; \
             select count(*) from archive",
        )
        .await
}

/// A real `pg_basebackup`, slow enough to run for the whole test: a WAL sender, never a candidate.
#[derive(Debug)]
pub struct BaseBackup {
    // Before the folder: fields are dropped in this order.
    _process: Process,
    _folder: TempDir,
}

impl BaseBackup {
    /// Starts it as that role, which must be allowed to replicate, and waits until it streams.
    pub async fn start(server: &Postgres, role: &str) -> Result<Self, ServerError> {
        let folder = tempfile::Builder::new()
            .prefix("interlock-backup-")
            .tempdir()
            .map_err(ServerError::io("make a temporary folder"))?;
        let log = folder.path().join("backup.log");
        let mut process = Process::start(&Start {
            server: "pg_basebackup",
            program: PG_BASEBACKUP.find()?,
            arguments: vec![
                format!("--dbname=postgresql://{role}@127.0.0.1:{}/", server.port()),
                format!("--pgdata={}", folder.path().join("copy").display()),
                "--wal-method=none".into(),
                "--checkpoint=fast".into(),
                "--max-rate=32k".into(),
                "--no-sync".into(),
                "--no-manifest".into(),
            ],
            environment: Vec::new(),
            log: &log,
            folder: folder.path(),
            user: None,
            at_death: Ending::Kill,
        })?;
        let admin = server.superuser().await?;
        let streams = "select 1 from pg_stat_activity where backend_type = 'walsender'";
        until("pg_basebackup", READY_WITHIN, || {
            let runs = process.still_runs(server.port());
            let rows = admin.query(streams, &[]);
            async move {
                runs.map_err(|error| error.to_string())?;
                let rows = rows.await.map_err(|error| error.to_string())?;
                rows.first()
                    .map(|_| ())
                    .ok_or_else(|| "it does not stream yet".to_owned())
            }
        })
        .await?;
        Ok(Self {
            _process: process,
            _folder: folder,
        })
    }
}
