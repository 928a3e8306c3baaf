//! The read tier: per interface its records, its question and its trait.
//!
//! A reader starts to work when it is asked; the future it returns only waits
//! for the answer, and dropping it ends the work.

pub mod alerts;
pub mod changes;
pub mod database;
mod gap;
pub mod http_probe;
pub mod incidents;
pub mod logs;
pub mod metrics;
pub mod topology;
mod window;
pub mod workloads;

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

pub use gap::{Gap, Unchecked};
pub use window::{Label, Window};

use crate::call::{Answer, Ask, ReadCall};

/// An answer that is on its way.
pub type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A value that a component, a connector and a record share.
pub trait Wire:
    Serialize + DeserializeOwned + Clone + fmt::Debug + PartialEq + Send + Sync + 'static
{
}

impl<T> Wire for T where
    T: Serialize + DeserializeOwned + Clone + fmt::Debug + PartialEq + Send + Sync + 'static
{
}

/// One kind of read: what is asked, what is answered, and who answers.
/// Implemented by the markers of [`crate::call`], one for each function of
/// `interlock:read`.
pub trait Read: Send + Sync + 'static {
    /// Which call it is.
    const CALL: ReadCall;
    /// The question.
    type Ask: Wire;
    /// The answer.
    type Answer: Wire;

    /// Asks the reader of this interface; without one the answer is
    /// [`Gap::NoSource`].
    fn start(
        readers: &Readers,
        ask: Self::Ask,
        limit: AnswerLimit,
    ) -> Soon<'static, Result<Self::Answer, Unchecked>>;

    /// The question as a record keeps it.
    fn ask(ask: Self::Ask) -> Ask;

    /// The answer as a record keeps it.
    fn answer(answer: Self::Answer) -> Answer;

    /// The answer out of a record; `None`: it is another call's.
    fn recorded(answer: &Answer) -> Option<&Self::Answer>;
}

/// How large one answer may be. Connectors stop early; the engine checks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnswerLimit {
    /// Bytes of the answer as JSON.
    pub bytes_max: u64,
}

impl AnswerLimit {
    /// Refuses an answer whose JSON is longer than the limit.
    pub fn check<T: Serialize>(&self, answer: &T) -> Result<(), Gap> {
        let mut room = Room(self.bytes_max);
        serde_json::to_writer(&mut room, answer)
            .map_err(|_| Gap::TooLarge(format!("the answer is over {} bytes", self.bytes_max)))
    }
}

/// Counts what would be written and keeps nothing.
struct Room(u64);

impl std::io::Write for Room {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let left = self.0.checked_sub(bytes.len() as u64);
        self.0 = left.ok_or(std::io::ErrorKind::FileTooLarge)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Who answers, per interface. `None`: nothing is configured.
#[derive(Clone, Default)]
pub struct Readers {
    /// `interlock:read/metrics`.
    pub metrics: Option<Arc<dyn metrics::Metrics>>,
    /// `interlock:read/logs`.
    pub logs: Option<Arc<dyn logs::Logs>>,
    /// `interlock:read/alerts`.
    pub alerts: Option<Arc<dyn alerts::Alerts>>,
    /// `interlock:read/changes`.
    pub changes: Option<Arc<dyn changes::Changes>>,
    /// `interlock:read/topology`.
    pub topology: Option<Arc<dyn topology::Topology>>,
    /// `interlock:read/database`.
    pub database: Option<Arc<dyn database::Database>>,
    /// `interlock:read/workloads`.
    pub workloads: Option<Arc<dyn workloads::Workloads>>,
    /// `interlock:read/incidents`.
    pub incidents: Option<Arc<dyn incidents::Incidents>>,
    /// `interlock:read/http-probe`.
    pub http_probe: Option<Arc<dyn http_probe::HttpProbe>>,
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers")
            .field("metrics", &self.metrics.is_some())
            .field("logs", &self.logs.is_some())
            .field("alerts", &self.alerts.is_some())
            .field("changes", &self.changes.is_some())
            .field("topology", &self.topology.is_some())
            .field("database", &self.database.is_some())
            .field("workloads", &self.workloads.is_some())
            .field("incidents", &self.incidents.is_some())
            .field("http_probe", &self.http_probe.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_one_byte_over_the_limit_is_too_large() {
        let text = "x".repeat(8); // ten bytes with its quotes
        assert_eq!(AnswerLimit { bytes_max: 10 }.check(&text), Ok(()));
        assert!(matches!(
            AnswerLimit { bytes_max: 9 }.check(&text),
            Err(Gap::TooLarge(_))
        ));
    }
}
