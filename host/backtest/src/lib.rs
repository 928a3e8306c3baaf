//! A runbook over incidents whose causes are known: how often it is right, how far its confidence
//! can be trusted, where it is wrong, and what another build would have said.
//!
//! Not a run: nothing is journalled, nothing is proposed, and nothing of production is asked; the
//! reading steps see what was kept of an incident and never its truth.
//! Start at [`Build`], then [`run`], then [`Outcome::of`].
//!
//! Invariant: the truth is read after the steps have ended; an incident is rated by what other incidents taught, never by itself; the same build
//! over the same corpus comes to the same result.
#![forbid(unsafe_code)]

mod against;
mod build;
mod calibrate;
mod outcome;
mod run;
mod saved;
mod tried;

pub use against::{Compared, Comparison, compare};
pub use build::{Build, NotBuilt, engine};
pub use calibrate::{Calibrated, calibrate};
pub use outcome::{Cause, Outcome};
pub use run::{NotRun, over, run};
pub use saved::{BadSaved, SAVED_SCHEMA, Saved, SavedCase, Verdict};
pub use tried::{Cited, End, Ranked, Tried};
