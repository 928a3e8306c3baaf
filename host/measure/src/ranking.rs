//! How far down a list the right answer stands, and how much of what was found is right.

use serde::{Deserialize, Serialize};

use crate::rate::Rate;

/// How many lists have the right answer among their first `k`. A list's rank counts from 1; none
/// where the right answer is not in it.
pub fn recall_at(ranks: &[Option<usize>], k: usize) -> Rate {
    Rate::count(ranks, |rank| {
        rank.is_some_and(|rank| rank >= 1 && rank <= k)
    })
}

/// What was found beside what there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Found, and there.
    pub right: u64,
    /// Found, and not there.
    pub wrong: u64,
    /// There, and not found.
    pub missed: u64,
}

impl Found {
    /// How much of what was found is there.
    pub fn precision(&self) -> Rate {
        Rate::new(self.right, self.right.saturating_add(self.wrong))
    }

    /// How much of what is there was found.
    pub fn recall(&self) -> Rate {
        Rate::new(self.right, self.right.saturating_add(self.missed))
    }

    /// Precision and recall in one figure, their harmonic mean; none where nothing was there and
    /// nothing found.
    #[allow(clippy::cast_precision_loss)] // Counts of incidents stay far below 2^53.
    pub fn f1(&self) -> Option<f64> {
        let twice = 2.0 * self.right as f64;
        let all = twice + self.wrong as f64 + self.missed as f64;
        (all > 0.0).then(|| twice / all)
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Found) -> Found {
        Found {
            right: self.right.saturating_add(other.right),
            wrong: self.wrong.saturating_add(other.wrong),
            missed: self.missed.saturating_add(other.missed),
        }
    }
}

/// The value at this place, in thousandths of the way from the smallest (0) to the largest (1000);
/// the nearest that is there. None of none.
pub fn quantile<T: Ord + Copy>(values: &[T], thousandths: u16) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let last = sorted.len().checked_sub(1)?;
    let place = (last * usize::from(thousandths.min(1000)) + 500) / 1000;
    sorted.get(place).copied()
}

/// The value in the middle; the upper of two. None of none.
pub fn median<T: Ord + Copy>(values: &[T]) -> Option<T> {
    quantile(values, 500)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn recall_counts_lists_and_not_places() {
        let ranks = [Some(1), Some(3), None, Some(2)];
        assert_eq!(recall_at(&ranks, 1), Rate::new(1, 4));
        assert_eq!(recall_at(&ranks, 3), Rate::new(3, 4));
        assert_eq!(recall_at(&ranks, 0), Rate::new(0, 4));
        assert_eq!(recall_at(&[], 1).share(), None);
    }

    #[test]
    fn precision_and_recall_of_nothing_are_absent() {
        let nothing = Found::default();
        assert_eq!(nothing.precision().share(), None);
        assert_eq!(nothing.f1(), None);
        let some = Found {
            right: 6,
            wrong: 2,
            missed: 4,
        };
        assert_eq!(some.precision(), Rate::new(6, 8));
        assert_eq!(some.recall(), Rate::new(6, 10));
        assert_eq!(some.f1(), Some(12.0 / 18.0));
    }

    #[test]
    fn the_middle_of_two_is_the_upper() {
        assert_eq!(median::<u8>(&[]), None);
        assert_eq!(median(&[3, 1]), Some(3));
        assert_eq!(median(&[5, 1, 3]), Some(3));
        assert_eq!(quantile(&[1, 2, 3, 4, 5], 0), Some(1));
        assert_eq!(quantile(&[1, 2, 3, 4, 5], 1000), Some(5));
        assert_eq!(quantile(&[1, 2, 3, 4, 5], u16::MAX), Some(5));
    }

    proptest! {
        #[test]
        fn a_longer_list_never_finds_less(
            ranks in prop::collection::vec(prop::option::of(1_usize..9), 0..40), k in 0_usize..9,
        ) {
            prop_assert!(recall_at(&ranks, k).hits <= recall_at(&ranks, k + 1).hits);
        }

        #[test]
        fn both_intervals_hold_the_share(hits in 0_u64..200, misses in 0_u64..200) {
            use crate::rate::Coverage;
            let rate = Rate::new(hits, hits + misses);
            let Some(share) = rate.share() else { return Ok(()) };
            for coverage in [Coverage::P90, Coverage::P95, Coverage::P99] {
                let wilson = rate.wilson(coverage).unwrap();
                let exact = rate.exact(coverage).unwrap();
                prop_assert!(wilson.holds(share), "{:?}", wilson);
                prop_assert!(exact.low <= share + 1e-9 && share <= exact.high + 1e-9, "{:?}", exact);
                prop_assert!(0.0 <= wilson.low && wilson.high <= 1.0);
            }
        }
    }
}
