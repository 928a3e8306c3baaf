//! A draft of what happened, made from the record: each sentence cites its source.
//!
//! Not an author: what has no source is marked for a person to write. Not a store: it reads the
//! journal and gives a text.
//!
//! Start at [`story::Story`] (what is known of an incident), [`draft::Draft`] (the text) and
//! [`front::Front`] (what programs read of it).
//!
//! Invariant: every drafted sentence cites an entry or a line, or is marked; what a person has
//! edited is kept when the draft is made again; what others wrote is text wherever it stands.
#![forbid(unsafe_code)]

pub mod blocks;
pub mod check;
pub mod cite;
pub mod draft;
pub mod front;
pub mod html;
pub mod merge;
pub mod stats;
pub mod story;
pub mod taxonomy;
mod tell;
pub mod template;
pub mod words;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
