//! MCP and HTTP over the runner: agents ask, approvers read.
//!
//! Not an approver: nothing here signs, trusts bytes or changes the policy; a token that comes in
//! is weighed by its signature, whoever carries it.
//! Start at [`desk::Desk`], the one room of calls behind both doors; [`mcp`] and [`http`] are the
//! doors, [`admit`] says who is calling.
//! Invariant: what a caller may do is decided in [`admit`] and in the gate, never in a door.

#![forbid(unsafe_code)]

pub mod admit;
pub mod desk;
pub mod http;
pub mod mcp;
pub mod page;
pub mod serve;
pub mod telemetry;
pub mod tell;

#[cfg(test)]
mod rights;
