//! A source that is configured and cannot be set up: each answer says why, each act is not tried.
//! Without it, one missing secret would take every other source away.

use interlock_capabilities::read::alerts::{AlertList, Alerts, AlertsAsk};
use interlock_capabilities::read::database::{
    Database, DatabaseAsk, Locks, PreparedTransactions, ReplicationSlots, Sessions, Settings,
};
use interlock_capabilities::read::metrics::{Instant, InstantAsk, Matrix, Metrics, RangeAsk};
use interlock_capabilities::write::{AlertsWriter, DatabaseWriter};
use interlock_capabilities::{AnswerLimit, Gap, Intent, Settled, Soon, Unchecked};
use interlock_gate::action::{Action, Cancel, Expire, Silence, Terminate};

use crate::health::Health;

/// Why, in words without URLs and secrets.
#[derive(Clone, Debug)]
pub(crate) struct Broken {
    why: String,
}

impl Broken {
    pub(crate) fn new(why: String) -> Self {
        Self { why }
    }

    pub(crate) fn health(&self) -> Health {
        Health::Bad {
            why: self.why.clone(),
        }
    }

    /// The gap of whatever is asked of it.
    pub(crate) fn gap(&self) -> Gap {
        Gap::Unreachable(self.why.clone())
    }

    fn not_tried<A: Action>(&self, intent: Intent<A>) -> Soon<'static, Settled> {
        Box::pin(std::future::ready(intent.not_tried(self.why.clone())))
    }

    fn answer<T: Send + 'static>(&self) -> Soon<'static, Result<T, Unchecked>> {
        Box::pin(std::future::ready(Err(self.gap())))
    }
}

impl Metrics for Broken {
    fn instant(&self, _: InstantAsk, _: AnswerLimit) -> Soon<'static, Result<Instant, Unchecked>> {
        self.answer()
    }

    fn range(&self, _: RangeAsk, _: AnswerLimit) -> Soon<'static, Result<Matrix, Unchecked>> {
        self.answer()
    }
}

impl Alerts for Broken {
    fn list(&self, _: AlertsAsk, _: AnswerLimit) -> Soon<'static, Result<AlertList, Unchecked>> {
        self.answer()
    }
}

macro_rules! database {
    ($($call:ident -> $Answer:ty),*) => {
        impl Database for Broken {
            $(fn $call(
                &self,
                _: DatabaseAsk,
                _: AnswerLimit,
            ) -> Soon<'static, Result<$Answer, Unchecked>> {
                self.answer()
            })*
        }
    };
}

database! {
    sessions -> Sessions, locks -> Locks, prepared_transactions -> PreparedTransactions,
    replication_slots -> ReplicationSlots, settings -> Settings
}

impl DatabaseWriter for Broken {
    fn cancel(&self, intent: Intent<Cancel>) -> Soon<'_, Settled> {
        self.not_tried(intent)
    }

    fn terminate(&self, intent: Intent<Terminate>) -> Soon<'_, Settled> {
        self.not_tried(intent)
    }
}

impl AlertsWriter for Broken {
    fn silence(&self, intent: Intent<Silence>) -> Soon<'_, Settled> {
        self.not_tried(intent)
    }

    fn expire(&self, intent: Intent<Expire>) -> Soon<'_, Settled> {
        self.not_tried(intent)
    }
}
