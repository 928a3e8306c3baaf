//! The server under many agents, against a bare server of the same protocol.

mod agent;
pub(crate) mod bare;
pub(crate) mod call;
pub(crate) mod load;
pub(crate) mod waiting;
pub(crate) mod webhook;

/// In every caller's line: no figure is about the limits.
const UNLIMITED: &str =
    "limits = { calls_per_minute = 1_000_000, runs_at_once = 2_000, runs_per_minute = 1_000_000 }";
