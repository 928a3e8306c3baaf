//! The one room of calls behind every door.

mod news;
mod said;

pub use news::News;
pub use said::{Code, Refusal, Said};
