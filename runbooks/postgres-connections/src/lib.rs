//! Why a PostgreSQL server runs out of connections, and which sessions may be
//! ended for it.
//!
//! Not a connection killer: it proposes to end only sessions that are observed
//! to hold a slot for nothing, or the one session that the others wait for. A
//! session that it cannot judge is left alone.
//!
//! Start at [`Facts`], what is asked; then [`View`], what the answers say of
//! each session; then [`causes`], one file a cause; then [`conclude`].
//!
//! What always holds: an answer that did not come, or a session that the reader
//! may not look into, is never taken for "nothing there".
#![forbid(unsafe_code)]

interlock_sdk::manifest!();

pub mod blind;
mod by_locks;
pub mod causes;
mod conclude;
mod facts;
mod load;
mod pools;
mod queue;
mod sessions;
mod stuck;
mod view;

pub use conclude::conclude;
pub use facts::{Asked, Facts, Metrics, REFUSED};
pub use load::Trend;
pub use pools::{Pool, Pools};
pub use queue::{Queue, Root};
pub use sessions::may_be_signalled;
pub use stuck::{Stuck, StuckSession};
pub use view::View;
