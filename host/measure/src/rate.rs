//! Counts of what came true, and how far they carry.

use serde::{Deserialize, Serialize};

use crate::record::Beta;

/// How sure an interval is to hold the true value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coverage {
    /// 90 %.
    P90,
    /// 95 %.
    P95,
    /// 99 %.
    P99,
}

impl Coverage {
    /// In percent, as it is printed.
    pub fn percent(self) -> u8 {
        match self {
            Coverage::P90 => 90,
            Coverage::P95 => 95,
            Coverage::P99 => 99,
        }
    }

    /// The probability that is left out at each end.
    pub fn tail(self) -> f64 {
        f64::from(100 - self.percent()) / 200.0
    }

    /// The normal distribution's quantile at 1 - tail.
    fn z(self) -> f64 {
        match self {
            Coverage::P90 => 1.644_853_626_951_472_2,
            Coverage::P95 => 1.959_963_984_540_054,
            Coverage::P99 => 2.575_829_303_548_900_4,
        }
    }
}

/// From `low` to `high`, both within.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether it holds this value.
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    /// From end to end.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// How many were so; never more than `of`.
    pub hits: u64,
    /// How many there were.
    pub of: u64,
}

impl Rate {
    /// `hits` of `of`; what is over `of` is cut off.
    pub fn new(hits: u64, of: u64) -> Rate {
        Rate {
            hits: hits.min(of),
            of,
        }
    }

    /// How many of these are so.
    pub fn count<T>(all: impl IntoIterator<Item = T>, so: impl Fn(&T) -> bool) -> Rate {
        let mut rate = Rate::default();
        for one in all {
            rate.add(so(&one));
        }
        rate
    }

    /// One more.
    pub fn add(&mut self, hit: bool) {
        self.of = self.of.saturating_add(1);
        self.hits = self.hits.saturating_add(u64::from(hit)).min(self.of);
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Rate) -> Rate {
        Rate::new(
            self.hits.saturating_add(other.hits),
            self.of.saturating_add(other.of),
        )
    }

    /// The share, 0 to 1; nothing of nothing has none.
    #[allow(clippy::cast_precision_loss)] // Counts of incidents stay far below 2^53.
    pub fn share(&self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }

    /// The share in whole percent, rounded to the nearest.
    pub fn percent(&self) -> Option<u8> {
        self.share().map(percent)
    }

    /// Wilson's score interval: it stays within 0 to 1 and means something even at 0 and at all.
    #[allow(clippy::cast_precision_loss)] // As in `share`.
    pub fn wilson(&self, coverage: Coverage) -> Option<Interval> {
        let share = self.share()?;
        let n = self.of as f64;
        let z2 = coverage.z() * coverage.z();
        let scale = 1.0 / (1.0 + z2 / n);
        let middle = (share + z2 / (2.0 * n)) * scale;
        let half = coverage.z()
            * scale
            * (share * (1.0 - share) / n + z2 / (4.0 * n * n))
                .max(0.0)
                .sqrt();
        // At the ends the formula meets the share exactly, but for rounding.
        Some(Interval {
            low: (middle - half).clamp(0.0, share),
            high: (middle + half).clamp(share, 1.0),
        })
    }

    /// Clopper and Pearson's interval, from the beta distribution: it never holds the true share
    /// less often than it says, and is the wider for it.
    #[allow(clippy::cast_precision_loss)] // As in `share`.
    pub fn exact(&self, coverage: Coverage) -> Option<Interval> {
        self.share()?;
        let (hits, misses) = (self.hits as f64, (self.of - self.hits) as f64);
        let low = if self.hits == 0 {
            0.0
        } else {
            Beta::new(hits, misses + 1.0).quantile(coverage.tail())
        };
        let high = if self.hits == self.of {
            1.0
        } else {
            Beta::new(hits + 1.0, misses).quantile(1.0 - coverage.tail())
        };
        Some(Interval { low, high })
    }
}

/// A share in whole percent, rounded to the nearest; what is no share is cut to one.
pub(crate) fn percent(share: f64) -> u8 {
    let rounded = (share * 100.0).round();
    // The comparison is false for what is not a number.
    (0..=100_u8)
        .rev()
        .find(|whole| rounded >= f64::from(*whole))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 5e-4, "{found} is not {wanted}");
    }

    #[test]
    fn nothing_of_nothing_has_no_share_and_no_interval() {
        let none = Rate::default();
        assert_eq!(none.share(), None);
        assert_eq!(none.percent(), None);
        assert_eq!(none.wilson(Coverage::P95), None);
        assert_eq!(none.exact(Coverage::P95), None);
    }

    #[test]
    fn the_intervals_are_those_of_the_textbooks() {
        // Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20.
        let wilson = Rate::new(81, 263).wilson(Coverage::P95).unwrap();
        near(wilson.low, 0.2553);
        near(wilson.high, 0.3662);
        let wilson = Rate::new(0, 20).wilson(Coverage::P95).unwrap();
        near(wilson.low, 0.0);
        near(wilson.high, 0.1611);
        let exact = Rate::new(15, 148).exact(Coverage::P95).unwrap();
        near(exact.low, 0.0578);
        near(exact.high, 0.1617);
        let exact = Rate::new(0, 20).exact(Coverage::P95).unwrap();
        near(exact.high, 0.1684);
        // The rule of three, in its exact form.
        let all = Rate::new(100, 100).exact(Coverage::P90).unwrap();
        near(all.low, 0.05_f64.powf(0.01));
    }

    #[test]
    fn a_percentage_is_rounded_to_the_nearest() {
        assert_eq!(Rate::new(2, 3).percent(), Some(67));
        assert_eq!(Rate::new(1, 3).percent(), Some(33));
        assert_eq!(Rate::new(9, 3), Rate::new(3, 3));
        assert_eq!(percent(f64::NAN), 0);
    }
}
