//! What a runbook's record and its backtest say of evidence like this.
//!
//! A pattern's rate in the backtest is pulled to a modest prior where there is little, and never
//! falls from weaker to stronger evidence. Judged incidents here are then counted on top of it: the
//! newer the more, those of the same build the most.

use interlock_gate::time::Time;
use interlock_measure::{Coverage, Interval, Prior, Record, rising, weight_at};
use interlock_store::entry::CalibrationRow;

use super::{
    InCorpus, Novel, OnRecord,
    pattern::{Margin, Pattern, Strength},
};

/// Days after which a judged incident counts half.
pub const HALF_LIFE_DAYS: f64 = 90.0;
/// How much an incident counts that another build of the runbook was judged on.
const OTHER_BUILD: f64 = 0.5;
/// How much an acceptance on the spot counts while the actual cause is not known: whoever accepts
/// has read the diagnosis first.
const ON_THE_SPOT: f64 = 0.5;
/// How many cases a prior is worth beside a backtest.
const PRIOR_CASES: f64 = 2.0;
/// How many judged incidents here a whole backtest is worth at most.
const CORPUS_CASES_MAX: f64 = 10.0;
const DAY_S: f64 = 86_400.0;

/// A past incident here whose diagnosis was judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The cause that the runbook named first.
    pub cause: String,
    /// How much spoke for it.
    pub strength: Strength,
    /// Whether that was right.
    pub right: bool,
    /// Whether all that is known is that it was accepted on the spot.
    pub on_the_spot: bool,
    /// When it was diagnosed.
    pub at: Time,
    /// Whether the same bytes diagnosed it.
    pub same_build: bool,
}

/// How often evidence of a pattern was right in a backtest.
#[derive(Clone, Debug, PartialEq)]
pub struct Counted {
    /// The pattern.
    pub pattern: Pattern,
    /// The cause that was named, where it is counted apart.
    pub cause: Option<String>,
    /// How often it was right.
    pub right: u64,
    /// Of how many.
    pub of: u64,
}

/// A backtest of exactly these bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Corpus {
    /// Its incidents.
    pub cases: u64,
    /// What it counted.
    pub counts: Vec<Counted>,
}

impl Corpus {
    /// From a kept backtest's counts. What another version counted in other words is passed over.
    pub fn of(cases: u64, rows: &[CalibrationRow]) -> Corpus {
        let counted = |row: &CalibrationRow| {
            Some(Counted {
                pattern: row.pattern.parse().ok()?,
                cause: row.cause.clone(),
                right: row.right.min(row.of),
                of: row.of,
            })
        };
        Corpus {
            cases,
            counts: rows.iter().filter_map(counted).collect(),
        }
    }

    fn count(&self, pattern: Pattern) -> (u64, u64) {
        let of_pattern = self.counts.iter().filter(|one| one.pattern == pattern);
        of_pattern.fold((0, 0), |(right, of), one| {
            (right.saturating_add(one.right), of.saturating_add(one.of))
        })
    }

    /// Whether it ever saw such evidence, and for this cause where it tells causes apart.
    fn knows(&self, pattern: Pattern, cause: &str) -> bool {
        let tells = self.counts.iter().any(|one| one.cause.is_some());
        self.counts.iter().any(|one| {
            one.pattern == pattern && one.of > 0 && (!tells || one.cause.as_deref() == Some(cause))
        })
    }

    /// The pattern's rate beside its neighbours', as a prior worth as many cases as stand behind it.
    #[allow(clippy::cast_precision_loss)] // Counts of incidents stay far below 2^53.
    fn prior(&self, pattern: Pattern) -> Prior {
        let chain = pattern.chain();
        let classes: Vec<(f64, f64)> = chain
            .iter()
            .map(|one| {
                let (right, of) = self.count(*one);
                let prior = modest(*one);
                if of == 0 {
                    // It was not seen: its neighbours say what it is worth.
                    return (prior.right / (prior.right + prior.wrong), 0.0);
                }
                let weight = of as f64 + prior.right + prior.wrong;
                ((right as f64 + prior.right) / weight, weight)
            })
            .collect();
        let rates = rising(&classes);
        let place = chain.iter().position(|one| *one == pattern).unwrap_or(0);
        let Some(rate) = rates.get(place) else {
            return modest(pattern);
        };
        let pooled: f64 = rates
            .iter()
            .zip(&classes)
            .filter(|(other, _)| (*other - rate).abs() < 1e-12)
            .map(|(_, (_, weight))| weight)
            .sum();
        Prior::worth(*rate, pooled.max(PRIOR_CASES))
    }
}

