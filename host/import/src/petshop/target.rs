//! `target.json`: what rang, and, apart from it, why.

use std::path::Path;

use interlock_bundle::{BundleError, Truth};
use serde_json::Value;

/// What rang.
pub(super) struct Target {
    /// The component that the alert is about.
    pub(super) node: String,
    /// Its metric.
    pub(super) metric: String,
    /// The metric's statistic, in lower case.
    pub(super) stat: String,
    /// When, in microseconds since 1970.
    pub(super) at: u64,
}

/// Reads both; nothing of the truth is in the target.
pub(super) fn read(path: &Path, bytes: &[u8]) -> Result<(Target, Truth), BundleError> {
    let bad = |line, why: String| BundleError::Line {
        path: path.to_owned(),
        line,
        why,
    };
    let whole: Value = serde_json::from_slice(bytes).map_err(|error| {
        let line = u64::try_from(error.line()).unwrap_or(1).max(1);
        bad(line, "it is no JSON".to_owned())
    })?;
    let text = |place: &str, name: &str| {
        let found = whole
            .get(place)
            .and_then(|of| of.get(name))
            .and_then(Value::as_str);
        found
            .map(str::to_owned)
            .ok_or_else(|| bad(1, format!("`{place}.{name}` is missing")))
    };
    let at = whole.get("target").and_then(|of| of.get("timestamp"));
    let at = at.and_then(|at| super::table::micros(&at.to_string()));
    let target = Target {
        node: text("target", "node")?,
        metric: text("target", "metric")?,
        stat: text("target", "agg")?.to_lowercase(),
        at: at.ok_or_else(|| bad(1, "`target.timestamp` is missing".to_owned()))?,
    };
    let command = whole.pointer("/metadata/reproducibility/command");
    let truth = Truth {
        subjects: vec![text("root_cause", "node")?],
        note: command.and_then(Value::as_str).map(str::to_owned),
        ..Truth::default()
    };
    Ok((target, truth))
}
