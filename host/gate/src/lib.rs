//! Decides whether a plan may be carried out.
//!
//! Not a clock, a store or a key ring: time, tokens and past decisions are arguments, and nothing
//! here does I/O.
//! Start at [`plan::Plan`] (what would be done) and [`action::AnyAction`] (one change).
//! Invariant: nothing outside this crate makes a permit.

#![forbid(unsafe_code)]

pub mod action;
pub mod canonical;
pub mod ids;
pub mod key;
pub mod plan;
pub mod policy;
pub mod revision;
pub mod sshsig;
pub mod target;
pub mod time;
pub mod token;
mod wire;
