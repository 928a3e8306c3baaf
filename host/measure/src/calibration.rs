//! Whether what was said to be 90 % sure was right nine times of ten.

use serde::{Deserialize, Serialize};

use crate::{
    dice::Dice,
    rate::{Coverage, Interval, Rate},
};

/// What was said, and whether it was right.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// The probability that was given, 0 to 1.
    pub probability: f64,
    /// Whether it came true.
    pub right: bool,
}

impl Forecast {
    /// A probability outside 0 to 1 is cut to it; what is no number is 0.
    pub fn new(probability: f64, right: bool) -> Forecast {
        let probability = if probability.is_nan() {
            0.0
        } else {
            probability.clamp(0.0, 1.0)
        };
        Forecast { probability, right }
    }
}

/// The forecasts whose probability lies within these bounds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// From, within.
    pub from: f64,
    /// Until; within in the last bin only.
    pub until: f64,
    /// The mean of what was said.
    pub said: f64,
    /// How often it was right.
    pub right: Rate,
    /// Of `right`, by Wilson, 90 %.
    pub interval: Interval,
}

/// How well probabilities were given.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// How many forecasts.
    pub forecasts: u64,
    /// The mean squared error: 0 is best, 0.25 is what `50 %` always scores.
    pub brier: f64,
    /// The expected calibration error: the mean distance of what was said from what came, over
    /// bins by their weight.
    pub error: f64,
    /// Of `error`, 90 %, by resampling; the same for the same forecasts.
    pub error_interval: Interval,
    /// Those bins that hold a forecast, rising.
    pub bins: Vec<Bin>,
}

/// Bins of equal width.
const BINS: usize = 10;
/// Samples of the bootstrap.
const ROUNDS: usize = 1000;
/// The seed of the bootstrap.
const SEED: u64 = 0x1a7e_210c;

impl Calibration {
    /// Of these forecasts; of none there is none.
    pub fn of(forecasts: &[Forecast]) -> Option<Calibration> {
        let error = expected_error(forecasts)?;
        let squares = forecasts.iter().map(|one| {
            let off = one.probability - f64::from(u8::from(one.right));
            off * off
        });
        let brier = mean(squares)?;
        let bins = (0..BINS)
            .filter_map(|bin| Bin::of(forecasts, bin))
            .collect();
        Some(Calibration {
            forecasts: forecasts.len() as u64,
            brier,
            error,
            error_interval: resampled(forecasts, error),
            bins,
        })
    }
}

impl Bin {
    fn of(forecasts: &[Forecast], bin: usize) -> Option<Bin> {
        let within: Vec<&Forecast> = forecasts
            .iter()
            .filter(|one| bin_of(one.probability) == bin)
            .collect();
        let right = Rate::count(within.iter(), |one| one.right);
        Some(Bin {
            from: edge(bin),
            until: edge(bin + 1),
            said: mean(within.iter().map(|one| one.probability))?,
            right,
            interval: right.wilson(Coverage::P90)?,
        })
    }
}

/// The expected calibration error over ten bins of equal width; none of no forecasts.
#[allow(clippy::cast_precision_loss)] // Counts of incidents stay far below 2^53.
pub fn expected_error(forecasts: &[Forecast]) -> Option<f64> {
    let mut gaps = [0.0_f64; BINS];
    for one in forecasts {
        // A bin's weight times its distance is the sum of its distances.
        gaps[bin_of(one.probability)] += one.probability - f64::from(u8::from(one.right));
    }
    (!forecasts.is_empty())
        .then(|| gaps.iter().map(|gap| gap.abs()).sum::<f64>() / forecasts.len() as f64)
}

#[allow(clippy::cast_precision_loss)] // As above.
fn edge(bin: usize) -> f64 {
    bin as f64 / BINS as f64
}

/// By its edges, so that 0.3 falls where its bin says, whatever 0.3 * 10 is.
fn bin_of(probability: f64) -> usize {
    (1..BINS)
        .rev()
        .find(|bin| probability >= edge(*bin))
        .unwrap_or(0)
}

