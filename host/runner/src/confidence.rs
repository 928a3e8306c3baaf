//! How far a hypothesis can be believed: computed from its evidence, the runbook's record here and
//! its newest kept backtest; never a step's word.
//!
//! The scale has three words, because the evidence supports no finer one; where there is a record,
//! the probability that stands behind the word is said as well. A runbook of which nothing is known
//! is rated on its evidence alone, and never above `medium`.
//! Start at [`rate`] and [`Standing`]; [`Pattern`] is what a backtest counts by.

mod pattern;
mod standing;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeSet;

use interlock_capabilities::report::{Checked, Cite, Hypothesis, Report};
use interlock_measure::Interval;
use serde::{Deserialize, Serialize};

pub use pattern::{Margin, NoPattern, Pattern, Strength, pattern, patterns};
pub use standing::{Corpus, Counted, Estimate, HALF_LIFE_DAYS, Judged, Standing};

/// From little to much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Read it as a lead.
    #[default]
    Low,
    /// The evidence agrees, and something is missing.
    Medium,
    /// The evidence agrees and the record bears it out.
    High,
}

/// A level with all that it rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confidence {
    /// The level, caps applied.
    pub level: Level,
    /// Distinct calls that support the hypothesis.
    pub supports: u32,
    /// Distinct calls that contradict it.
    pub contradicts: u32,
    /// Checks that could have refuted it and did not.
    pub passed: u32,
    /// Checks that refuted it.
    pub refuted: u32,
    /// Checks that could not be made.
    pub not_made: u32,
    /// Past incidents here in which this cause was judged.
    pub judged: u32,
    /// What holds the level down, in the order of the caps.
    pub caps: Vec<Cap>,
    /// How likely it is right, in percent, where anything is known of the runbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability_percent: Option<u8>,
    /// Where the rate of such hypotheses lies, 90 %, in percent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval_percent: Option<[u8; 2]>,
    /// Similar incidents here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<OnRecord>,
    /// Evidence like this in the newest kept backtest of these bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corpus: Option<InCorpus>,
    /// Where nothing like it was ever judged: what there is instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub novel: Option<Novel>,
    /// The place in the journal up to which the record was read; nothing was known before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<u64>,
}

/// Incidents here in which the runbook named the same cause first, on evidence as strong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnRecord {
    /// Those where it was right.
    pub confirmed: u32,
    /// All whose cause came to be known.
    pub judged: u32,
    /// The days in which all of them lie, 90 at least.
    pub days: u32,
}

/// Hypotheses of a backtest that had evidence of the same pattern.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InCorpus {
    /// The incidents of the backtest.
    pub cases: u32,
    /// Hypotheses of the pattern that were right.
    pub right: u32,
    /// Of so many.
    pub of: u32,
}

/// What is known of a runbook where nothing is known of evidence like this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Novel {
    /// Judged incidents here, of other causes or other evidence.
    pub judged: u32,
    /// Incidents of the backtest.
    pub backtested: u32,
}

/// A bound on the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cap {
    /// A check refuted it.
    Refuted,
    /// Evidence contradicts it.
    Contradicted,
    /// Nothing that was asked could have refuted it.
    Unrefutable,
    /// A check that could have refuted it was not made.
    CheckNotMade,
    /// Nothing is known of the runbook: no judged incident and no backtest.
    Unproven,
    /// Nothing like it was ever judged, here or in the backtest.
    Novel,
    /// Evidence like this is not right often enough for more.
    NotBorneOut,
    /// Evidence like this was rarely right.
    RarelyRight,
    /// A caller says so, and no reviewed step: what they say of a call is their reading of it.
    CallersReading,
}

impl Cap {
    fn level(self) -> Level {
        match self {
            Cap::Refuted | Cap::Contradicted | Cap::Unrefutable | Cap::RarelyRight => Level::Low,
            Cap::CheckNotMade
            | Cap::Unproven
            | Cap::Novel
            | Cap::NotBorneOut
            | Cap::CallersReading => Level::Medium,
        }
    }

    /// Whether the evidence itself caps at low.
    fn is_of_evidence(self) -> bool {
        matches!(self, Cap::Refuted | Cap::Contradicted | Cap::Unrefutable)
    }
}

/// What a hypothesis cites, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Evidence {
    supports: u32,
    contradicts: u32,
    passed: u32,
    refuted: u32,
    not_made: u32,
}

