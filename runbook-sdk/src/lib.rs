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
//!
//! ```
//! use interlock_sdk::{Context, FakeHost, OnlyIf, Report, Result, step};
//! # #[derive(Clone, Copy)]
//! # enum Cause { IdleInTransaction }
//! # impl interlock_sdk::CauseName for Cause {
//! #     fn name(self) -> &'static str { "idle_in_transaction" }
//! # }
//!
//! #[step]
//! fn diagnose(ctx: &Context) -> Result<Report> {
//!     let db = ctx.database("orders-db");
//!     // Ask all, then read: the step lasts as long as its slowest answer.
//!     let (sessions, locks) = (db.sessions(), db.locks());
//!     // `?` on an answer that did not come ends as `unresolved: could not check`.
//!     let sessions = sessions.get()?;
//!     let open = sessions.items().filter(|s| s.is_client() && s.is_idle_in_transaction());
//!     let mut report = Report::new();
//!     report
//!         .hypothesis(Cause::IdleInTransaction)
//!         .path("open transactions keep their sessions; no slot is left")
//!         .supports(&open.largest_group_by(|s| s.role.clone()), "idle in a transaction")
//!         // A check that could not be made is listed by itself and caps the confidence.
//!         .unless("a session waits for a lock", locks.get(), |locks| locks.waiting() > 0);
//!     Ok(report)
//! }
//!
//! let host = FakeHost::at("03:12:08Z").database("orders-db", |db| {
//!     db.session(|s| s.pid(101).role("checkout").idle_in_transaction("14m"))
//!         .session(|s| s.pid(102).role("orders_api").idle("2h"))
//! });
//! let run = host.run(diagnose).then(|ctx| {
//!     for session in ctx.database("orders-db").sessions().get()?.items() {
//!         if session.is_idle_in_transaction() {
//!             // The item is the target: a step cannot name a pid it did not read.
//!             ctx.database_write().terminate(session, OnlyIf::IdleInTransaction)?;
//!         }
//!     }
//!     Ok(())
//! });
//! assert_eq!(run.causes(), ["idle_in_transaction"]);
//! assert_eq!(run.plan().pids(), [101]);
//! ```

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
