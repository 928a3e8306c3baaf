//! Whole-system tests: the real binary on real servers, a module for each promise.
//! One binary, so that what it stands on is linked once.

// Every function here is part of a test.
#![allow(clippy::unwrap_used)]

mod agents;
mod backtests;
mod bad_input;
mod bearer;
mod bytes;
mod carried_out;
mod conformance;
mod docs;
mod doubts;
mod elsewhere;
mod first_runbook;
mod guide;
mod hostile_bytes;
mod hostile_callers;
mod hostile_plans;
mod house;
mod learning;
mod located;
mod once;
mod openapi;
mod page;
mod planted;
mod postmortem;
mod proxy;
mod record;
mod recorded;
mod resembles;
mod rights;
mod secrets;
mod seen;
mod slow_runs;
mod storm;
mod taken_back;
mod today;
mod tokens;
mod told_apart;
mod unwritten;
mod waiting;
mod wire;
mod words;