impl Evidence {
    fn of(hypothesis: &Hypothesis) -> Evidence {
        let calls = |cites: &[Cite]| {
            let distinct: BTreeSet<u64> = cites.iter().map(|cite| cite.call).collect();
            count(distinct.len())
        };
        let outcomes = |wanted: fn(&Checked) -> bool| {
            let checks = hypothesis.checks.iter();
            count(checks.filter(|check| wanted(&check.outcome)).count())
        };
        Evidence {
            supports: calls(&hypothesis.supports),
            contradicts: calls(&hypothesis.contradicts),
            passed: outcomes(|outcome| matches!(outcome, Checked::Passed)),
            refuted: outcomes(|outcome| matches!(outcome, Checked::Refuted)),
            not_made: outcomes(|outcome| matches!(outcome, Checked::NotMade(_))),
        }
    }
}

/// How likely is likely enough for `high`, and how low the rate may lie.
const SURE: f64 = 0.9;
const SURE_AT_LEAST: f64 = 0.8;
/// So many similar incidents here, all confirmed, are enough with less.
const UNANIMOUS: u32 = 3;
const SURE_UNANIMOUS: f64 = 0.8;
/// Below this it is a lead and no more.
const RARE: f64 = 0.4;

impl Estimate {
    fn is_sure(&self) -> bool {
        let unanimous = self
            .record
            .as_ref()
            .is_some_and(|here| here.judged >= UNANIMOUS && here.confirmed == here.judged);
        (self.probability >= SURE && self.interval.low >= SURE_AT_LEAST)
            || (unanimous && self.probability >= SURE_UNANIMOUS)
    }

    /// What it says of the level.
    fn cap(&self) -> Option<Cap> {
        if self.novel.is_some() {
            Some(Cap::Novel)
        } else if self.probability < RARE {
            Some(Cap::RarelyRight)
        } else if self.is_sure() {
            None
        } else {
            Some(Cap::NotBorneOut)
        }
    }
}

/// Rates every hypothesis of a report, in its order, by what the host has learnt of its runbook.
pub fn rate(report: &Report, standing: &Standing) -> Vec<Confidence> {
    let patterns = patterns(report);
    report
        .hypotheses
        .iter()
        .zip(patterns)
        .map(|(hypothesis, pattern)| {
            let estimate = standing.estimate(pattern, &hypothesis.cause);
            rated(&Evidence::of(hypothesis), estimate)
        })
        .collect()
}

/// Rates a caller's hypotheses by the same rule, and never above `medium`. What callers say raises
/// or lowers nothing that a runbook concluded, and is never counted as that.
pub fn rate_callers(report: &Report) -> Vec<Confidence> {
    let mut all = rate(report, &Standing::default());
    for rated in &mut all {
        rated.caps.push(Cap::CallersReading);
        rated.level = rated.level.min(Cap::CallersReading.level());
    }
    all
}

fn rated(found: &Evidence, estimate: Option<Estimate>) -> Confidence {
    let evidence = match found.supports {
        0 => Level::Low,
        1 => Level::Medium,
        _ => Level::High,
    };
    let learnt = match &estimate {
        None => Some(Cap::Unproven),
        Some(estimate) => estimate.cap(),
    };
    let caps: Vec<Cap> = [
        (found.refuted > 0, Cap::Refuted),
        (found.contradicts > 0, Cap::Contradicted),
        (found.passed + found.refuted == 0, Cap::Unrefutable),
        (found.not_made > 0, Cap::CheckNotMade),
    ]
    .into_iter()
    .filter_map(|(holds, cap)| holds.then_some(cap))
    .chain(learnt)
    .collect();
    let level = caps
        .iter()
        .map(|cap| cap.level())
        .fold(evidence, Level::min);
    let percent = estimate.as_ref().map(|it| nearest(it.probability));
    let interval = estimate.as_ref().map(|it| {
        let Interval { low, high } = it.interval;
        // Rounded outwards: a printed interval never holds less than the computed one.
        [below(low), above(high)]
    });
    let (record, corpus, novel) = match estimate {
        Some(it) => (it.record, it.corpus, it.novel),
        None => (None, None, None),
    };
    Confidence {
        level,
        supports: found.supports,
        contradicts: found.contradicts,
        passed: found.passed,
        refuted: found.refuted,
        not_made: found.not_made,
        judged: record.as_ref().map_or(0, |here| here.judged),
        caps,
        probability_percent: percent,
        interval_percent: interval,
        record,
        corpus,
        novel,
        as_of: None,
    }
}

fn nearest(share: f64) -> u8 {
    below(share + 0.005)
}

fn below(share: f64) -> u8 {
    let percent = |whole: &u8| f64::from(*whole) <= share * 100.0 + 1e-9;
    (0..=100_u8).rev().find(percent).unwrap_or(0)
}

fn above(share: f64) -> u8 {
    let percent = |whole: &u8| f64::from(*whole) >= share * 100.0 - 1e-9;
    (0..=100_u8).find(percent).unwrap_or(100)
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
