//! The documents that programs read: structs of their own, versioned, only added to.

pub mod applied;
pub mod backtest;
pub mod bundles;
pub mod diagnosis;
pub mod evidence;
pub mod grants;
pub mod incidents;
pub mod inputs;
pub mod plan;
pub mod postmortem;
pub mod replay;
pub mod run;
pub mod runbooks;
pub mod runs;
pub mod similar;
pub mod stats;
