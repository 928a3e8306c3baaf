//! Alerts: `interlock:read/alerts`.

use serde::{Deserialize, Serialize};
#[cfg(feature = "component")]
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{AnswerLimit, Label, Soon, Unchecked};
use crate::text::{time, time_option};

/// One alert.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Alert {
    /// Its rule's name.
    pub name: String,
    /// `firing`, `suppressed` or `resolved`.
    pub state: String,
    /// Since when.
    #[serde(with = "time")]
    #[cfg_attr(feature = "component", component(name = "starts-at"))]
    pub starts_at: u64,
    /// Until when, where it has ended.
    #[serde(with = "time_option")]
    #[cfg_attr(feature = "component", component(name = "ends-at"))]
    pub ends_at: Option<u64>,
    /// The source's own id of it.
    pub fingerprint: String,
    /// Its labels.
    pub labels: Vec<Label>,
    /// Its annotations, untrusted.
    pub annotations: Vec<Label>,
    /// `alertmanager` or `incident`.
    pub source: String,
}

/// The answer of `alerts.list`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct AlertList {
    /// In the order that the source gave.
    pub alerts: Vec<Alert>,
}

/// What `alerts.list` asks: nothing to choose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertsAsk {}

/// A source of alerts.
pub trait Alerts: Send + Sync {
    /// Lists the alerts that are not resolved.
    fn list(
        &self,
        ask: AlertsAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<AlertList, Unchecked>>;
}
