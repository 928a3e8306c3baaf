//! The documents that programs read: structs of their own, versioned, only added to.

pub(crate) mod applied;
pub(crate) mod plan;
pub(crate) mod run;
