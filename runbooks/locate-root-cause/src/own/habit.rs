//! An operation that is followed by something else than usual.

use super::Piece;
use crate::scene::Habit;

/// The change of a habit that surprises most. They hang together, so they are not added up.
pub(super) fn surprise(habits: &[Habit]) -> Piece {
    let pieces = habits.iter().map(|habit| Piece {
        surprise: change(habit),
        source: Some(habit.source),
        now: habit.seen[0] / habit.asked[0],
        usual: habit.seen[1] / habit.asked[1],
    });
    pieces
        .max_by(|a, b| a.surprise.total_cmp(&b.surprise))
        .unwrap_or_default()
}

/// Twice the logarithm of how much likelier the counts are with a share of its own for each of the
/// two periods than with the same for both. What was never asked in one of them changes nothing.
fn change(habit: &Habit) -> f64 {
    let whole = |[now, usual]: [f64; 2]| now + usual;
    if habit
        .asked
        .iter()
        .any(|asked| asked.is_nan() || *asked <= 0.0)
    {
        return 0.0;
    }
    let seen = [0, 1].map(|period| habit.seen[period].clamp(0.0, habit.asked[period]));
    let alike = likelihood(
        whole(seen),
        whole(habit.asked),
        whole(seen) / whole(habit.asked),
    );
    let apart: f64 = [0, 1]
        .map(|period| {
            likelihood(
                seen[period],
                habit.asked[period],
                seen[period] / habit.asked[period],
            )
        })
        .iter()
        .sum();
    let surprise = 2.0 * (apart - alike);
    if surprise.is_finite() {
        surprise.max(0.0)
    } else {
        0.0
    }
}

/// The logarithm of how likely `seen` of `asked` are, where each is seen with `share`.
fn likelihood(seen: f64, asked: f64, share: f64) -> f64 {
    let term = |count: f64, share: f64| {
        if count > 0.0 && share > 0.0 {
            count * share.ln()
        } else {
            0.0
        }
    };
    term(seen, share) + term(asked - seen, 1.0 - share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::Source;

    fn of(seen: [f64; 2], asked: [f64; 2]) -> f64 {
        change(&Habit {
            source: Source::Now(0),
            asked,
            seen,
        })
    }

    #[test]
    fn what_always_followed_and_never_does_now_surprises_more_the_oftener_it_was_seen() {
        assert!(of([0.0, 100.0], [10.0, 100.0]) > 40.0);
        assert!(of([0.0, 100.0], [10.0, 100.0]) > of([0.0, 100.0], [3.0, 100.0]));
        assert!(
            of([10.0, 0.0], [10.0, 100.0]) > 40.0,
            "and so does what is new"
        );
    }

    #[test]
    fn the_same_share_of_more_requests_is_no_change() {
        assert!(of([5.0, 50.0], [10.0, 100.0]) < 1e-9);
        assert_eq!(of([5.0, 0.0], [10.0, 0.0]), 0.0);
        assert_eq!(of([f64::NAN, 0.0], [f64::NAN, 1.0]), 0.0);
    }
}
