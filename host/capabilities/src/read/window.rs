//! What several reads share: a window of time, a label.

use serde::{Deserialize, Serialize};
#[cfg(feature = "component")]
use wasmtime::component::{ComponentType, Lift, Lower};

use crate::text::time;

/// From (inclusive) until (exclusive), in microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Window {
    /// Inclusive.
    #[serde(with = "time")]
    pub begin: u64,
    /// Exclusive.
    #[serde(with = "time")]
    pub end: u64,
}

/// A name and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Label {
    /// Its name.
    pub name: String,
    /// Its value, untrusted.
    pub value: String,
}
