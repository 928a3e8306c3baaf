//! What people read, rendered from the record. A tired person under an alert reads it once.

pub(crate) mod applied;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod record;
pub(crate) mod run;
pub(crate) mod text;
