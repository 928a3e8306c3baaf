//! What a kept backtest came to, in numbers: policy and confidence read these and nothing else of it.

use interlock_gate::history::PastBacktest;
use serde::{Deserialize, Serialize};

use super::{BACKTEST_CASES_MAX, Entry};

/// Most rows of a calibration.
const CALIBRATION_ROWS_MAX: usize = 1_000;
/// Longest pattern or cause in a row, in bytes.
const WORD_BYTES_MAX: usize = 200;

/// Counts of incidents. Those without a known cause are judged in none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BacktestSummary {
    /// Incidents whose cause is known.
    pub judged: u64,
    /// Of those: the first cause named is right.
    pub right_first: u64,
    /// Of those: one of the first three named is right.
    pub right_in_three: u64,
    /// Of those: no cause was named.
    pub unresolved: u64,
    /// Of those: a step faulted or failed.
    pub failed: u64,
    /// Of those: the first cause named was held with confidence.
    pub confident: u64,
    /// Of the confident: it is wrong.
    pub confident_wrong: u64,
    /// How often hypotheses of each kind of evidence were right.
    pub calibration: Vec<CalibrationRow>,
}

/// How often hypotheses of one kind of evidence were right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalibrationRow {
    /// The kind of evidence, in the host's closed words.
    pub pattern: String,
    /// Of this cause only; null: of every cause.
    pub cause: Option<String>,
    /// How many were right.
    pub right: u64,
    /// Of how many.
    pub of: u64,
}

impl BacktestSummary {
    /// Whether the numbers fit each other and `cases` incidents.
    pub(crate) fn is_sound(&self, cases: u64) -> bool {
        let rows = self.calibration.iter().all(|row| {
            let words = row
                .pattern
                .len()
                .max(row.cause.as_ref().map_or(0, String::len));
            row.right <= row.of && words <= WORD_BYTES_MAX
        });
        cases <= BACKTEST_CASES_MAX
            && self.judged <= cases
            && self.right_first <= self.right_in_three
            && self.right_in_three <= self.judged
            && self.unresolved.saturating_add(self.failed) <= self.judged
            && self.confident <= self.judged
            && self.confident_wrong <= self.confident
            && self.calibration.len() <= CALIBRATION_ROWS_MAX
            && rows
    }
}

impl Entry {
    /// The backtest that it keeps, as the gate weighs it.
    pub fn past_backtest(&self) -> Option<PastBacktest> {
        let Entry::Backtested {
            runbook,
            components,
            corpus,
            summary,
            ..
        } = self
        else {
            return None;
        };
        // Bounded when it was taken.
        let count = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        Some(PastBacktest {
            runbook: runbook.clone(),
            components: components.clone(),
            corpus: *corpus,
            cases: count(summary.judged),
            right: count(summary.right_first),
            confident: count(summary.confident),
            confident_wrong: count(summary.confident_wrong),
        })
    }
}
