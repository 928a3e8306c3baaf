//! What people and paging systems wrote while the incident lasted.

use interlock_gate::time::Time;
use serde::{Deserialize, Serialize};

/// One line of an incident's timeline. No run can read it: it may tell the cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimelineLine {
    /// When.
    pub at: Time,
    /// What kind of thing: `message`, `alert`, `resolved`, `page`, `acknowledged`, `escalated`,
    /// `assigned`, `annotated`, `other`.
    pub kind: String,
    /// Which program kept it: `slack`, `pagerduty`, `alertmanager`.
    pub source: String,
    /// Who, where known; untrusted.
    pub author: Option<String>,
    /// What was said, untrusted.
    pub text: String,
    /// The line of the imported file where it begins, from 1.
    pub line: u64,
}
