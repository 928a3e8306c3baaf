//! What a person sees while a run goes on.

pub(crate) mod progress;
