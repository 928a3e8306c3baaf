//! What a step is given and what it concludes: the records of
//! `interlock:step/types`. What a step says here is its word; the host checks
//! its citations and rates its confidence elsewhere.

use serde::{Deserialize, Serialize};
#[cfg(feature = "component")]
use wasmtime::component::{ComponentType, Lift, Lower};

pub use crate::read::Label;
use crate::text::{count, count_option, time};

/// One alert of the incident.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Alert {
    /// Its rule's name.
    pub name: String,
    /// Since when.
    #[serde(with = "time")]
    #[cfg_attr(feature = "component", component(name = "starts-at"))]
    pub starts_at: u64,
    /// Its labels.
    pub labels: Vec<Label>,
    /// Its annotations, untrusted.
    pub annotations: Vec<Label>,
}

/// What the run is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Incident {
    /// Its id.
    pub id: String,
    /// Whose, where known.
    pub service: Option<String>,
    /// How bad, in the words of whoever said so.
    pub severity: Option<String>,
    /// Its window: from.
    #[serde(with = "time")]
    pub begin: u64,
    /// Its window: until.
    #[serde(with = "time")]
    pub end: u64,
    /// What alerted.
    pub alerts: Vec<Alert>,
}

/// What a step is given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Input {
    /// The recorded clock at the start.
    #[serde(with = "time")]
    pub now: u64,
    /// What the run is about.
    pub incident: Incident,
    /// A JSON object of strings, integers and booleans; a duration is milliseconds.
    pub inputs: String,
    /// What the step before concluded, as JSON.
    pub findings: Option<String>,
}

/// A call, or items of its answer, and what they say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Cite {
    /// The call.
    #[serde(with = "count")]
    pub call: u64,
    /// Items of the answer; empty: the whole answer.
    pub items: Vec<u32>,
    /// What it says, in the step's words.
    pub says: String,
}

/// How a check that could have refuted a hypothesis ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(variant)
)]
pub enum Checked {
    /// The check was made and did not refute.
    #[cfg_attr(feature = "component", component(name = "passed"))]
    Passed,
    /// The check was made and refutes the hypothesis.
    #[cfg_attr(feature = "component", component(name = "refuted"))]
    Refuted,
    /// The check could not be made: why.
    #[cfg_attr(feature = "component", component(name = "not-made"))]
    NotMade(String),
}

/// A check that could have refuted a hypothesis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Check {
    /// What was checked.
    pub what: String,
    /// By which call.
    #[serde(with = "count")]
    pub call: u64,
    /// How it ended.
    pub outcome: Checked,
    /// What it says, in the step's words.
    pub says: String,
}

/// One possible cause with its evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Hypothesis {
    /// One of the manifest's causes.
    pub cause: String,
    /// By which path the cause leads to the symptom.
    pub path: String,
    /// What speaks for it.
    pub supports: Vec<Cite>,
    /// What speaks against it.
    pub contradicts: Vec<Cite>,
    /// What could have refuted it.
    pub checks: Vec<Check>,
}

/// A cause that the evidence excludes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct RuledOut {
    /// One of the manifest's causes.
    pub cause: String,
    /// What excludes it.
    pub because: Vec<Cite>,
}

/// Something that could not be checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Unchecked {
    /// What.
    pub what: String,
    /// By which call; absent where nothing could even be asked.
    #[serde(with = "count_option")]
    pub call: Option<u64>,
    /// Why not.
    pub why: String,
    /// What it would have shown.
    #[cfg_attr(feature = "component", component(name = "would-show"))]
    pub would_show: String,
}

/// What a read step concludes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Report {
    /// In a sentence or two.
    pub summary: String,
    /// The likeliest first.
    pub hypotheses: Vec<Hypothesis>,
    /// What the evidence excludes.
    #[cfg_attr(feature = "component", component(name = "ruled-out"))]
    pub ruled_out: Vec<RuledOut>,
    /// Causes that were looked for as alternates.
    pub tried: Vec<String>,
    /// What could not be checked.
    #[cfg_attr(feature = "component", component(name = "could-not-check"))]
    pub could_not_check: Vec<Unchecked>,
    /// Why no cause is named.
    pub unresolved: Option<String>,
    /// What the reader must know beside it.
    pub notes: Vec<String>,
    /// The next step's input, as JSON.
    pub findings: Option<String>,
}

/// Whether a change has helped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(enum)
)]
#[repr(u8)]
pub enum Verdict {
    /// It has.
    #[cfg_attr(feature = "component", component(name = "fixed"))]
    Fixed,
    /// It has not.
    #[cfg_attr(feature = "component", component(name = "not-fixed"))]
    NotFixed,
    /// The step could not tell.
    #[cfg_attr(feature = "component", component(name = "could-not-tell"))]
    CouldNotTell,
}

/// What a verify step concludes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(record)
)]
pub struct Verification {
    /// Whether the change has helped.
    pub verdict: Verdict,
    /// In a sentence.
    pub summary: String,
    /// What shows it.
    pub cites: Vec<Cite>,
    /// What could not be checked.
    #[cfg_attr(feature = "component", component(name = "could-not-check"))]
    pub could_not_check: Vec<Unchecked>,
}

/// How a step gives up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[cfg_attr(
    feature = "component",
    derive(ComponentType, Lift, Lower),
    component(variant)
)]
pub enum Failure {
    /// An answer that could not be had: the step ends unresolved.
    #[cfg_attr(feature = "component", component(name = "could-not-check"))]
    CouldNotCheck(Unchecked),
    /// The step's own error.
    #[cfg_attr(feature = "component", component(name = "failed"))]
    Failed(String),
}
