//! What must hold before the first act, so that no approval is spent on what cannot be done.

use std::collections::BTreeSet;

use interlock_gate::{action::AnyAction, explain::Finding, history::Kind, plan::Plan};

use crate::{caller::Caller, error::RunError, open::Runner, outcome::changes};

impl Runner {
    /// Whether every target could be acted on now; opens the connections that would.
    pub(crate) async fn ready(&self, plan: &Plan, kind: Kind) -> Result<(), String> {
        let databases: BTreeSet<&str> = changes(plan, kind)
            .filter(|action| matches!(action, AnyAction::Cancel(_) | AnyAction::Terminate(_)))
            .map(|action| action.target().source())
            .collect();
        for database in databases {
            if let Err(gap) = self.connected().ready_to_write(database).await {
                return Err(format!("`{database}` cannot be acted on now: {gap}"));
            }
        }
        let alerts = changes(plan, kind)
            .any(|action| matches!(action, AnyAction::Silence(_) | AnyAction::Expire(_)));
        if alerts && let Err(gap) = self.connected().alertmanager_ready_to_write().await {
            return Err(format!("`alertmanager` cannot be acted on now: {gap}"));
        }
        Ok(())
    }

    /// Whose names the target's own audit trail shows: those who fill the seats.
    pub(crate) async fn approvers(
        &self,
        plan: &Plan,
        kind: Kind,
        caller: &Caller,
    ) -> Result<String, RunError> {
        let findings = self.explain(plan, kind).await?;
        let mut people: Vec<String> = findings
            .into_iter()
            .filter_map(|finding| match finding {
                Finding::Filled { by, .. } => Some(by.to_string()),
                Finding::Rule { .. }
                | Finding::Empty { .. }
                | Finding::Against(_)
                | Finding::Ignored(_) => None,
            })
            .collect();
        people.sort();
        people.dedup();
        Ok(if people.is_empty() {
            caller.shown()
        } else {
            people.join("+")
        })
    }
}
