//! Real servers for tests, the demo and benchmarks: PostgreSQL, its exporter, Prometheus and
//! Alertmanager, each private, on a free loopback port, with its state in a temporary folder; and the
//! incidents that real clients make of them.
//! Not a mock, and not for production: sync is off, applications need no password.
//! Start at [`Stack::start`] for all four, [`Postgres::build`] for one database.
//! What always holds: a server ends when its value is dropped, also in a panic, and when this process is
//! killed; nothing is left but what the system cleans from its temporary folder.
#![forbid(unsafe_code)]

pub mod alertmanager;
pub mod behaviour;
pub mod binary;
mod daemon;
mod error;
pub mod exporter;
pub mod http;
pub mod incident;
mod liar;
pub mod otlp;
mod port;
pub mod postgres;
pub mod process;
pub mod prometheus;
pub mod ready;
mod receiver;
mod session;
mod stack;
mod steps;

pub use alertmanager::Alertmanager;
pub use error::ServerError;
pub use exporter::Exporter;
pub use incident::{Incident, Pace, Plot, Scenario, Variant};
pub use liar::{Liar, Lie, SECRET_IN_ERROR};
pub use port::free_port;
pub use postgres::{Logins, Postgres, PostgresBuilder};
pub use prometheus::Prometheus;
pub use receiver::{Received, Receiver};
pub use session::Session;
pub use stack::{Stack, StackSetup};
pub use steps::{repository, runbook, step, test_runbook};
