//! The journal, and everything that is kept beside it.
//!
//! Not a judge: what may be done is decided in the gate, over what this crate has recorded.
//! Start at [`Store`] (what can be asked), [`Entry`] (what can be said) and [`SqliteStore::open`].
//! Invariant: a fact and the rows derived from it commit together, or not at all.

mod blobs;
pub mod checkpoint;
pub mod entry;
pub mod error;
pub mod export;
pub mod fold;
pub mod lock;
pub mod merkle;
pub mod own_file;
pub mod proof;
#[cfg(test)]
mod sample;
pub mod sqlite;
pub mod store;
pub mod verify;

pub use checkpoint::{HostPublic, Signed};
pub use entry::{Entry, RecordedOutcome, Stamped, StepEnd};
pub use error::StoreError;
pub use lock::{HeldBy, PlanLock};
pub use merkle::{TreeHash, TreeHead};
pub use sqlite::{Clock, SqliteStore, system_clock};
pub use store::{
    ANY_SIZE, Blob, Doubt, GroupLine, IncidentLine, PlanLine, RunLine, Store, Taken, TreeSize,
};
