//! Whole-system tests: the real binary on real servers, a module for each promise.
//! One binary, so that what it stands on is linked once.

// Every function here is part of a test.
#![allow(clippy::unwrap_used)]

mod carried_out;
mod seen;
mod told_apart;
