//! Why a text of a plan is no action.

use super::Capability;
use crate::target::Target;

/// A text of a plan that is no action.
#[derive(Debug, thiserror::Error)]
pub enum BadAction {
    /// No write capability has this name.
    #[error("`{0}` is not a write capability")]
    Capability(String),
    /// The target is not of the capability's grammar.
    #[error("`{target}` is not a target of {capability}")]
    Target {
        /// The capability.
        capability: Capability,
        /// The target.
        target: Target,
    },
    /// An argument is missing, unknown or of another type.
    #[error("arguments of {capability}: {source}")]
    Arguments {
        /// The capability.
        capability: Capability,
        /// What is wrong with them.
        source: serde_json::Error,
    },
    /// The session that was seen is not the one that the arguments name.
    #[error("`seen` is of pid {seen}, and the arguments name pid {named}")]
    OtherSession {
        /// The pid that was seen.
        seen: i32,
        /// The pid that is named.
        named: i32,
    },
    /// The revision is not of the capability's kind.
    #[error("revision of {capability}: {source}")]
    Revision {
        /// The capability.
        capability: Capability,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}
