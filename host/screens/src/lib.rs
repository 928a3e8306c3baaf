//! What people read and what programs read of runs, plans and incidents: text for a terminal, a
//! page or a model, and versioned JSON documents.
//!
//! It draws and decides nothing: no I/O, no clock, no store. Whoever calls it has loaded the
//! record. The command line, MCP and HTTP all draw here, so they say the same.
//!
//! Start at [`text::run::screen`] and [`json::run::document`].
//!
//! Invariant: text that somebody else wrote is escaped before it is shown, so it can move neither
//! the cursor nor the reader. JSON documents begin with `schema`, and are only added to.

#![forbid(unsafe_code)]

pub mod exit;
pub mod html;
pub mod json;
pub mod plot;
pub mod text;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;