#[allow(clippy::cast_precision_loss)] // As above.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0_u64);
    for value in values {
        sum += value;
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}

/// The percentiles of the error over samples drawn with replacement.
fn resampled(forecasts: &[Forecast], error: f64) -> Interval {
    let mut dice = Dice::of(SEED);
    let mut errors: Vec<f64> = (0..ROUNDS)
        .filter_map(|_| {
            let sample: Vec<Forecast> = (0..forecasts.len())
                .filter_map(|_| forecasts.get(dice.below(forecasts.len())).copied())
                .collect();
            expected_error(&sample)
        })
        .collect();
    errors.sort_by(f64::total_cmp);
    let at = |place: usize| errors.get(place).copied().unwrap_or(error);
    // A sample's error tends to be over the whole's: the interval reaches down to the latter.
    Interval {
        low: at(ROUNDS / 20).min(error),
        high: at(ROUNDS - 1 - ROUNDS / 20).max(error),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(probability: f64, right: u64, of: u64) -> Vec<Forecast> {
        (0..of)
            .map(|n| Forecast::new(probability, n < right))
            .collect()
    }

    #[test]
    fn what_comes_true_as_often_as_it_was_said_has_no_error() {
        let mut forecasts = said(0.9, 9, 10);
        forecasts.extend(said(0.2, 1, 5));
        let found = Calibration::of(&forecasts).unwrap();
        assert!(found.error < 1e-9);
        assert_eq!(found.bins.len(), 2);
        assert_eq!(found.bins[1].right, Rate::new(9, 10));
        assert_eq!((found.bins[1].from, found.bins[1].until), (0.9, 1.0));
        assert!(found.error_interval.low <= found.error);
    }

    #[test]
    fn being_sure_and_wrong_is_the_worst_there_is() {
        let found = Calibration::of(&said(1.0, 0, 4)).unwrap();
        assert_eq!((found.brier, found.error), (1.0, 1.0));
        let unsure = Calibration::of(&said(0.5, 2, 4)).unwrap();
        assert_eq!((unsure.brier, unsure.error), (0.25, 0.0));
        assert_eq!(Calibration::of(&[]), None);
    }

    #[test]
    fn a_probability_on_an_edge_is_in_the_bin_above() {
        for bin in 0..=BINS {
            assert_eq!(bin_of(edge(bin)), bin.min(BINS - 1));
        }
        assert_eq!(Forecast::new(f64::NAN, true).probability, 0.0);
        assert_eq!(Forecast::new(7.0, true).probability, 1.0);
    }

    proptest! {
        // Each case resamples a thousand times, twice.
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn figures_are_within_their_bounds_and_the_same_again(
            all in prop::collection::vec((0.0_f64..=1.0, any::<bool>()), 1..60),
        ) {
            let forecasts: Vec<Forecast> =
                all.iter().map(|(p, right)| Forecast::new(*p, *right)).collect();
            let found = Calibration::of(&forecasts).unwrap();
            prop_assert!((0.0..=1.0).contains(&found.brier));
            prop_assert!((0.0..=1.0).contains(&found.error));
            prop_assert!(found.error_interval.holds(found.error));
            prop_assert_eq!(found.bins.iter().map(|bin| bin.right.of).sum::<u64>(), found.forecasts);
            prop_assert_eq!(Calibration::of(&forecasts).unwrap(), found);
        }

        #[test]
        fn order_does_not_matter(all in prop::collection::vec((0_u8..=10, any::<bool>()), 1..40)) {
            let mut forecasts: Vec<Forecast> = all
                .iter()
                .map(|(p, right)| Forecast::new(f64::from(*p) / 10.0, *right))
                .collect();
            let one = expected_error(&forecasts).unwrap();
            forecasts.reverse();
            prop_assert!((expected_error(&forecasts).unwrap() - one).abs() < 1e-9);
        }
    }
}
