//! A host for tests: the systems are what the test says they are.
//!
//! Not a simulation: nothing acts, and nothing moves between two reads. It
//! keeps the rules that the real host keeps for a step: a source that was not
//! set up is a gap, a read after a write is refused, a write must cite a
//! session (or workload, or alert) that was read, and a report may cite only
//! answers that came.

mod clock;
mod database;
mod inputs;
mod metrics;
mod run;
mod running;
mod session;
mod sources;
mod world;

pub use database::FakeDatabase;
pub use metrics::FakeMetrics;
pub use run::{FakeRun, Plan};
pub use session::{FakeLock, FakeSession};
pub use sources::{FakeAlerts, FakeChanges, FakeIncident, FakeLogs, FakeService, FakeTopology};
pub use world::FakeHost;

pub(crate) use inputs::resolve;
pub(crate) use running::{Fixture, Running, Written};
pub(crate) use world::World;
