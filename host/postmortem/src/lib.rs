//! A draft of what happened, made from the record: each sentence cites its source.
//!
//! Not an author: what has no source is marked for a person to write.
//!
//! Invariant: what a person has edited is kept when the draft is made again.
#![forbid(unsafe_code)]
