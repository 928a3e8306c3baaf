//! How right a diagnosis was: rates with intervals, calibration, and what a track record is worth.
//!
//! Pure arithmetic over counts and probabilities. Not a store and not a screen: who was right is
//! decided elsewhere.
//!
//! Invariant: a figure without data is absent, never zero.
#![forbid(unsafe_code)]
