//! How values lie: a median, and where the outer tenths begin.

/// Three points of a sorted list of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) p10: f64,
    pub(crate) median: f64,
    pub(crate) p90: f64,
}

impl Spread {
    /// Of these values; NaN where there is none.
    pub(crate) fn of(mut values: Vec<f64>) -> Spread {
        values.sort_by(f64::total_cmp);
        Spread {
            p10: ranked(&values, 10),
            median: ranked(&values, 50),
            p90: ranked(&values, 90),
        }
    }
}

/// The nearest rank: the least value that so many percent of all are not above.
fn ranked(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_names_values_that_were_measured() {
        let spread = Spread::of((1..=20).rev().map(f64::from).collect());
        let expected = Spread {
            p10: 2.0,
            median: 10.0,
            p90: 18.0,
        };
        assert_eq!(spread, expected);
    }

    #[test]
    fn one_value_is_all_three_points() {
        let spread = Spread::of(vec![7.0]);
        assert_eq!((spread.p10, spread.median, spread.p90), (7.0, 7.0, 7.0));
    }

    #[test]
    fn without_values_there_is_no_number_that_could_pass_a_limit() {
        assert!(Spread::of(Vec::new()).median.is_nan());
    }
}
