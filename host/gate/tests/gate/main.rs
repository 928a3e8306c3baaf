//! The gate from outside: single cases, its laws, and a second, slow and obvious gate.

#![allow(clippy::unwrap_used)]

mod backtest;
mod decide;
mod laws;
mod model;
mod policy;
mod screen_is_injective;
mod shipped;
mod sshsig;
mod token;
mod undo;
mod world;
