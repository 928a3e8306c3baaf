//! Which component of a system an incident comes from, judged by what each of them measures of
//! itself, now and usually, and by who calls whom.
//!
//! Not a monitor: it is told that there is an incident, and where it shows. It knows no product and
//! no name; a [`Scene`] holds numbers and edges only, so the same system under other names is
//! ranked the same.
//!
//! Start at [`Facts`], what is asked; then [`Scene`], what the answers say in numbers; then
//! [`rank`], the pure part; then [`conclude`], which writes the report.
//!
//! What always holds: a sample that is not there is no zero.
#![forbid(unsafe_code)]

interlock_sdk::manifest!();

mod conclude;
mod conclude_own;
mod excess;
mod facts;
mod flow;
mod own;
mod own_facts;
mod rank;
mod robust;
mod scene;
mod see;

pub use conclude::conclude;
pub use excess::Excess;
pub use facts::{Asked, Facts, Measured};
pub use own::{Kind, Own, own};
pub use own_facts::{Both, OwnFacts, OwnSeen};
pub use rank::{Fault, Located, Ranked, locate, rank};
pub use scene::{
    Component, Habit, Limit, Link, Mark, MarkKind, Scene, Signal, Source, Stat, Symptom, Track,
};
