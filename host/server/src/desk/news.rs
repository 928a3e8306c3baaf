//! What happened, for whoever listens: progress, notifications, the page.

use interlock_gate::ids::{PlanDigest, RunId};
use serde::Serialize;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum News {
    /// A run began.
    RunOpened {
        /// The run.
        run: RunId,
        /// The runbook's name.
        runbook: String,
    },
    /// A step of a run began.
    Step {
        /// The run.
        run: RunId,
        /// The step's name.
        step: String,
    },
    /// A run ended; read it to learn how.
    RunEnded {
        /// The run.
        run: RunId,
        /// `concluded`, `planned`, `faulted`, `interrupted`.
        state: String,
    },
    /// A plan waits for approval.
    PlanWaiting {
        /// The plan.
        plan: PlanDigest,
        /// Its run.
        run: RunId,
    },
    /// A plan no longer waits as it did: a token came in, it was carried out, it ran out.
    PlanChanged {
        /// The plan.
        plan: PlanDigest,
        /// Its run.
        run: RunId,
        /// Its state's word, `waiting` included.
        state: String,
    },
    /// The installed runbooks are others now.
    RunbooksChanged,
}
