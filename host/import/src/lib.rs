//! From what other programs keep of an incident to bundles and timelines.
//!
//! Not a client: it reads files and folders that it is given, and fetches nothing.
//!
//! Invariant: a line that cannot be read is an error with its place, never left out.
#![forbid(unsafe_code)]
