//! Which past incidents an incident resembles, why, and where it differs.
//!
//! Not the record: the index is derived from the journal and may be deleted at any time. Not a
//! judge either: that two incidents are alike says nothing of their causes.
//!
//! Start at [`Document`] (what is compared), then [`Index::similar`].
//!
//! Invariant: an incident is never similar to itself, and a match names what is the same.
#![forbid(unsafe_code)]

mod compare;
mod document;
mod index;
#[cfg(test)]
mod tests;
mod words;

pub use compare::{Match, Point};
pub use document::{Document, Feature, Outcome, WORDS_BYTES_MAX};
pub use index::{Index, IndexError, MATCHES_MAX};
