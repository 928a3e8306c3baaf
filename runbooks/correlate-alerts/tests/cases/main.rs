//! The step on described hosts, and what must hold for every storm.

interlock_sdk::steps!(correlate);

mod every_storm;
mod large;
mod storms;
