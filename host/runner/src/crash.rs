//! What a crash left behind: an intent without an outcome is a doubt, and nothing retries it.

use interlock_gate::{history::Kind, plan::Plan, state::PlanState};
use interlock_store::{
    Store as _,
    entry::{Entry, RecordedOutcome},
};

use crate::{error::RunError, open::Runner};

impl Runner {
    /// Settles what a dead process left of a plan whose lock is held. An intent without outcome
    /// becomes `unknown`; a plan between two acts is stopped, since it is never resumed.
    pub(crate) async fn settle_crash(&self, plan: &Plan) -> Result<(), RunError> {
        for doubt in self.store().doubts().await? {
            if doubt.plan == plan.id() && doubt.outcome.is_none() {
                let why = "the host ended between the intent and its outcome".to_owned();
                let entry = Entry::Outcome {
                    plan: doubt.plan,
                    index: doubt.index,
                    kind: doubt.kind,
                    outcome: RecordedOutcome::Unknown { why },
                };
                self.record(entry).await?;
            }
        }
        let kind = match self.history(plan.id()).await?.state {
            PlanState::Applying { .. } => Kind::Apply,
            PlanState::Undoing { .. } => Kind::Undo,
            PlanState::Waiting
            | PlanState::Rejected
            | PlanState::Revoked
            | PlanState::Expired
            | PlanState::Superseded
            | PlanState::Applied
            | PlanState::Stopped { .. }
            | PlanState::Unknown { .. }
            | PlanState::Undone => return Ok(()),
        };
        let entry = Entry::ApplyEnded {
            plan: plan.id(),
            kind,
            stopped: Some("the host ended between two acts".to_owned()),
            counts: Default::default(),
        };
        self.record(entry).await
    }
}
