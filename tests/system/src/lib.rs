//! A complete working place for the command line: servers, an incident, a policy, people with keys.
//! Not a test: those are in `tests/system.rs`, one binary with a module for each promise.
//! Start at [`World::build`]; [`World::interlock`] runs the real binary as one of its [`Person`]s,
//! [`World::serve`] starts the server. A [`Doorstep`] is a host with nothing around it.
//! What always holds: everything lies in one temporary folder, and nothing outlives the [`World`].
#![forbid(unsafe_code)]

mod binary;
mod browser;
mod component;
mod doorstep;
mod error;
mod files;
mod people;
mod puppet;
mod ran;
mod served;
mod tools;
mod world;

pub use binary::interlock_binary;
pub use browser::Browser;
pub use component::encode;
pub use doorstep::{ALERTS_ONCE, Doorstep, METRIC_ONCE};
pub use error::WorldError;
pub use people::{People, Person};
pub use puppet::Puppet;
pub use ran::Ran;
pub use served::{Asker, Served};
pub use tools::{node_tool, python, python_program};
pub use world::{Times, World, WorldBuilder};
