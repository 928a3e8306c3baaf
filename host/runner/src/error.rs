//! Why the runner did not do what it was asked.

use interlock_engine::{EngineError, LoadError};
use interlock_gate::{canonical::NotCanonical, plan::BadPlan, token::BadToken};

use crate::{document::DocumentError, inputs::BadInput, installed::NotInstalled};

/// An error of the host or of its input; denials and faults are outcomes, not errors.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The runbook is not there, not whole or not built.
    #[error(transparent)]
    NotInstalled(#[from] NotInstalled),
    /// The index of past incidents.
    #[error(transparent)]
    Similar(#[from] interlock_similar::IndexError),
    /// An input does not fit.
    #[error(transparent)]
    Input(#[from] BadInput),
    /// A text that a person wrote is wrong.
    #[error(transparent)]
    Text(#[from] DocumentError),
    /// The policy cannot be read.
    #[error("the policy {} cannot be used", .path.display())]
    PolicyFile {
        /// The file.
        path: std::path::PathBuf,
        /// Why not.
        #[source]
        why: interlock_connectors::files::OpenError,
    },
    /// The policy is wrong.
    #[error("the policy {} is refused", .path.display())]
    Policy {
        /// The file.
        path: std::path::PathBuf,
        /// Its text.
        text: String,
        /// Everything that is wrong with it.
        errors: interlock_gate::policy::PolicyErrors,
    },
    /// The store belongs to another policy.
    #[error("the journal belongs to the policy {bound}, and {found} is configured")]
    OtherPolicy {
        /// The path that the journal's first policy had.
        bound: String,
        /// The path that is configured.
        found: String,
    },
    /// A component cannot be loaded.
    #[error("step `{step}` cannot be loaded")]
    Load {
        /// The step.
        step: String,
        /// Why not.
        #[source]
        error: LoadError,
    },
    /// The sandbox cannot be made.
    #[error("the sandbox cannot be made")]
    Engine(#[from] EngineError),
    /// The journal or the store.
    #[error("the store cannot be used")]
    Store(#[from] interlock_store::StoreError),
    /// The journal did not take an entry.
    #[error("the journal refused an entry")]
    Journal(#[from] interlock_capabilities::journal::Refused),
    /// A plan cannot be narrowed so.
    #[error("the plan cannot be narrowed")]
    Narrow(#[from] interlock_gate::narrow::CannotNarrow),
    /// The id belongs to another run.
    #[error("the id `{id}` belongs to {run}, which was asked with {differs}")]
    IdTaken {
        /// The caller's id.
        id: String,
        /// The run that has it.
        run: String,
        /// What differs: `another runbook`, `other inputs`, `another incident`.
        differs: &'static str,
    },
    /// No such run, plan or incident.
    #[error("no {what} `{id}` is in this journal")]
    Unknown {
        /// `run`, `plan`, `incident`.
        what: &'static str,
        /// As given.
        id: String,
    },
    /// Something kept is missing or altered.
    #[error("the kept {what} {digest} is missing or altered")]
    Blob {
        /// What it is.
        what: &'static str,
        /// Its digest.
        digest: String,
    },
    /// What a plan cites is not what is kept.
    #[error("the evidence of the plan does not hold")]
    Evidence(#[from] crate::evidence::BadEvidence),
    /// Something cannot be written in canonical form.
    #[error("a document has no canonical form")]
    Canonical(#[from] NotCanonical),
    /// A document cannot be written as JSON.
    #[error("a document cannot be written")]
    Document(#[source] serde_json::Error),
    /// Not a plan.
    #[error(transparent)]
    Plan(#[from] BadPlan),
    /// Not a token.
    #[error(transparent)]
    Token(#[from] BadToken),
    /// Another process carries out the same plan.
    #[error("plan {plan} is being carried out: {by}")]
    Held {
        /// The plan.
        plan: String,
        /// Whoever holds it.
        by: String,
    },
    /// No random bytes.
    #[error("no random bytes: {0}")]
    Random(String),
    /// What was asked does not fit where the run or plan stands.
    #[error("{0}")]
    NotNow(String),
}

/// An error and its causes on one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
