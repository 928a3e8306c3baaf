//! How alike two incidents are, in which points, and in which they differ.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::document::{Document, Feature};
use crate::words::words;

/// Share of the score that the structure decides; words decide the rest.
const STRUCTURE: f64 = 0.8;
/// Shared words that are named.
const WORDS_MAX: usize = 5;

/// One point in which two incidents agree or differ. Untrusted text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Point {
    /// An alert, a service, a label.
    Feature(Feature),
    /// Words of annotations and notes that both hold.
    Words(Vec<String>),
}

/// A past incident that is like the one in question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Match {
    /// The past incident.
    pub incident: Document,
    /// How alike, in percent: the shared part of all that is known of both, each point by its
    /// rarity in the record.
    pub percent: u8,
    /// In what they agree, the rarest first.
    pub same: Vec<Point>,
    /// What only the past one had, the rarest first.
    pub only_then: Vec<Point>,
    /// What only this one has, the rarest first.
    pub only_now: Vec<Point>,
}

/// In how many incidents a feature was seen, of how many.
pub(crate) struct Rarity {
    pub(crate) seen: BTreeMap<Feature, u64>,
    pub(crate) of: u64,
}

impl Rarity {
    /// What it says to share a feature: nothing is never zero, so that a first pair can be alike.
    fn worth(&self, feature: &Feature) -> f64 {
        let seen = self.seen.get(feature).copied().unwrap_or(0);
        let rarity = ((1.0 + wide(self.of)) / (0.5 + wide(seen))).ln();
        feature.weight() * rarity.max(0.1)
    }
}

/// Exact below 2^53; no host knows more incidents.
#[expect(clippy::cast_precision_loss, reason = "counts of incidents are small")]
fn wide(count: u64) -> f64 {
    count as f64
}

pub(crate) fn compare(now: &Document, then: Document, rarity: &Rarity) -> Option<Match> {
    let (ours, theirs) = (now.features(), then.features());
    let ranked = |features: Vec<&Feature>| {
        let mut all: Vec<(f64, &Feature)> = features
            .into_iter()
            .map(|feature| (rarity.worth(feature), feature))
            .collect();
        all.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        let sum: f64 = all.iter().map(|(worth, _)| worth).sum();
        let points = all.into_iter().map(|(_, it)| Point::Feature(it.clone()));
        (sum, points.collect::<Vec<_>>())
    };
    let (shared, mut same) = ranked(ours.intersection(&theirs).collect());
    let (lost, only_then) = ranked(theirs.difference(&ours).collect());
    let (new, only_now) = ranked(ours.difference(&theirs).collect());
    let (said_now, said_then) = (words(now.searched()), words(then.searched()));
    let both: Vec<String> = said_now.intersection(&said_then).cloned().collect();
    let all = said_now.union(&said_then).count();
    let in_words = share(wide(both.len() as u64), wide(all as u64));
    let structure = share(shared, shared + lost + new);
    let score = STRUCTURE * structure + (1.0 - STRUCTURE) * in_words;
    if !both.is_empty() {
        let mut longest = both;
        longest.sort_by_key(|word| std::cmp::Reverse(word.len()));
        longest.truncate(WORDS_MAX);
        same.push(Point::Words(longest));
    }
    (!same.is_empty()).then(|| Match {
        incident: then,
        percent: percent(score),
        same,
        only_then,
        only_now,
    })
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to 0..=100"
)]
fn percent(score: f64) -> u8 {
    (score * 100.0).round().clamp(0.0, 100.0) as u8
}
