//! Why there is no working place.

use std::path::PathBuf;

use interlock_test_servers::ServerError;

/// A [`World`](crate::World) that could not be made, or a command in it that could not be run.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The program under test has not been built.
    #[error("`{}` is not built: cargo build --release --workspace", looked.display())]
    NotBuilt {
        /// Where it was looked for.
        looked: PathBuf,
    },
    /// The shipped runbook could not be built.
    #[error("the runbook cannot be built: {why}")]
    Runbook {
        /// The builder's words.
        why: String,
    },
    /// A core module could not be made a component.
    #[error("a component cannot be made: {why}")]
    Component {
        /// The encoder's words.
        why: String,
    },
    /// A server did not say where it listens.
    #[error("the server did not listen within {seconds} s, or ended")]
    Silent {
        /// How long it was waited for.
        seconds: u64,
    },
    /// A program of another registry is not installed.
    #[error("`{}` is not there: `cargo xtask test` installs it", looked.display())]
    NoTool {
        /// Where it was looked for.
        looked: PathBuf,
    },
    /// A text to be shortened in time does not hold what it should.
    #[error("`{text}` is not in the shipped manifest")]
    OtherManifest {
        /// What was looked for.
        text: &'static str,
    },
    /// A server did not start.
    #[error("a server did not start")]
    Server(#[from] ServerError),
    /// A file or a process could not be handled.
    #[error("could not {what}")]
    Io {
        /// What was tried.
        what: String,
        /// The system's words.
        #[source]
        source: std::io::Error,
    },
    /// A command did not end in time.
    #[error("`interlock {arguments}` did not end in {seconds} s")]
    Hung {
        /// Its arguments.
        arguments: String,
        /// How long it was waited for.
        seconds: u64,
    },
}

impl WorldError {
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}