/// All that the host has learnt of a runbook, as it stood at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// The moment.
    pub now: Time,
    /// Judged incidents here, in any order.
    pub judged: Vec<Judged>,
    /// The newest kept backtest of exactly these bytes.
    pub corpus: Option<Corpus>,
}

/// What it says of one hypothesis.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// How likely the hypothesis is right, 0 to 1.
    pub probability: f64,
    /// Where the rate of such hypotheses lies, 90 %.
    pub interval: Interval,
    /// Similar incidents here.
    pub record: Option<OnRecord>,
    /// Evidence like this in the backtest.
    pub corpus: Option<InCorpus>,
    /// Where nothing like it was ever judged: what there is instead.
    pub novel: Option<Novel>,
}

impl Standing {
    /// Of a backtest alone, as one that measures another build has it.
    pub fn of_corpus(corpus: Corpus) -> Standing {
        Standing {
            corpus: Some(corpus),
            ..Standing::default()
        }
    }

    /// How likely a hypothesis of this pattern and cause is right; nothing where nothing is known
    /// of the runbook.
    pub fn estimate(&self, pattern: Pattern, cause: &str) -> Option<Estimate> {
        // What came of a second guess is in no record here: only the first is judged.
        let judged: &[Judged] = match pattern {
            Pattern::First(..) => &self.judged,
            Pattern::Later(_) => &[],
        };
        if judged.is_empty() && self.corpus.is_none() {
            return None;
        }
        let similar: Vec<&Judged> = judged
            .iter()
            .filter(|one| one.cause == cause && one.strength == pattern.strength())
            .collect();
        let known = self.corpus.as_ref().map(|corpus| corpus.prior(pattern));
        let mut here = Record::default();
        for one in &similar {
            here.add(one.right, self.weight(one));
        }
        let prior = match known {
            Some(prior) if similar.is_empty() => prior,
            Some(prior) => Record::default().as_prior(prior, CORPUS_CASES_MAX),
            None => modest(pattern),
        };
        let in_corpus = self.corpus.as_ref().filter(|it| it.knows(pattern, cause));
        let novel = similar.is_empty() && in_corpus.is_none();
        Some(Estimate {
            probability: here.expected(prior),
            interval: here.interval(prior, Coverage::P90),
            record: self.on_record(&similar),
            corpus: self.corpus.as_ref().filter(|_| !novel).map(|corpus| {
                let (right, of) = corpus.count(pattern);
                InCorpus {
                    cases: count(corpus.cases),
                    right: count(right),
                    of: count(of),
                }
            }),
            novel: novel.then(|| Novel {
                judged: count(self.judged.len() as u64),
                backtested: count(self.corpus.as_ref().map_or(0, |corpus| corpus.cases)),
            }),
        })
    }

    fn age_days(&self, one: &Judged) -> f64 {
        let seconds = self.now.micros().saturating_sub(one.at.micros()) / 1_000_000;
        f64::from(u32::try_from(seconds).unwrap_or(u32::MAX)) / DAY_S
    }

    fn weight(&self, one: &Judged) -> f64 {
        let build = if one.same_build { 1.0 } else { OTHER_BUILD };
        let known = if one.on_the_spot && one.right {
            ON_THE_SPOT
        } else {
            1.0
        };
        weight_at(self.age_days(one), HALF_LIFE_DAYS) * build * known
    }

    fn on_record(&self, similar: &[&Judged]) -> Option<OnRecord> {
        let oldest = similar.iter().map(|one| self.age_days(one));
        let oldest = oldest.fold(HALF_LIFE_DAYS, f64::max).ceil();
        (!similar.is_empty()).then(|| OnRecord {
            confirmed: count(similar.iter().filter(|one| one.right).count() as u64),
            judged: count(similar.len() as u64),
            // A `u32` of seconds is at most 49,711 days.
            days: (90..=50_000)
                .find(|days| f64::from(*days) >= oldest)
                .unwrap_or(50_000),
        })
    }
}

/// What is believed of a pattern where nothing is known: little, and worth little.
fn modest(pattern: Pattern) -> Prior {
    let mean = match pattern {
        Pattern::First(Strength::Weak, _) => 0.25,
        Pattern::First(Strength::Fair, Margin::Close) => 0.45,
        Pattern::First(Strength::Fair, Margin::Clear) => 0.5,
        Pattern::First(Strength::Good, _) => 0.7,
        Pattern::First(Strength::Strong, _) => 0.75,
        Pattern::Later(Strength::Weak) => 0.05,
        Pattern::Later(Strength::Fair | Strength::Good) => 0.1,
        Pattern::Later(Strength::Strong) => 0.15,
    };
    Prior::worth(mean, PRIOR_CASES)
}

fn count(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}
