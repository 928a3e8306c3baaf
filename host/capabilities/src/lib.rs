//! What a step may ask, what production may be asked to do, and the types that
//! keep the two apart.
//!
//! It is not a client of any real system (those are connectors), and it runs no
//! component. Start at [`read::Read`] for the one shape of all reads, at
//! [`call::Recorded`] for what a run keeps of each, and at [`intent`] for the
//! one way to a change.
//!
//! Always: one struct is a component's value, a connector's answer and the JSON
//! of the record; nothing acts but an [`Intent`], and only a durable entry of the
//! journal makes one.
#![deny(unsafe_code)]

pub mod aim;
mod boot;
pub mod call;
pub mod intent;
pub mod journal;
pub mod names;
pub mod read;
pub mod report;
mod text;
pub mod wire;
pub mod write;

pub use aim::{Aimed, CannotAim, WriteArgs, aim};
pub use boot::BootTime;
pub use call::{Answer, Ask, ReadCall, Recorded};
pub use intent::{Act, AnyIntent, Intent, Outcome, Settled, intend, intend_any};
pub use journal::{Journal, Leaf, Refused};
pub use read::{AnswerLimit, Gap, Read, Readers, Soon, Unchecked};
pub use write::Writers;
