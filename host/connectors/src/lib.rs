//! Host code that serves capabilities from real systems: Prometheus, Alertmanager, PostgreSQL,
//! log files, git repositories and files that people write.
//! Not a client library: constant queries only, and no more of a system than a capability needs.
//! Start at [`config::Config`], then [`connect`].
//! Invariant: every read is bounded in time and size, and one that fails is a
//! [`Gap`](interlock_capabilities::Gap) with its reason, never an empty answer.

#![forbid(unsafe_code)]

pub mod alertmanager;
mod broken;
pub mod changes;
pub mod config;
mod connect;
pub mod document;
pub mod endpoint;
pub mod files;
pub mod health;
pub mod http;
pub mod incident;
pub mod logs;
pub mod postgres;
pub mod probe;
pub mod prometheus;
pub mod secrets;
pub mod topology;
mod units;
mod words;
mod work;

pub use connect::{Connected, connect, writers};
