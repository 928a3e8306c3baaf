//! The traits that can change production. Each method takes an intent and
//! nothing else, and can return only what settled it.

use std::{fmt, sync::Arc};

use interlock_gate::action::{
    Action, Cancel, Expire, Notify, Restart, Rollback, Scale, Silence, Terminate,
};

use crate::{
    intent::{AnyIntent, Intent, Settled},
    read::Soon,
};

/// `interlock:write/database`.
pub trait DatabaseWriter: Send + Sync {
    /// Cancels a session's statement.
    fn cancel(&self, intent: Intent<Cancel>) -> Soon<'_, Settled>;
    /// Ends a session.
    fn terminate(&self, intent: Intent<Terminate>) -> Soon<'_, Settled>;
}

/// `interlock:write/workload`.
pub trait WorkloadWriter: Send + Sync {
    /// Restarts a workload's pods in turn.
    fn restart(&self, intent: Intent<Restart>) -> Soon<'_, Settled>;
    /// Sets a workload's replica count.
    fn scale(&self, intent: Intent<Scale>) -> Soon<'_, Settled>;
    /// Goes back to a workload's revision before.
    fn rollback(&self, intent: Intent<Rollback>) -> Soon<'_, Settled>;
}

/// `interlock:write/alerts`.
pub trait AlertsWriter: Send + Sync {
    /// Silences an alert.
    fn silence(&self, intent: Intent<Silence>) -> Soon<'_, Settled>;
    /// Ends a silence that [`AlertsWriter::silence`] made, where nobody has changed it since. No
    /// step can ask for it: it is only ever an undo.
    fn expire(&self, intent: Intent<Expire>) -> Soon<'_, Settled>;
}

/// `interlock:write/notify`.
pub trait NotifyWriter: Send + Sync {
    /// Sends a message to people.
    fn notify(&self, intent: Intent<Notify>) -> Soon<'_, Settled>;
}

/// Who acts, per interface. `None`: nothing is configured, and nothing is tried.
#[derive(Clone, Default)]
pub struct Writers {
    /// `interlock:write/database`.
    pub database: Option<Arc<dyn DatabaseWriter>>,
    /// `interlock:write/workload`.
    pub workload: Option<Arc<dyn WorkloadWriter>>,
    /// `interlock:write/alerts`.
    pub alerts: Option<Arc<dyn AlertsWriter>>,
    /// `interlock:write/notify`.
    pub notify: Option<Arc<dyn NotifyWriter>>,
}

impl Writers {
    /// Hands the intent to the one writer that it is for.
    pub fn carry_out(&self, intent: AnyIntent) -> Soon<'_, Settled> {
        match intent {
            AnyIntent::Cancel(it) => give(&self.database, it, |to, it| to.cancel(it)),
            AnyIntent::Terminate(it) => give(&self.database, it, |to, it| to.terminate(it)),
            AnyIntent::Restart(it) => give(&self.workload, it, |to, it| to.restart(it)),
            AnyIntent::Scale(it) => give(&self.workload, it, |to, it| to.scale(it)),
            AnyIntent::Rollback(it) => give(&self.workload, it, |to, it| to.rollback(it)),
            AnyIntent::Silence(it) => give(&self.alerts, it, |to, it| to.silence(it)),
            AnyIntent::Expire(it) => give(&self.alerts, it, |to, it| to.expire(it)),
            AnyIntent::Notify(it) => give(&self.notify, it, |to, it| to.notify(it)),
        }
    }
}

fn give<'a, W: ?Sized, A: Action>(
    writer: &'a Option<Arc<W>>,
    intent: Intent<A>,
    act: impl FnOnce(&'a W, Intent<A>) -> Soon<'a, Settled>,
) -> Soon<'a, Settled> {
    match writer {
        Some(writer) => act(writer, intent),
        None => {
            let why = format!("no source is configured that could do `{}`", A::CAPABILITY);
            Box::pin(std::future::ready(intent.not_tried(why)))
        }
    }
}

impl fmt::Debug for Writers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writers")
            .field("database", &self.database.is_some())
            .field("workload", &self.workload.is_some())
            .field("alerts", &self.alerts.is_some())
            .field("notify", &self.notify.is_some())
            .finish()
    }
}
