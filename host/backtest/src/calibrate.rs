//! What a corpus teaches of evidence, and each half of it rated by the other.
//!
//! Rated by itself, an incident would bear itself out. So the judged incidents are dealt into two
//! halves, every other one in the order of their names, and each is rated by what the other taught.

use std::collections::BTreeMap;

use interlock_measure::{Calibration, Forecast};
use interlock_runner::confidence::{Corpus, Counted, Standing, rate};
use interlock_store::entry::CalibrationRow;

use crate::tried::Tried;

/// How far the confidence of a build can be trusted.
#[derive(Clone, Debug)]
pub struct Calibrated {
    /// What all of the corpus teaches, for runs to come.
    pub rows: Vec<CalibrationRow>,
    /// Of the first causes named, each rated by the other half; none where nothing was named.
    pub measured: Option<Calibration>,
}

/// Rates every hypothesis in place by what the other half taught, and measures how well.
pub fn calibrate(all: &mut [Tried]) -> Calibrated {
    let judged: Vec<usize> = (0..all.len()).filter(|at| all[*at].is_judged()).collect();
    let half = |odd: usize| -> Vec<usize> {
        let ours = judged.iter().enumerate();
        ours.filter(|(place, _)| place % 2 == odd)
            .map(|(_, at)| *at)
            .collect()
    };
    let (even, odd) = (half(0), half(1));
    let by_odd = standing(all, &odd);
    let by_even = standing(all, &even);
    let by_all = standing(all, &judged);
    // Nobody knows the others' causes, so that they taught nothing.
    let mut by: Vec<&Standing> = vec![&by_all; all.len()];
    for at in &even {
        by[*at] = &by_odd;
    }
    for at in &odd {
        by[*at] = &by_even;
    }
    let mut forecasts = Vec::new();
    for (tried, by) in all.iter_mut().zip(by) {
        rate_one(tried, by);
        let said = tried.first().and_then(|first| {
            let percent = first.confidence.probability_percent?;
            Some(Forecast::new(f64::from(percent) / 100.0, first.right?))
        });
        forecasts.extend(said);
    }
    Calibrated {
        rows: rows(all, &judged),
        measured: Calibration::of(&forecasts),
    }
}

fn rate_one(tried: &mut Tried, by: &Standing) {
    let Some(report) = &tried.report else {
        return;
    };
    let rated = rate(report, by);
    for (one, rated) in tried.ranked.iter_mut().zip(rated) {
        one.confidence = rated;
    }
}

/// What the host would know, had it only these incidents.
fn standing(all: &[Tried], of: &[usize]) -> Standing {
    if of.is_empty() {
        return Standing::default();
    }
    let counts = counted(all, of)
        .into_iter()
        .map(|((pattern, cause), (right, count))| Counted {
            // Its own words, read back.
            pattern,
            cause: Some(cause),
            right,
            of: count,
        });
    Standing::of_corpus(Corpus {
        cases: of.len() as u64,
        counts: counts.collect(),
    })
}

type Counts = BTreeMap<(interlock_runner::confidence::Pattern, String), (u64, u64)>;

fn counted(all: &[Tried], of: &[usize]) -> Counts {
    let mut counts = Counts::new();
    for one in of.iter().flat_map(|at| &all[*at].ranked) {
        let Some(right) = one.right else {
            continue;
        };
        let count = counts.entry((one.pattern, one.cause.clone())).or_default();
        count.0 += u64::from(right);
        count.1 += 1;
    }
    counts
}

fn rows(all: &[Tried], of: &[usize]) -> Vec<CalibrationRow> {
    let row = |((pattern, cause), (right, of)): ((_, String), (u64, u64))| CalibrationRow {
        pattern: interlock_runner::confidence::Pattern::to_string(&pattern),
        cause: Some(cause),
        right,
        of,
    };
    counted(all, of).into_iter().map(row).collect()
}
