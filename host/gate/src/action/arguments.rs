//! What each action says beside its target: the arguments that a policy limits and a person reads.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Of a signal to one database session; all computed by the host from the observed session but
/// `only_if_state`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionArguments {
    /// The server process id.
    pub pid: i32,
    /// The role that logged in; null where the server did not say.
    pub role: Option<String>,
    /// The database; null where the session has none.
    pub database: Option<String>,
    /// Act only while the session's `state` is this.
    pub only_if_state: Option<String>,
    /// Whole seconds its transaction had been open when it was observed; null without one.
    pub transaction_age_s: Option<u64>,
}

/// Of a rolling restart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestartArguments {
    /// `Deployment`, `StatefulSet` or `DaemonSet`.
    pub kind: String,
    /// The namespace observed.
    pub namespace: String,
}

/// Of a change of the replica count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScaleArguments {
    /// `Deployment` or `StatefulSet`.
    pub kind: String,
    /// The namespace observed.
    pub namespace: String,
    /// The count to set.
    pub replicas: u32,
    /// The count observed: what `max_change_percent` measures from.
    pub observed_replicas: u32,
}

/// Of going back to the revision before the one observed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollbackArguments {
    /// `Deployment`.
    pub kind: String,
    /// The namespace observed.
    pub namespace: String,
    /// The revision observed.
    pub from_revision: String,
    /// The revision to set.
    pub to_revision: String,
}

/// Of a new silence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilenceArguments {
    /// The observed alert's labels, each matched exactly.
    pub labels: BTreeMap<String, String>,
    /// How long, in minutes.
    pub minutes: u32,
    /// The step's words, shown as quoted.
    pub reason: String,
}

/// Of ending a silence that an act of this host made. Which silence is in the revision after that
/// act. Made only by the gate, from the act that it takes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ExpireArguments {
    /// What the silence matches.
    pub labels: BTreeMap<String, String>,
}

/// Of a message to people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotifyArguments {
    /// The step's words, shown as quoted.
    pub message: String,
}
