//! Which of many alerts belong together, and where each group of them begins.
//!
//! Not a diagnosis: it names the service that the other alerts of a case follow from, and leaves
//! open what is wrong with it. Not a filter either: no alert is dropped, and one that cannot be
//! placed is said to be so.
//!
//! Start at [`Scene`], what was read, as numbers and edges; then [`group`], from alerts to cases;
//! then [`origins`], where a case begins; then [`conclude`].
//!
//! What always holds: every alert is in exactly one case or among those that could not be placed;
//! neither the order of the answers nor the names of services decide anything but ties.
#![forbid(unsafe_code)]

interlock_sdk::manifest!();

mod conclude;
mod facts;
mod findings;
mod group;
mod origin;
mod place;
mod reach;
mod scene;
mod speaks;
mod tell;
mod union;

pub use conclude::conclude;
pub use facts::{Asked, Facts};
pub use findings::{Cases, Found, Unplaced};
pub use group::{Case, Grouped, Link, Seen, Why, group};
pub use origin::{Origin, origins};
pub use place::{LABELS, Place};
pub use scene::{Node, Rung, Scene};
pub use speaks::Speaks;
