//! A run's life: run, plan, apply, verify, undo, reconcile, replay; the one place where gate,
//! engine, store and connectors meet.
//!
//! Not a decision (the gate's), not a screen (the command line's), not a server.
//! Start at [`open::Runner`], then [`run::RunAsk`] and [`act::Applied`]; [`record::RunRecord`] is
//! what every screen is drawn from.
//! Invariant: nothing changes production but `act`, with an intent that the journal holds.

#![forbid(unsafe_code)]

pub mod act;
pub mod caller;
pub mod catalogue;
pub mod confidence;
mod conform;
pub mod context;
mod crash;
pub mod diagnosis;
pub mod document;
pub mod error;
pub mod evidence;
pub mod facts;
pub mod feedback;
mod fold;
pub mod imported;
pub mod incident;
pub mod inputs;
pub mod installed;
mod join;
pub mod learnt;
mod ledger;
mod load;
pub mod manifest;
mod narrowing;
pub mod open;
mod outcome;
mod plan;
mod policy;
mod propose;
mod ready;
pub mod reconcile;
pub mod record;
pub mod replay;
pub mod report;
mod requests;
pub mod run;
#[cfg(test)]
mod sample;
mod spans;
mod stamp;
pub mod state;
pub mod stats;
mod steps;
mod still;
pub mod stop;
pub mod subject;
pub mod tokens;
mod track;
pub mod trust;
mod verify;
pub mod watch;
