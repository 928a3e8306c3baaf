//! Similar incidents of the past: `interlock:read/incidents`.

use serde::{Deserialize, Serialize};
#[cfg(feature = "component")]
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{AnswerLimit, Soon, Unchecked};
use crate::text::time;

/// One incident of the past.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct PastIncident {
    /// Its id.
    pub id: String,
    /// When it began.
    #[serde(with = "time")]
    pub at: u64,
    /// Its confirmed cause.
    pub cause: Option<String>,
    /// Why it is similar.
    pub because: String,
}

/// The answer of `incidents.similar`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct PastIncidentList {
    /// The most similar first.
    pub incidents: Vec<PastIncident>,
}

/// What `incidents.similar` asks; the incident is the run's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimilarAsk {
    /// How many at the most.
    pub most: u32,
}

/// The record of past incidents, asked for one run's incident.
pub trait Incidents: Send + Sync {
    /// Finds incidents similar to the run's own.
    fn similar(
        &self,
        ask: SimilarAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<PastIncidentList, Unchecked>>;
}
