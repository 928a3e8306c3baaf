//! Configured probes: `interlock:read/http-probe`.

use serde::{Deserialize, Serialize};
#[cfg(feature = "component")]
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{AnswerLimit, Soon, Unchecked};
use crate::text::{count, time};

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct ProbeResult {
    /// The probe.
    pub name: String,
    /// When it was sent.
    #[serde(with = "time")]
    pub at: u64,
    /// Absent: no response; see `error`.
    pub status: Option<u16>,
    /// Milliseconds until the response or the error.
    #[serde(with = "count")]
    #[cfg_attr(feature = "component", component(name = "latency-ms"))]
    pub latency_ms: u64,
    /// Why there was no response.
    pub error: Option<String>,
}

/// What `http_probe.probe` asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProbeAsk {
    /// A configured probe; a step never gives a URL.
    pub name: String,
}

/// Probes by their configured names.
pub trait HttpProbe: Send + Sync {
    /// Sends one probe.
    fn probe(
        &self,
        ask: ProbeAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<ProbeResult, Unchecked>>;
}
