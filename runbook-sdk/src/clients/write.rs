//! Clients that propose a change. Nothing is changed when they are called: the
//! host records each call, and it becomes one action of a plan that a person
//! must approve. After the first of them, reads are refused.

use crate::answer::Item;
use crate::door::Host;
use crate::error::Result;
use crate::wire;

/// Act only while the session is still in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnlyIf {
    /// Whatever it does by then.
    AnyState,
    /// While it is idle, outside a transaction.
    Idle,
    /// While it is idle in a transaction.
    IdleInTransaction,
    /// While it is idle in a transaction that has failed.
    IdleInTransactionAborted,
    /// While it runs a statement, or waits inside one.
    Active,
}

impl OnlyIf {
    /// The state, as `pg_stat_activity` writes it.
    pub fn state(self) -> Option<&'static str> {
        match self {
            Self::AnyState => None,
            Self::Idle => Some("idle"),
            Self::IdleInTransaction => Some("idle in transaction"),
            Self::IdleInTransactionAborted => Some("idle in transaction (aborted)"),
            Self::Active => Some("active"),
        }
    }

    /// The state that a session was observed in; nothing for a state that is
    /// not known, which is no state to act on.
    pub fn observed(state: Option<&str>) -> Option<Self> {
        [
            Self::Idle,
            Self::IdleInTransaction,
            Self::IdleInTransactionAborted,
            Self::Active,
        ]
        .into_iter()
        .find(|only_if| only_if.state() == state)
    }
}

/// Proposes to cancel or terminate sessions. The item is the target: a step
/// cannot name a session that it did not read.
pub struct DatabaseWrite<'a> {
    pub(crate) host: &'a Host,
}

impl DatabaseWrite<'_> {
    /// Cancel the session's statement. It changes nothing for a session that is
    /// idle in a transaction.
    ///
    /// # Errors
    /// The host refuses the item.
    pub fn cancel(&self, session: Item<'_, wire::Session>, only_if: OnlyIf) -> Result<()> {
        self.host.cancel(session.seen(), only_if.state())?;
        Ok(())
    }

    /// End the session; its transaction is rolled back.
    ///
    /// # Errors
    /// The host refuses the item.
    pub fn terminate(&self, session: Item<'_, wire::Session>, only_if: OnlyIf) -> Result<()> {
        self.host.terminate(session.seen(), only_if.state())?;
        Ok(())
    }
}

/// Proposes to restart, scale or roll back workloads.
pub struct WorkloadWrite<'a> {
    pub(crate) host: &'a Host,
}

impl WorkloadWrite<'_> {
    /// Replace the workload's pods, one after the other.
    ///
    /// # Errors
    /// The host refuses the item.
    pub fn restart(&self, workload: Item<'_, wire::Workload>) -> Result<()> {
        self.host.restart(workload.seen())?;
        Ok(())
    }

    /// Run that many replicas.
    ///
    /// # Errors
    /// The host refuses the item.
    pub fn scale(&self, workload: Item<'_, wire::Workload>, replicas: u32) -> Result<()> {
        self.host.scale(workload.seen(), replicas)?;
        Ok(())
    }

    /// Back to the revision before the one observed.
    ///
    /// # Errors
    /// The host refuses the item.
    pub fn rollback(&self, workload: Item<'_, wire::Workload>) -> Result<()> {
        self.host.rollback(workload.seen())?;
        Ok(())
    }
}

/// Proposes silences.
pub struct AlertsWrite<'a> {
    pub(crate) host: &'a Host,
}

impl AlertsWrite<'_> {
    /// Silence an alert for some minutes.
    ///
    /// # Errors
    /// The host refuses the item.
    pub fn silence(&self, alert: Item<'_, wire::Alert>, minutes: u32, reason: &str) -> Result<()> {
        self.host.silence(alert.seen(), minutes, reason)?;
        Ok(())
    }
}

/// Proposes messages to people.
pub struct NotifyWrite<'a> {
    pub(crate) host: &'a Host,
}

impl NotifyWrite<'_> {
    /// Tell a configured channel about an item.
    ///
    /// # Errors
    /// The host refuses the item or the channel.
    pub fn notify<T>(&self, about: Item<'_, T>, channel: &str, message: &str) -> Result<()> {
        self.host.notify(about.seen(), channel, message)?;
        Ok(())
    }
}
