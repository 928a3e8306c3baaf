//! The engine, run on small components that ask for what a step must not get.
//!
//! One binary: each more would link wasmtime again.
#![allow(clippy::unwrap_used)]

mod cache;
mod faults;
mod grants;
mod kept;
mod languages;
mod limits;
mod reads;
mod replay;
mod wasi;
mod world;
mod writes;
