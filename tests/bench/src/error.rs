//! Why a figure could not be measured.

use std::error::Error;

use interlock_system_tests::WorldError;

/// A figure without a value.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    /// Something that both sides need could not be made.
    #[error("could not {what}")]
    Setup {
        /// What was tried.
        what: &'static str,
        /// Why not.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// One side did not do its work, so that its time says nothing.
    #[error("{side} did not do its work: {why}")]
    Undone {
        /// Which side.
        side: &'static str,
        /// What it did instead.
        why: String,
    },
    /// The incident's servers, or a command among them.
    #[error("the incident could not be set up")]
    World(#[from] WorldError),
}

/// Makes a [`BenchError::Setup`] of any error.
pub(crate) fn setup<E>(what: &'static str) -> impl FnOnce(E) -> BenchError
where
    E: Into<Box<dyn Error + Send + Sync>>,
{
    move |error| BenchError::Setup {
        what,
        source: error.into(),
    }
}

/// An error with all its causes, in one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push_str(": ");
        said.push_str(&error.to_string());
        cause = error.source();
    }
    said
}
