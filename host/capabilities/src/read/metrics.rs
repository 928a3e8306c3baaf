//! Time series: `interlock:read/metrics`.

use serde::{Deserialize, Serialize};
#[cfg(feature = "component")]
use wasmtime::component::{ComponentType, Lift, Lower};

use super::{AnswerLimit, Label, Soon, Unchecked, Window};
use crate::text::{count, float, time};

/// One series at one instant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Sample {
    /// Its labels.
    pub labels: Vec<Label>,
    /// When the value was taken.
    #[serde(with = "time")]
    pub at: u64,
    /// The value; it may be no number.
    #[serde(with = "float")]
    pub value: f64,
}

/// The answer of an instant query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Instant {
    /// In the order that the source gave.
    pub samples: Vec<Sample>,
}

/// One value of a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Point {
    /// When the value was taken.
    #[serde(with = "time")]
    pub at: u64,
    /// The value; it may be no number.
    #[serde(with = "float")]
    pub value: f64,
}

/// One series over a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Series {
    /// Its labels.
    pub labels: Vec<Label>,
    /// Oldest first.
    pub points: Vec<Point>,
}

/// The answer of a range query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Matrix {
    /// Milliseconds between two points.
    #[serde(with = "count")]
    #[cfg_attr(feature = "component", component(name = "step-ms"))]
    pub step_ms: u64,
    /// In the order that the source gave.
    pub series: Vec<Series>,
}

/// What `metrics.instant` asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstantAsk {
    /// A PromQL expression.
    pub query: String,
    /// When to evaluate it: the run's clock.
    #[serde(with = "time")]
    pub at: u64,
}

/// What `metrics.range` asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeAsk {
    /// A PromQL expression.
    pub query: String,
    /// From when until when.
    pub window: Window,
    /// Milliseconds between two points.
    #[serde(with = "count")]
    pub step_ms: u64,
}

/// A source of time series.
pub trait Metrics: Send + Sync {
    /// Evaluates an expression once.
    fn instant(
        &self,
        ask: InstantAsk,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<Instant, Unchecked>>;
    /// Evaluates an expression over a window.
    fn range(&self, ask: RangeAsk, limit: AnswerLimit) -> Soon<'static, Result<Matrix, Unchecked>>;
}
