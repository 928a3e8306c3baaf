//! What a build came to over a corpus.

use std::collections::BTreeMap;

use interlock_gate::{ids::BlobDigest, plan::StepBytes};
use interlock_measure::{Rate, median, quantile, recall_at};
use interlock_runner::confidence::Level;
use interlock_store::entry::BacktestSummary;

use crate::{
    build::Build,
    calibrate::{Calibrated, calibrate},
    tried::{End, Tried},
};

/// One build over one corpus.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The runbook.
    pub runbook: String,
    /// Its version.
    pub version: String,
    /// The steps that ran.
    pub components: Vec<StepBytes>,
    /// The corpus, by its digest.
    pub corpus: BlobDigest,
    /// Each incident, in the order of their names, rated.
    pub cases: Vec<Tried>,
    /// How far its confidence can be trusted.
    pub calibrated: Calibrated,
}

/// How often one cause was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The cause, as the truth has it; where it has none, the place.
    pub name: String,
    /// Incidents that it was the cause of, found first.
    pub first: Rate,
    /// Found among the first three.
    pub in_three: Rate,
    /// Incidents in which it was named first and was not the cause.
    pub wrongly: u64,
}

impl Outcome {
    /// Rates what was tried, and measures it.
    pub fn of(build: &Build, corpus: BlobDigest, mut cases: Vec<Tried>) -> Outcome {
        let calibrated = calibrate(&mut cases);
        Outcome {
            runbook: build.runbook().to_owned(),
            version: build.version().to_owned(),
            components: build.components(),
            corpus,
            cases,
            calibrated,
        }
    }

    /// Incidents whose cause is known.
    pub fn judged(&self) -> impl Iterator<Item = &Tried> {
        self.cases.iter().filter(|one| one.is_judged())
    }

    /// How often the right cause is among the first `k` named, of all that are judged.
    pub fn recall(&self, k: usize) -> Rate {
        let ranks: Vec<Option<usize>> = self.judged().map(Tried::rank).collect();
        recall_at(&ranks, k)
    }

    /// How often a diagnosis that was held with confidence is wrong.
    pub fn confident_wrong(&self) -> Rate {
        let mut rate = Rate::default();
        for first in self.judged().filter_map(Tried::first) {
            if first.confidence.level == Level::High {
                rate.add(first.right == Some(false));
            }
        }
        rate
    }

    /// How often no cause is named.
    pub fn unresolved(&self) -> Rate {
        Rate::count(self.judged(), |one| matches!(one.end, End::Unresolved(_)))
    }

    /// How often a step faulted or failed.
    pub fn failed(&self) -> Rate {
        Rate::count(self.judged(), |one| matches!(one.end, End::Failed(_)))
    }

    /// Incidents in which the first cause named is wrong.
    pub fn misdiagnosed(&self) -> impl Iterator<Item = &Tried> {
        self.judged()
            .filter(|one| one.first().is_some_and(|first| first.right == Some(false)))
    }

    /// Microseconds per incident: the middle one, and the one that 95 of 100 stay under.
    pub fn micros(&self) -> Option<(u64, u64)> {
        let all: Vec<u64> = self.cases.iter().map(|one| one.micros).collect();
        Some((median(&all)?, quantile(&all, 950)?))
    }

    /// Cause by cause, in the order of their names.
    pub fn causes(&self) -> Vec<Cause> {
        let mut all: BTreeMap<String, Cause> = BTreeMap::new();
        let cause = |name: &str| Cause {
            name: name.to_owned(),
            first: Rate::default(),
            in_three: Rate::default(),
            wrongly: 0,
        };
        for tried in self.judged() {
            let truth = tried.truth.as_ref();
            let name = truth
                .and_then(|truth| truth.cause.as_deref())
                .unwrap_or("(place known)");
            let entry = all.entry(name.to_owned()).or_insert_with(|| cause(name));
            entry.first.add(tried.rank() == Some(1));
            entry
                .in_three
                .add(tried.rank().is_some_and(|rank| rank <= 3));
            if let Some(first) = tried.first().filter(|first| first.right == Some(false)) {
                let name = &first.cause;
                all.entry(name.clone())
                    .or_insert_with(|| cause(name))
                    .wrongly += 1;
            }
        }
        all.into_values().collect()
    }

    /// The numbers that policy and confidence read.
    pub fn summary(&self) -> BacktestSummary {
        let (first, three) = (self.recall(1), self.recall(3));
        let wrong = self.confident_wrong();
        BacktestSummary {
            judged: first.of,
            right_first: first.hits,
            right_in_three: three.hits,
            unresolved: self.unresolved().hits,
            failed: self.failed().hits,
            confident: wrong.of,
            confident_wrong: wrong.hits,
            calibration: self.calibrated.rows.clone(),
        }
    }
}
