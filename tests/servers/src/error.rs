//! Why a server did not start or did not answer.

use std::path::PathBuf;
use std::time::Duration;

/// A server that could not be started, reached or asked.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The program is not on this machine.
    #[error("`{binary}` is not installed: apt-get install {package}")]
    NotInstalled {
        /// The program looked for.
        binary: &'static str,
        /// The Debian package that has it.
        package: &'static str,
    },
    /// A file or a process could not be handled.
    #[error("could not {what}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's words.
        #[source]
        source: std::io::Error,
    },
    /// The server ended instead of becoming ready.
    #[error("`{server}` ended while it started; its log `{}` ends: {tail}", log.display())]
    Ended {
        /// Which server.
        server: &'static str,
        /// Its log.
        log: PathBuf,
        /// The last lines of it.
        tail: String,
    },
    /// Somebody else took the port between the choice and the start.
    #[error("`{server}` found port {port} taken")]
    PortTaken {
        /// Which server.
        server: &'static str,
        /// The port.
        port: u16,
    },
    /// The server runs and did not become ready in time.
    #[error("`{server}` was not ready after {after:?}: {last}")]
    NotReady {
        /// Which server, or which condition.
        server: &'static str,
        /// How long it was waited for.
        after: Duration,
        /// What the last attempt said.
        last: String,
    },
    /// PostgreSQL refused a connection or a statement.
    #[error("postgres: {what}")]
    Sql {
        /// What was tried.
        what: String,
        /// PostgreSQL's words.
        #[source]
        source: tokio_postgres::Error,
    },
    /// An HTTP backend answered something unusable.
    #[error("`{url}` answered {status}: {body}")]
    Http {
        /// The address asked.
        url: String,
        /// The status code, 0 where there was none.
        status: u16,
        /// The start of the body.
        body: String,
    },
    /// A program that was run to its end failed.
    #[error("`{program}` failed: {said}")]
    Failed {
        /// The program.
        program: String,
        /// What it wrote.
        said: String,
    },
}

impl ServerError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }

    pub(crate) fn sql(what: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> Self {
        let what = what.into();
        move |source| Self::Sql { what, source }
    }

    /// Whether PostgreSQL refused a session because no slot is left (SQLSTATE 53300).
    pub fn is_out_of_slots(&self) -> bool {
        matches!(self, Self::Sql { source, .. }
            if source.code() == Some(&tokio_postgres::error::SqlState::TOO_MANY_CONNECTIONS))
    }
}
