//! The write tier: `interlock:write/database`. It takes intents only.

use std::sync::Arc;

use interlock_capabilities::{Intent, Outcome, Settled, Soon, write::DatabaseWriter};
use interlock_gate::{
    action::{Action, Cancel, SessionArguments, Terminate},
    revision::Revision,
    target::escape,
};

use super::{
    Postgres, Server,
    act::{Ready, Signal},
    application_name,
};

/// Ends sessions and cancels statements, in one approver's name.
#[derive(Clone)]
pub struct PostgresWriter {
    postgres: Postgres,
    application_name: String,
}

impl Postgres {
    /// A writer whose acts show `approver` in the servers' own `pg_stat_activity` and log, as
    /// `interlock/<approver>`.
    pub fn acting_for(&self, approver: &str) -> PostgresWriter {
        PostgresWriter {
            postgres: self.clone(),
            application_name: application_name(approver),
        }
    }
}

impl DatabaseWriter for PostgresWriter {
    fn cancel(&self, intent: Intent<Cancel>) -> Soon<'_, Settled> {
        Box::pin(self.send(Signal::Cancel, intent, |action| &action.arguments))
    }

    fn terminate(&self, intent: Intent<Terminate>) -> Soon<'_, Settled> {
        Box::pin(self.send(Signal::Terminate, intent, |action| &action.arguments))
    }
}

impl PostgresWriter {
    async fn send<A: Action>(
        &self,
        signal: Signal,
        intent: Intent<A>,
        arguments: fn(&A) -> &SessionArguments,
    ) -> Settled {
        let server = match self.target(intent.action()) {
            Ok(server) => server,
            Err(why) => return intent.not_tried(why),
        };
        let kept = match &server.write {
            Some(Ok(kept)) => kept,
            Some(Err(gap)) => return intent.not_tried(gap.why().to_owned()),
            None => {
                let why = format!("[[source.postgres]] `{}` has no `write`", server.name);
                return intent.not_tried(why);
            }
        };
        let ready = match Ready::new(kept, &self.application_name).await {
            Ok(ready) => ready,
            Err(gap) => return intent.not_tried(gap.why().to_owned()),
        };
        let act = match intent.begin() {
            Ok(act) => act,
            Err(late) => return late,
        };
        let outcome = match act.seen() {
            Revision::Session(seen) if seen.pid == arguments(act.action()).pid => {
                ready.act(signal, arguments(act.action()), seen).await
            }
            _ => Outcome::NotTried {
                why: "the plan says nothing of the session it saw".to_owned(),
            },
        };
        act.settle(outcome)
    }

    fn target<A: Action>(&self, action: &A) -> Result<Arc<Server>, String> {
        let source = action.target().source();
        let server = self
            .postgres
            .servers
            .values()
            .find(|server| escape(&server.name) == source);
        server
            .cloned()
            .ok_or_else(|| format!("no [[source.postgres]] has the name `{source}`"))
    }
}
