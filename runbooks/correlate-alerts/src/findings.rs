//! The cases, for whoever goes on from here. Alerts are items of one answer, so a finding says
//! nothing that was not read.

use interlock_sdk::Time;
use serde::{Deserialize, Serialize};

/// Every alert, once: in a case, or among those that could not be placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cases {
    /// The call whose answer holds the alerts.
    pub call: u64,
    /// The largest first.
    pub cases: Vec<Found>,
    /// The rest.
    pub unplaced: Vec<Unplaced>,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// What kind of case it is: one of the manifest's causes.
    pub cause: String,
    /// The service where it probably begins, where the topology knows one.
    pub origin: Option<String>,
    /// Its place in the topology's answer, where it has one.
    pub origin_item: Option<u32>,
    /// Other services where it may begin, the likeliest first.
    pub alternates: Vec<String>,
    /// When the first alert began.
    pub begin: Time,
    /// How many services alert.
    pub services: u32,
    /// The alerts, by when they began: places in the answer.
    pub alerts: Vec<u32>,
}

/// An alert that is in no case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unplaced {
    /// Its place in the answer.
    pub alert: u32,
    /// `no name`, `unknown service` or `alone`.
    pub why: String,
}
