//! Why an answer could not be had. It never means "nothing there".

use std::fmt;

use serde::{Deserialize, Serialize};
#[cfg(feature = "component")]
use wasmtime::component::{ComponentType, Lift, Lower};

/// Why an answer could not be had, in words that name no URL and no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(variant)
)]
pub enum Gap {
    /// No source is configured for what was asked.
    #[cfg_attr(feature = "component", component(name = "no-source"))]
    NoSource(String),
    /// The source did not answer, or answered something that is no answer.
    #[cfg_attr(feature = "component", component(name = "unreachable"))]
    Unreachable(String),
    /// The source refused: a missing right, a bad query.
    #[cfg_attr(feature = "component", component(name = "refused"))]
    Refused(String),
    /// The answer was larger than the limit of one answer.
    #[cfg_attr(feature = "component", component(name = "too-large"))]
    TooLarge(String),
    /// A changed step asked what its record does not hold.
    #[cfg_attr(feature = "component", component(name = "not-recorded"))]
    NotRecorded(String),
}

/// The same, where it stands in for an answer: the thing was not checked.
pub type Unchecked = Gap;

impl Gap {
    /// The reason in words.
    pub fn why(&self) -> &str {
        match self {
            Gap::NoSource(why)
            | Gap::Unreachable(why)
            | Gap::Refused(why)
            | Gap::TooLarge(why)
            | Gap::NotRecorded(why) => why,
        }
    }

    /// The kind in one word, without the reason.
    pub fn word(&self) -> &'static str {
        match self {
            Gap::NoSource(_) => "no_source",
            Gap::Unreachable(_) => "unreachable",
            Gap::Refused(_) => "refused",
            Gap::TooLarge(_) => "too_large",
            Gap::NotRecorded(_) => "not_recorded",
        }
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Gap::NoSource(_) => "no source",
            Gap::Unreachable(_) => "unreachable",
            Gap::Refused(_) => "refused",
            Gap::TooLarge(_) => "too large",
            Gap::NotRecorded(_) => "not recorded",
        };
        write!(f, "{kind}: {}", self.why())
    }
}

impl std::error::Error for Gap {}
