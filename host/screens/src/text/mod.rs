//! What people read, drawn from the record. A tired person under an alert reads it once.

pub mod applied;
pub mod needs;
pub mod plan;
pub mod record;
pub mod run;
pub mod words;
