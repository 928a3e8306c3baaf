//! What was changed of late: `interlock:read/changes`.

use serde::{Deserialize, Serialize};
#[cfg(feature = "component")]
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{AnswerLimit, Soon, Unchecked, Window};
use crate::text::time;

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Change {
    /// The source's own id of it.
    pub id: String,
    /// When it took effect.
    #[serde(with = "time")]
    pub at: u64,
    /// `deployment`, `config`, `migration` or `other`.
    pub kind: String,
    /// Whose, where known.
    pub service: Option<String>,
    /// Its title, untrusted.
    pub title: String,
    /// By whom, untrusted.
    pub author: Option<String>,
    /// `file` or `git`.
    pub source: String,
}

/// The answer of `changes.list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct ChangeList {
    /// Whether changes were left out.
    pub truncated: bool,
    /// Oldest first.
    pub changes: Vec<Change>,
}

/// What `changes.list` asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangesAsk {
    /// From when until when.
    pub window: Window,
}

/// A source of changes.
pub trait Changes: Send + Sync {
    /// Lists the changes of a window.
    fn list(
        &self,
        ask: ChangesAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<ChangeList, Unchecked>>;
}
