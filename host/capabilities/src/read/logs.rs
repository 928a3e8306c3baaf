//! Log lines: `interlock:read/logs`.

use serde::{Deserialize, Serialize};
#[cfg(feature = "component")]
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{AnswerLimit, Soon, Unchecked, Window};
use crate::text::{count, time_option};

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct LogLine {
    /// When, where the line says so.
    #[serde(with = "time_option")]
    pub at: Option<u64>,
    /// The line, untrusted.
    pub text: String,
}

/// The newest lines that match, oldest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct LogLines {
    /// All lines that match, those left out too.
    #[serde(with = "count")]
    pub matched: u64,
    /// Whether lines were left out.
    pub truncated: bool,
    /// Oldest first.
    pub lines: Vec<LogLine>,
}

/// What `logs.search` asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchAsk {
    /// A configured log.
    pub source: String,
    /// From when until when.
    pub window: Window,
    /// A regular expression without look-around.
    pub pattern: String,
    /// How many lines at the most.
    pub most: u32,
}

/// A source of log lines.
pub trait Logs: Send + Sync {
    /// Searches one configured log.
    fn search(
        &self,
        ask: SearchAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<LogLines, Unchecked>>;
}
