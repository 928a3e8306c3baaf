//! A private PostgreSQL server.

mod build;
mod logins;
mod roles;

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio_postgres::Client;

pub use build::PostgresBuilder;
pub use logins::Logins;

use crate::binary::POSTGRES;
use crate::process::{Ending, Process, Start, User};
use crate::ready::{READY_WITHIN, until};
use crate::{ServerError, Session};

/// The superuser that initdb makes.
pub const SUPERUSER: &str = "postgres";
/// May read every statistic and signal nobody.
pub const READ_ROLE: &str = "interlock_read";
/// May signal sessions of those who are not superusers.
pub const WRITE_ROLE: &str = "interlock_write";
/// A superuser, so that it gets a reserved slot; meant to `SET ROLE` at once.
pub const RESERVED_ROLE: &str = "interlock_login";
/// The exporter's role.
pub const METRICS_ROLE: &str = "metrics";

/// A running server; dropping it ends it and removes its folder.
#[derive(Debug)]
pub struct Postgres {
    // Before the folder: fields are dropped in this order.
    process: Option<Process>,
    folder: TempDir,
    log: PathBuf,
    port: u16,
    user: Option<User>,
    logins: Logins,
    slots: usize,
}

impl Postgres {
    /// Options; `start` on them starts it.
    pub fn build() -> PostgresBuilder {
        PostgresBuilder::default()
    }

    async fn run(
        folder: TempDir,
        port: u16,
        user: Option<User>,
        builder: &PostgresBuilder,
    ) -> Result<Self, (TempDir, ServerError)> {
        let log = folder.path().join("postgresql.log");
        // A clash of ports left its words in the log; they must not count against the next try.
        let _ = std::fs::remove_file(&log);
        let slots = builder.ordinary_slots();
        let logins = builder.logins.clone();
        let mut server = Self {
            process: None,
            folder,
            log,
            port,
            user,
            logins,
            slots,
        };
        match server.start_again().await {
            Ok(()) => Ok(server),
            Err(error) => {
                drop(server.process.take());
                Err((server.folder, error))
            }
        }
    }

    /// The loopback port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Slots that are not reserved: `max_connections - superuser_reserved_connections`.
    pub fn ordinary_slots(&self) -> usize {
        self.slots
    }

    /// The server's log: time, pid, role, database, application, message. Anybody may read it.
    pub fn log_file(&self) -> &Path {
        &self.log
    }

    /// The data folder.
    pub fn data_folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The passwords of the roles that have one.
    pub fn logins(&self) -> &Logins {
        &self.logins
    }

    /// `postgresql://role:password@127.0.0.1:port/database?sslmode=disable`.
    pub fn dsn(&self, role: &str, database: &str) -> String {
        self.logins.dsn(self.port, role, database)
    }

    /// A client of that role.
    pub async fn connect(
        &self,
        role: &str,
        database: &str,
        application: &str,
    ) -> Result<Session, ServerError> {
        Session::open(&self.dsn(role, database), application).await
    }

    /// A superuser's session on database `postgres`: there is a slot for it on a full server.
    pub async fn superuser(&self) -> Result<Session, ServerError> {
        self.connect(SUPERUSER, "postgres", "test").await
    }

    /// How many ordinary client sessions it has, and so how many slots are in use: parallel workers,
    /// background processes, WAL senders and the asking session are not counted.
    pub async fn clients(&self, asking: &Client) -> Result<usize, ServerError> {
        let row = asking
            .query_one(
                "select count(*) from pg_stat_activity where backend_type = 'client backend' \
                 and pid <> pg_backend_pid() and usename <> 'postgres'",
                &[],
            )
            .await
            .map_err(ServerError::sql("count the clients"))?;
        Ok(usize::try_from(row.get::<_, i64>(0)).unwrap_or_default())
    }

    /// Which of these sessions still exist.
    pub async fn alive(&self, asking: &Client, pids: &[i32]) -> Result<Vec<i32>, ServerError> {
        let rows = asking
            .query(
                "select pid from pg_stat_activity where pid = any($1) order by pid",
                &[&pids],
            )
            .await
            .map_err(ServerError::sql("look for sessions"))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// Stops it; [`Postgres::start_again`] brings it back on the same port with the same data.
    pub fn stop(&mut self, how: Ending) {
        if let Some(mut process) = self.process.take() {
            process.end(how, Duration::from_secs(20));
        }
    }

    /// Starts it on its port and waits until it accepts connections.
    pub async fn start_again(&mut self) -> Result<(), ServerError> {
        self.stop(Ending::Interrupt);
        let data = self.data_folder();
        let mut process = Process::start(&Start {
            server: "postgres",
            program: POSTGRES.find()?,
            arguments: vec![
                "-D".into(),
                data.display().to_string(),
                "-p".into(),
                self.port.to_string(),
            ],
            environment: Vec::new(),
            log: &self.log,
            folder: self.folder.path(),
            user: self.user,
            at_death: Ending::Quit,
        })?;
        let dsn = self.dsn(SUPERUSER, "postgres");
        let started = std::time::Instant::now();
        loop {
            process.still_runs(self.port)?;
            let within = Duration::from_millis(500);
            match until("postgres", within, || Session::open(&dsn, "test")).await {
                Ok(_) => break,
                Err(error) if started.elapsed() > READY_WITHIN => return Err(error),
                Err(_) => {}
            }
        }
        // Somebody else's server on the same port may have answered.
        process.still_runs(self.port)?;
        self.process = Some(process);
        Ok(())
    }

    /// Stops it in the orderly way, ending its sessions, and starts it again: a new postmaster.
    pub async fn restart(&mut self) -> Result<(), ServerError> {
        self.start_again().await
    }

    /// The postmaster, to freeze it or to learn its pid; none while it is stopped.
    pub fn process(&self) -> Option<&Process> {
        self.process.as_ref()
    }
}
