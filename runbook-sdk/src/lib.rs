//! What the author of a runbook's step sees.
//!
//! A step is one function, annotated with [`step`], in a file of its own. It is
//! given a [`Context`], asks questions, and concludes a [`Report`] (diagnose), a
//! list of proposed changes (remediate) or a [`Verification`] (verify).
//!
//! Not a way around the host: a component built from a step imports exactly the
//! calls it makes, and a write cites an item that was read. Nothing here can
//! name a target, open a connection or read a clock that is not recorded.
//!
//! Start at [`Context`], then [`Pending`] and [`Answer`], then [`Report`]. Tests
//! run the same function natively against a `FakeHost`.
//!
//! What always holds: an answer that could not be had is a [`Gap`], never an
//! empty answer.

#![forbid(unsafe_code)]

mod answer;
#[doc(hidden)]
pub mod bindings;
mod clients;
mod context;
#[doc(hidden)]
pub mod door;
mod error;
#[cfg(not(target_arch = "wasm32"))]
mod fake;
mod findings;
mod inputs;
mod pending;
mod postgres;
mod records;
mod report;
mod series;
#[cfg(target_arch = "wasm32")]
mod step;
mod time;
mod verification;
pub mod wire;

pub use answer::{Answer, Evidence, Item, Items, Listed, Record};
pub use clients::{
    Alerts, AlertsWrite, Changes, Database, DatabaseWrite, HttpProbe, Incidents, Logs, Metrics,
    NotifyWrite, OnlyIf, Topology, WorkloadWrite, Workloads,
};
pub use context::Context;
pub use error::{Error, Gap, Result};
#[cfg(not(target_arch = "wasm32"))]
pub use fake::*;
pub use findings::Findings;
pub use inputs::{Declared, DefaultValue, Given, InputKind, Inputs};
pub use interlock_sdk_macro::{manifest, step, steps};
pub use pending::Pending;
pub use postgres::{SessionKey, State};
pub use report::{CauseName, Found, Hypothesis, Report};
pub use series::label;
pub use time::{Time, Window, said};
pub use verification::Verification;

/// For the macros only.
#[doc(hidden)]
pub mod __private {
    #[cfg(target_arch = "wasm32")]
    pub use crate::step::{diagnose, remediate, verify};
    pub use wit_bindgen;
}
