//! The connectors against backends: real ones, and one that lies.
//! One binary, a module per promise.

// Helpers of tests are tests too.
#![allow(clippy::unwrap_used)]

mod connect;
mod git;
mod hostile;
mod logs;
mod real;

use interlock_capabilities::AnswerLimit;

/// Of one answer.
const LIMIT: AnswerLimit = AnswerLimit { bytes_max: 1 << 20 };
