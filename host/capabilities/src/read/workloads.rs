//! What runs in a cluster: `interlock:read/workloads`.

use serde::{Deserialize, Serialize};
#[cfg(feature = "component")]
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{AnswerLimit, Soon, Unchecked, Window};
use crate::text::time;

/// One workload.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Workload {
    /// The configured source.
    pub cluster: String,
    /// Its namespace.
    pub namespace: String,
    /// `Deployment`, ...
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its identity.
    pub uid: String,
    /// Its revision.
    #[cfg_attr(feature = "component", component(name = "resource-version"))]
    pub resource_version: String,
    /// Wanted.
    pub replicas: Option<u32>,
    /// Ready.
    pub ready: Option<u32>,
    /// Of its template, where it has one.
    pub revision: Option<String>,
    /// The one before.
    #[cfg_attr(feature = "component", component(name = "previous-revision"))]
    pub previous_revision: Option<String>,
    /// Of its containers.
    pub images: Vec<String>,
}

/// The answer of `workloads.describe`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct WorkloadList {
    /// By name.
    pub workloads: Vec<Workload>,
}

/// One event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct WorkloadEvent {
    /// When it was last seen.
    #[serde(with = "time")]
    pub at: u64,
    /// `Normal` or `Warning`.
    pub kind: String,
    /// One word.
    pub reason: String,
    /// Of which object.
    pub about: String,
    /// Untrusted text.
    pub message: String,
    /// How often.
    pub count: u32,
}

/// The answer of `workloads.events`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct WorkloadEventList {
    /// Whether events were left out.
    pub truncated: bool,
    /// Oldest first.
    pub events: Vec<WorkloadEvent>,
}

/// What `workloads.describe` asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DescribeAsk {
    /// The configured source.
    pub cluster: String,
    /// The namespace.
    pub namespace: String,
    /// One workload; absent: all of the namespace.
    pub name: Option<String>,
}

/// What `workloads.events` asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventsAsk {
    /// The configured source.
    pub cluster: String,
    /// The namespace.
    pub namespace: String,
    /// From when until when.
    pub window: Window,
}

/// Clusters by their configured names.
pub trait Workloads: Send + Sync {
    /// Describes workloads.
    fn describe(
        &self,
        ask: DescribeAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<WorkloadList, Unchecked>>;
    /// Lists events.
    fn events(
        &self,
        ask: EventsAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<WorkloadEventList, Unchecked>>;
}
