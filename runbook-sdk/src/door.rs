//! The one way out of a step. In a component it is the imported functions; on
//! a native target, where steps are tested, it is a [`FakeHost`](crate::fake).
//!
//! Both have the same functions, one a call, none of them reached through a
//! table: what a step does not call must not be linked.

use crate::wire;

#[cfg(target_arch = "wasm32")]
#[path = "door/component.rs"]
mod way;

#[cfg(not(target_arch = "wasm32"))]
#[path = "door/native.rs"]
mod way;

pub use way::*;

/// What stands for an answer until it is there.
pub trait Handle<T> {
    /// The id of the call.
    fn call(&self) -> u64;
    /// Waits for the answer.
    ///
    /// # Errors
    /// Why no answer could be had.
    fn get(&self) -> Result<T, wire::Gap>;
}
