//! Decides whether a plan may be carried out.
//!
//! Not a clock, a store or a key ring: time, tokens and past decisions are arguments, and nothing
//! here does I/O.
//! Start at [`decide`], then [`Reason`]: one variant per way to be refused. [`plan::Plan`] is what
//! would be done, [`Token`] a person's signed word on it, [`Policy`] who may say it.
//! Invariant: nothing outside this crate makes a [`Permit`].

#![forbid(unsafe_code)]

pub mod action;
pub mod backtest;
pub mod canonical;
pub mod case;
pub mod decide;
pub mod escape;
pub mod explain;
pub mod history;
pub mod ids;
mod judge;
pub mod key;
pub mod limits;
pub mod narrow;
pub mod permit;
pub mod plan;
pub mod policy;
pub mod preview;
mod quorum;
pub mod reason;
pub mod revision;
pub mod screen;
mod seats;
pub mod sshsig;
pub mod state;
mod steps;
pub mod target;
mod text;
pub mod time;
pub mod token;
mod weigh;
mod wire;

pub use case::Case;
pub use decide::{Denied, decide};
pub use explain::{Finding, explain};
pub use history::{History, Kind};
pub use permit::{AnyPermit, Basis, Permit};
pub use policy::Policy;
pub use reason::Reason;
pub use state::{PlanEvent, PlanState};
pub use token::Token;
