//! The write tier: what a step cites, what it is answered, and the traits that
//! can change production. The records are those of `interlock:write/types`.

mod writers;

use serde::{Deserialize, Serialize};
#[cfg(feature = "component")]
use wasmtime::component::{ComponentType, Lift, Lower};

pub use writers::{AlertsWriter, DatabaseWriter, NotifyWriter, WorkloadWriter, Writers};

/// An item of an answer that this run recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Seen {
    /// The call.
    #[serde(with = "crate::text::count")]
    pub call: u64,
    /// The item's index in the call's answer; 0 for a whole answer.
    pub item: u32,
}

/// The step's write was recorded; nothing has been changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Planned {
    /// The action's place in the plan, from 0.
    pub action: u32,
}

/// Why the cited item cannot be written to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(variant)
)]
pub enum Refusal {
    /// No such call or item in this run, or its answer did not come.
    #[cfg_attr(feature = "component", component(name = "no-such-item"))]
    NoSuchItem(String),
    /// The item is of a kind that this capability does not write to.
    #[cfg_attr(feature = "component", component(name = "wrong-kind"))]
    WrongKind(String),
    /// The item lacks what its identity needs.
    #[cfg_attr(feature = "component", component(name = "not-identified"))]
    NotIdentified(String),
    /// An argument is out of its bounds.
    #[cfg_attr(feature = "component", component(name = "bad-argument"))]
    BadArgument(String),
    /// More actions than one plan may hold.
    #[cfg_attr(feature = "component", component(name = "too-many"))]
    TooMany(String),
}
