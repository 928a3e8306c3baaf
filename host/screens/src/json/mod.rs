//! The documents that programs read: structs of their own, versioned, only added to.

pub mod applied;
pub mod plan;
pub mod run;
