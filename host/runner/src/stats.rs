//! What the diagnoses of a time came to: how often they were accepted and how often right, what
//! they cost and what they saved.
//!
//! Not a judgement of people: no figure names anybody. Start at [`Runner::stats`] and [`Stats`].
//! Invariant: a figure without data is absent, never zero; every figure is a fold over the journal
//! and the kept reports.

mod case;
mod group;
mod phase;
mod read;
#[cfg(test)]
mod tests;

use interlock_gate::time::Time;
use interlock_measure::{Calibration, Forecast};

use crate::{error::RunError, open::Runner};

pub use case::{Case, Decided, READING_WORDS_PER_S, reading_time_s};
pub use group::Group;
pub use phase::{Phase, PhaseTimes};

/// Runs that are counted, the newest.
pub const RUNS_MAX: usize = 20_000;

/// What the diagnoses of a time came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// From when on runs are counted.
    pub since: Time,
    /// Until when.
    pub until: Time,
    /// All of them.
    pub all: Group,
    /// Of each runbook, by name.
    pub by_runbook: Vec<Group>,
    /// Of each cause: the actual one where it is known, else the one that was named first.
    pub by_cause: Vec<Group>,
    /// How well the probabilities were given that stood beside the diagnoses; none where no judged
    /// diagnosis carried one.
    pub calibration: Option<Calibration>,
    /// Whether there were more runs than [`RUNS_MAX`].
    pub left_out: bool,
}

impl Stats {
    /// Of these runs.
    pub fn of(since: Time, until: Time, cases: &[Case], left_out: bool) -> Stats {
        let forecasts: Vec<Forecast> = cases
            .iter()
            .filter_map(|case| {
                let percent = case.probability_percent?;
                Some(Forecast::new(f64::from(percent) / 100.0, case.right?))
            })
            .collect();
        Stats {
            since,
            until,
            all: Group::of("all", cases.iter()),
            by_runbook: Group::by(cases, |case| case.runbook.clone()),
            by_cause: Group::by(cases, |case| {
                case.cause.clone().unwrap_or_else(|| UNRESOLVED.to_owned())
            }),
            calibration: Calibration::of(&forecasts),
            left_out,
        }
    }
}

/// The cause of a run that named none, and of which none is known.
pub const UNRESOLVED: &str = "unresolved";

impl Runner {
    /// What the runs since then came to.
    pub async fn stats(&self, since: Time) -> Result<Stats, RunError> {
        let (cases, left_out) = self.cases(since).await?;
        Ok(Stats::of(since, self.now(), &cases, left_out))
    }
}
