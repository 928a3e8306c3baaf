//! What the steps of `postgres-connections` share.
interlock_sdk::manifest!();

use interlock_sdk::SessionKey;
use serde::{Deserialize, Serialize};

/// What `diagnose` proposes to end.
#[derive(Debug, Serialize, Deserialize)]
pub struct Stuck {
    /// The sessions, each by what cannot be reused.
    pub sessions: Vec<SessionKey>,
}
