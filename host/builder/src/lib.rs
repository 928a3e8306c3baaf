//! Turns a runbook's source into the components that a host runs, and says what they may ask for.
//! Not a host: nothing here runs a component, and nothing here links one. Not a package manager:
//! crates come from wherever the user's cargo gets them.
//! Start at [`build`], then [`inspect`]; [`new`] writes a first runbook.
//! Invariant: a component file is replaced whole or not at all, and the same sources built by the
//! same compiler give the same digest, in whatever folder they lie.
#![forbid(unsafe_code)]

mod build;
mod compile;
mod encode;
mod error;
mod facts;
mod inspect;
mod key;
mod new;
mod package;
mod process;
mod toolchain;

pub use build::{Built, Options, build};
pub use error::BuildError;
pub use facts::{Facts, ImportedFunction, Kind, Tier};
pub use inspect::{Step, inspect, inspect_bytes};
pub use new::new;
pub use toolchain::{Choice, Toolchain};
