//! A resource that is used up.

use super::{Piece, above};
use crate::robust::median;
use crate::scene::{Limit, Source};

/// A twentieth of a limit more or less is nothing.
const FLOOR: f64 = 0.05;
/// Below this share of a limit nothing is short, however unusual it is;
const AT_EASE: f64 = 0.4;
/// from this on, it is.
const SHORT: f64 = 0.8;
/// What is not short counts half, and only where it was not so shortly before. What is held, as
/// memory is, counts only so: what fills up over hours is no incident.
const NOT_SHORT: f64 = 0.5;

pub(super) fn surprise(limits: &[Limit]) -> Piece {
    let pieces = limits.iter().map(|limit| Piece {
        surprise: used_up(limit),
        source: Some(Source::Now(limit.source)),
        now: median(&limit.now).unwrap_or(0.0),
        usual: median(&limit.usual).unwrap_or(0.0),
    });
    pieces
        .max_by(|a, b| a.surprise.total_cmp(&b.surprise))
        .unwrap_or_default()
}

fn used_up(limit: &Limit) -> f64 {
    let used = median(&limit.now).unwrap_or(0.0);
    let short = ((used - AT_EASE) / (SHORT - AT_EASE)).clamp(0.0, 1.0);
    let unusual = above(&limit.now, &limit.usual, FLOOR);
    let risen = median(&limit.before).map_or(0.0, |before| used - before);
    let new = (risen / FLOOR).clamp(0.0, 1.0);
    if limit.by_requests {
        unusual * short.max(NOT_SHORT * new)
    } else {
        unusual * new * short.max(NOT_SHORT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(now: f64, before: f64, usual: f64) -> f64 {
        of_kind(true, [now, before, usual])
    }

    fn of_kind(by_requests: bool, [now, before, usual]: [f64; 3]) -> f64 {
        surprise(&[Limit {
            source: 0,
            by_requests,
            before: vec![before; 5],
            now: vec![now; 5],
            usual: vec![usual; 50],
        }])
        .surprise
    }

    #[test]
    fn a_resource_is_short_near_its_limit_and_not_far_below_it() {
        assert!(of(0.98, 0.05, 0.05) > 50.0);
        assert!(of(0.98, 0.98, 0.05) > 50.0, "since when does not matter");
        assert!(of(0.95, 0.95, 0.95) < 1e-9, "as short as ever");
    }

    #[test]
    fn what_is_not_short_counts_where_it_has_just_risen() {
        assert!(of(0.35, 0.05, 0.05) > 10.0);
        assert_eq!(of(0.35, 0.35, 0.05), 0.0, "it has been so for a while");
    }

    #[test]
    fn memory_that_filled_up_over_hours_is_no_incident() {
        assert_eq!(of_kind(false, [0.95, 0.95, 0.3]), 0.0);
        assert!(of_kind(false, [0.95, 0.5, 0.3]) > 30.0);
    }
}
