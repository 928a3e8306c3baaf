//! A runbook for tests: it proposes to silence the alerts it answers, which can be taken back.
//! Not one to ship: nothing it reads says that the noise is harmless.
//! Start at `src/bin/look.rs`.
#![forbid(unsafe_code)]

use serde::{Deserialize, Serialize};

// `Inputs` and `Cause`, made from runbook.toml.
interlock_sdk::manifest!();

/// The alert that this runbook is about.
pub const ALERT: &str = "NightlyJobSlow";

/// What is to be quiet.
#[derive(Debug, Serialize, Deserialize)]
pub struct Noise {
    /// The alerts' fingerprints.
    pub fingerprints: Vec<String>,
}
