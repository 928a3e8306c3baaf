//! How right a diagnosis was: rates with intervals, calibration, and what a track record is worth.
//!
//! Pure arithmetic over counts and probabilities. Not a store and not a screen: who was right is
//! decided elsewhere.
//! Start at [`Rate`] for counts, [`Record`] for a track record, [`Calibration`] for forecasts and
//! [`recall_at`] for rankings.
//!
//! Invariant: a figure without data is absent, never zero; the same input gives the same figure.
#![forbid(unsafe_code)]

mod calibration;
mod dice;
mod monotone;
mod ranking;
mod rate;
mod record;

pub use calibration::{Bin, Calibration, Forecast, expected_error};
pub use dice::Dice;
pub use monotone::rising;
pub use ranking::{Found, median, quantile, recall_at};
pub use rate::{Coverage, Interval, Rate};
pub use record::{Prior, Record, weight_at};
