//! What people read, drawn from the record. A tired person under an alert reads it once.

pub mod applied;
pub mod approver;
pub mod backtest;
pub mod brief;
pub mod bundles;
pub mod diagnosis;
pub mod evidence;
pub mod feedback;
pub mod grants;
pub mod incidents;
pub mod moments;
pub mod needs;
pub mod plan;
pub mod plans;
pub mod postmortem;
pub mod record;
pub mod replay;
pub mod report;
pub mod run;
pub mod runbooks;
pub mod runs;
pub mod similar;
pub mod stats;
pub mod whole;
pub mod words;
