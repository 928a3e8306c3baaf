//! A plan with some of its actions taken out, in the place of the first.

use std::{collections::BTreeSet, sync::Arc};

use interlock_gate::{narrow::narrow, plan::Plan};
use interlock_store::entry::Entry;

use crate::{caller::Caller, error::RunError, open::Runner};

impl Runner {
    /// Records the narrower plan; its parent is superseded and approvals do not carry over.
    pub async fn narrow(
        &self,
        plan: &Plan,
        skip: &BTreeSet<usize>,
        caller: &Caller,
    ) -> Result<Arc<Plan>, RunError> {
        let checkpoint = self.checkpoint().await?;
        let body = plan.body();
        let mut behind = self.owners_of_diagnoses(&body.run, &body.incident).await?;
        behind.extend(caller.owner.clone());
        let behind: Vec<_> = behind.into_iter().collect();
        let narrowed = narrow(plan, skip, &behind, self.now(), checkpoint)?;
        self.record(Entry::Planned {
            plan: Box::new(narrowed.clone()),
        })
        .await?;
        Ok(Arc::new(narrowed))
    }
}
