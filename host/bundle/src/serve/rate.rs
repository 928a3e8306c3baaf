//! Functions over the values of a range, as Prometheus computes them.

use interlock_capabilities::read::metrics::Point;

/// A function over a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    Rate,
    Increase,
    Delta,
    Avg,
    Sum,
    Min,
    Max,
    Count,
    Last,
}

impl Over {
    pub(super) fn named(name: &str) -> Option<Over> {
        Some(match name {
            "rate" => Over::Rate,
            "increase" => Over::Increase,
            "delta" => Over::Delta,
            "avg_over_time" => Over::Avg,
            "sum_over_time" => Over::Sum,
            "min_over_time" => Over::Min,
            "max_over_time" => Over::Max,
            "count_over_time" => Over::Count,
            "last_over_time" => Over::Last,
            _other => return None,
        })
    }

    /// Whether the answer is of the metric itself and keeps its name.
    pub(super) fn keeps_the_name(self) -> bool {
        self == Over::Last
    }

    /// Its value for the points within `begin..=end` (microseconds); `None`: there are too few.
    pub(super) fn of(self, points: &[Point], begin: u64, end: u64) -> Option<f64> {
        let (first, last) = (points.first()?, points.last()?);
        let values = points.iter().map(|point| point.value);
        let count = points.len() as f64;
        Some(match self {
            Over::Rate => extrapolated(points, begin, end, Kind::Counter)? / seconds(end - begin),
            Over::Increase => extrapolated(points, begin, end, Kind::Counter)?,
            Over::Delta => extrapolated(points, begin, end, Kind::Gauge)?,
            Over::Avg => values.sum::<f64>() / count,
            Over::Sum => values.sum(),
            Over::Min => values.fold(first.value, |a, b| if b < a || a.is_nan() { b } else { a }),
            Over::Max => values.fold(first.value, |a, b| if b > a || a.is_nan() { b } else { a }),
            Over::Count => count,
            Over::Last => last.value,
        })
    }
}

#[derive(PartialEq)]
enum Kind {
    Counter,
    Gauge,
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

/// What was gained within a range, stretched to its ends where the points reach near them. The
/// steps are those of Prometheus' `extrapolatedRate`, so that the figure is the same.
fn extrapolated(points: &[Point], begin: u64, end: u64, kind: Kind) -> Option<f64> {
    let (first, last) = (points.first()?, points.last()?);
    if points.len() < 2 || last.at <= first.at {
        return None;
    }
    let mut gained = last.value - first.value;
    if kind == Kind::Counter {
        for two in points.windows(2) {
            if let [before, after] = two
                && after.value < before.value
            {
                // A counter that fell began anew.
                gained += before.value;
            }
        }
    }
    let sampled = seconds(last.at - first.at);
    let between = sampled / (points.len() - 1) as f64;
    let mut to_begin = seconds(first.at.saturating_sub(begin));
    let to_end = seconds(end.saturating_sub(last.at));
    if kind == Kind::Counter && gained > 0.0 && first.value >= 0.0 {
        // No counter was below zero: the line is not drawn back beyond it.
        to_begin = to_begin.min(sampled * (first.value / gained));
    }
    let near = between * 1.1;
    let stretch = |far: f64| if far < near { far } else { between / 2.0 };
    let whole = sampled + stretch(to_begin) + stretch(to_end);
    Some(gained * (whole / sampled))
}
