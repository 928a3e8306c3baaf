//! From what other programs keep of an incident to bundles and timelines.
//!
//! Not a client: it reads files and folders that it is given, and fetches nothing.
//!
//! Start at [`import`] for bundles, and at [`timeline`] for what people and paging systems wrote.
//!
//! Invariant: a line that cannot be read is an error with its place, never left out.
#![forbid(unsafe_code)]

mod alertmanager;
mod error;
mod format;
mod import;
mod itbench;
mod json;
mod metrics;
mod nezha;
mod pagerduty;
mod petshop;
mod slack;
mod source;

#[cfg(test)]
mod tests;

pub use error::ImportError;
pub use format::{Format, UnknownFormat};
pub use import::{Imported, Progress, import, timeline, timeline_of};
