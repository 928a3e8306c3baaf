//! Whether there is more work than there used to be.

use std::time::Duration;

use interlock_sdk::wire::{Matrix, Series};
use interlock_sdk::{Answer, Time};

use crate::facts::{Asked, Facts};

/// The newest values that stand for "now".
const NOW: Duration = Duration::from_secs(180);
/// An alert fires a while after its cause began: how long, tried in this order.
const BEFORE_THE_ALERT: [u64; 4] = [300, 60, 10, 0];
/// A rate over a minute needs this much history to show what was before.
const HISTORY_MIN: Duration = Duration::from_secs(300);
/// Values that make a "before".
const POINTS_MIN: usize = 3;
/// Less than this, a second, is no work that fills a server.
const RISE_MIN: f64 = 2.0;

/// A rate, before the incident and now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Before, a second.
    pub before: f64,
    /// Now, a second.
    pub now: f64,
}

impl Trend {
    /// Of a series of rates.
    fn of_rates(series: &Series, facts: &Facts) -> Option<Self> {
        let (begin, calm, newest) = parts(series, facts)?;
        if calm.since(begin) < HISTORY_MIN {
            return None;
        }
        let after = newest + Duration::from_micros(1);
        let before = series.median_between(begin, calm)?;
        let now = series.median_between(recent(calm, newest), after)?;
        Some(Self { before, now })
    }

    /// Of a series that counts up.
    fn of_counts(series: &Series, facts: &Facts) -> Option<Self> {
        let (begin, calm, newest) = parts(series, facts)?;
        let before = slope(series, begin, calm)?;
        let now = slope(series, recent(calm, newest), newest)?;
        Some(Self { before, now })
    }

    /// Half as much again as before, and enough of it to matter.
    pub fn rises(self) -> bool {
        self.now > 1.5 * self.before && self.now - self.before > RISE_MIN
    }

    /// `41/s, was 310/s`.
    pub fn says(self) -> String {
        format!("{}/s, was {}/s", rounded(self.now), rounded(self.before))
    }
}

fn recent(calm: Time, newest: Time) -> Time {
    newest - NOW.min(newest.since(calm))
}

/// Where the series begins, where the calm before the alert ends, and its
/// newest point; nothing where it is too old to speak of now.
fn parts(series: &Series, facts: &Facts) -> Option<(Time, Time, Time)> {
    let (first, newest) = (series.points.first()?, series.newest()?);
    if facts.now.since(newest) > NOW {
        return None;
    }
    let begin = Time::from_micros(first.at);
    let points_until = |end: Time| {
        series
            .points
            .iter()
            .filter(|point| point.at < end.micros())
            .count()
    };
    let ends = BEFORE_THE_ALERT
        .iter()
        .map(|before| facts.alerted - Duration::from_secs(*before));
    // Where nothing was recorded before the alert, the first third has to do.
    let third = begin + newest.since(begin) / 3;
    let calm = ends
        .chain([third])
        .find(|end| points_until(*end) >= POINTS_MIN && *end < newest)?;
    Some((begin, calm, newest))
}

/// By how much it counted up a second; nothing where it was set back.
fn slope(series: &Series, begin: Time, end: Time) -> Option<f64> {
    let inside = |at: u64| (begin.micros()..=end.micros()).contains(&at);
    let mut points = series.points.iter().filter(|point| inside(point.at));
    let first = points.next()?;
    let last = points.next_back()?;
    let seconds = Time::from_micros(last.at)
        .since(Time::from_micros(first.at))
        .as_secs_f64();
    (seconds > 0.0 && last.value >= first.value).then(|| (last.value - first.value) / seconds)
}

fn rounded(rate: f64) -> String {
    if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
}

/// How a series of commits is read.
type Reading = fn(&Series, &Facts) -> Option<Trend>;

impl Facts {
    /// The commit rate: the answer to cite, and what it says of this server.
    pub fn commits(&self) -> Option<(&Answer<Matrix>, Trend)> {
        let (asked, trend) = self.commits_read()?;
        Some((asked.as_ref().ok()?, trend))
    }

    /// The question that [`commits`](Self::commits) was answered by, or the
    /// first that was asked.
    pub fn commits_asked(&self) -> &Asked<Matrix> {
        self.commits_read()
            .map_or(&self.metrics.commits, |(asked, _)| asked)
    }

    fn commits_read(&self) -> Option<(&Asked<Matrix>, Trend)> {
        let metrics = &self.metrics;
        let readings: [(&Asked<Matrix>, Reading); 3] = [
            (&metrics.commits, Trend::of_rates),
            (&metrics.commits_slow, Trend::of_rates),
            (&metrics.commits_counted, Trend::of_counts),
        ];
        readings.into_iter().find_map(|(asked, read)| {
            let series = self.series(asked.as_ref().ok()?)?;
            Some((asked, read(series, self)?))
        })
    }
}
