//! Runs the steps of a runbook: WebAssembly components in a sandbox that can only ask.
//!
//! Not a place where anything is changed: a run ends in a report or in a list of proposed writes,
//! and no writer, no token and no permit is known here.
//! Start at [`Engine::load`], then [`Step::link`], then [`Linked::run`].
//! Always: bytes are hashed before they are compiled; what a policy does not grant is not linked;
//! every call is on the run's [`Cassette`], and the same bytes on their cassette do the same.

#![deny(unsafe_code)]

mod bind;
mod cache;
mod clock;
mod component;
mod fault;
mod grants;
mod limits;
mod link;
mod pool;
mod progress;
mod run;
mod session;
mod size;
mod spans;
mod tape;
mod tier;
mod wasi;

pub use cache::CacheError;
pub use clock::ClockStart;
pub use component::{CachePaths, Engine, EngineConfig, EngineError, LoadError, Step};
pub use fault::{Fault, FaultKind};
pub use grants::Grants;
pub use limits::{LimitName, Limits, Reached};
pub use link::{Linked, Missing, NotGranted, Why};
pub use progress::Progress;
pub use run::{Ended, Ran, Source, StepInput};
pub use tape::{
    CASSETTE_BYTES_MAX, CASSETTE_SCHEMA, Cassette, Difference, Note, NoteLevel, RecordedWrite, Seed,
};
pub use tier::{CONTRACT_VERSIONS, Gives, Import, Kind, Tier};
