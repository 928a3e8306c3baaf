//! What a track record is worth: a beta-binomial rate whose old cases count less.

use serde::{Deserialize, Serialize};
use statrs::function::beta::checked_beta_reg;

use crate::rate::{Coverage, Interval};

/// What is believed of a rate before anything was seen: `right` cases of `right + wrong` imagined
/// ones.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// Imagined cases that were right; over 0.
    pub right: f64,
    /// Imagined cases that were wrong; over 0.
    pub wrong: f64,
}

impl Prior {
    /// Half right, worth one case: what is said where nothing is known.
    pub const JEFFREYS: Prior = Prior {
        right: 0.5,
        wrong: 0.5,
    };

    /// A rate of `mean`, worth `cases` cases. What cannot be a prior is Jeffreys'.
    pub fn worth(mean: f64, cases: f64) -> Prior {
        let (right, wrong) = (mean * cases, (1.0 - mean) * cases);
        if right > 0.0 && wrong > 0.0 && right.is_finite() && wrong.is_finite() {
            Prior { right, wrong }
        } else {
            Prior::JEFFREYS
        }
    }
}

/// The weight of a case of this age: 1 now, halved with each half-life. Ages before now count as
/// now.
pub fn weight_at(age: f64, half_life: f64) -> f64 {
    let halvings = age.max(0.0) / half_life;
    if halvings.is_finite() {
        0.5_f64.powf(halvings)
    } else {
        0.0
    }
}

/// Weighted cases, right and wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    right: f64,
    wrong: f64,
}

impl Record {
    /// One more case, which counts this much; a weight that is none counts nothing.
    pub fn add(&mut self, right: bool, weight: f64) {
        if weight.is_finite() && weight > 0.0 {
            if right {
                self.right += weight;
            } else {
                self.wrong += weight;
            }
        }
    }

    /// Many cases of one weight.
    #[allow(clippy::cast_precision_loss)] // Counts of incidents stay far below 2^53.
    pub fn add_many(&mut self, right: u64, of: u64, weight: f64) {
        if weight.is_finite() && weight > 0.0 {
            let right = right.min(of);
            self.right += right as f64 * weight;
            self.wrong += (of - right) as f64 * weight;
        }
    }

    /// How many cases it is worth.
    pub fn cases(&self) -> f64 {
        self.right + self.wrong
    }

    /// The rate to expect of the next case: pulled to the prior where there is little.
    pub fn expected(&self, prior: Prior) -> f64 {
        self.posterior(prior).mean()
    }

    /// Where the rate lies, by the posterior's equal tails.
    pub fn interval(&self, prior: Prior, coverage: Coverage) -> Interval {
        let posterior = self.posterior(prior);
        Interval {
            low: posterior.quantile(coverage.tail()),
            high: posterior.quantile(1.0 - coverage.tail()),
        }
    }

    /// This record as the prior of another, worth at most `cases`.
    pub fn as_prior(&self, prior: Prior, cases: f64) -> Prior {
        let worth = (self.cases() + prior.right + prior.wrong).min(cases);
        Prior::worth(self.expected(prior), worth)
    }

    fn posterior(&self, prior: Prior) -> Beta {
        Beta::new(self.right + prior.right, self.wrong + prior.wrong)
    }
}

/// A beta distribution.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beta {
    a: f64,
    b: f64,
}

/// Halvings of a quantile's interval: below the spacing of numbers near 1.
const HALVINGS: u32 = 60;

impl Beta {
    /// Both over 0; what is not is cut to a little over it.
    pub(crate) fn new(a: f64, b: f64) -> Beta {
        let cut = |value: f64| {
            if value.is_finite() {
                value.max(1e-6)
            } else {
                1e-6
            }
        };
        Beta {
            a: cut(a),
            b: cut(b),
        }
    }

    fn mean(self) -> f64 {
        self.a / (self.a + self.b)
    }

    /// The value under which this share of the probability lies. By halving: slower than Newton's
    /// steps and safe from their corners.
    pub(crate) fn quantile(self, share: f64) -> f64 {
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(low, high);
            match checked_beta_reg(self.a, self.b, middle) {
                Ok(below) if below < share => low = middle,
                _ => high = middle,
            }
        }
        f64::midpoint(low, high)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record(right: u64, of: u64) -> Record {
        let mut record = Record::default();
        record.add_many(right, of, 1.0);
        record
    }

    #[test]
    fn the_interval_is_the_posteriors() {
        // Beta(36.5, 1.5): 36 of 37 under Jeffreys' prior.
        let found = record(36, 37).interval(Prior::JEFFREYS, Coverage::P90);
        assert!((found.low - 0.8985).abs() < 1e-3, "{found:?}");
        assert!((found.high - 0.9953).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn an_old_case_counts_half_after_each_half_life() {
        assert_eq!(weight_at(0.0, 90.0), 1.0);
        assert_eq!(weight_at(-5.0, 90.0), 1.0);
        assert_eq!(weight_at(90.0, 90.0), 0.5);
        assert_eq!(weight_at(180.0, 90.0), 0.25);
        assert_eq!(weight_at(1.0, 0.0), 0.0);
        assert_eq!(weight_at(f64::NAN, 90.0), 1.0);
    }

    #[test]
    fn a_prior_that_cannot_be_one_is_jeffreys() {
        assert_eq!(Prior::worth(0.0, 5.0), Prior::JEFFREYS);
        assert_eq!(Prior::worth(f64::NAN, 5.0), Prior::JEFFREYS);
        assert_eq!(
            Prior::worth(0.5, 4.0),
            Prior {
                right: 2.0,
                wrong: 2.0
            }
        );
    }

    proptest! {
        #[test]
        fn the_expected_rate_lies_within_its_interval(right in 0_u64..60, wrong in 0_u64..60) {
            let record = record(right, right + wrong);
            let interval = record.interval(Prior::JEFFREYS, Coverage::P99);
            prop_assert!(interval.holds(record.expected(Prior::JEFFREYS)));
            prop_assert!(0.0 <= interval.low && interval.high <= 1.0);
        }

        #[test]
        fn more_of_the_same_never_widens_the_interval(right in 0_u64..40, wrong in 0_u64..40) {
            prop_assume!(right + wrong > 0);
            let one = record(right, right + wrong).interval(Prior::worth(0.5, 2.0), Coverage::P90);
            let ten = record(right * 10, (right + wrong) * 10)
                .interval(Prior::worth(0.5, 2.0), Coverage::P90);
            prop_assert!(ten.width() <= one.width() + 1e-9);
        }

        #[test]
        fn one_more_right_case_never_lowers_the_expected_rate(
            right in 0_u64..60, wrong in 0_u64..60, weight in 0.0_f64..1.0,
        ) {
            let before = record(right, right + wrong);
            let mut after = before;
            after.add(true, weight);
            prop_assert!(after.expected(Prior::JEFFREYS) >= before.expected(Prior::JEFFREYS));
        }

        #[test]
        fn with_little_data_the_prior_is_what_is_said(mean in 0.05_f64..0.95) {
            let nothing = Record::default().expected(Prior::worth(mean, 4.0));
            prop_assert!((nothing - mean).abs() < 1e-9);
        }
    }
}
