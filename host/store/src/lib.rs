//! The journal, and everything that is kept beside it.
//!
//! Not a judge: what may be done is decided in the gate, over what this crate has recorded.
//! Start at [`checkpoint::Signed`] and [`merkle`].
//! Invariant: a fact and the rows derived from it commit together, or not at all.

pub mod checkpoint;
pub mod lock;
pub mod merkle;
pub mod own_file;
