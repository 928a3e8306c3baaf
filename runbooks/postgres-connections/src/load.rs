//! Whether there is more work than there used to be.

use std::time::Duration;

use interlock_sdk::Answer;
use interlock_sdk::wire::{Matrix, Series};

use crate::facts::{Asked, Facts};

/// The newest values that stand for "now".
const NOW: Duration = Duration::from_secs(180);
/// An alert fires a while after its cause began.
const BEFORE_THE_ALERT: Duration = Duration::from_secs(300);
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
    fn of(series: &Series, facts: &Facts) -> Option<Self> {
        let (first, newest) = (series.points.first()?, series.newest()?);
        // An old series says nothing about now.
        if facts.now.since(newest) > NOW {
            return None;
        }
        let begin = interlock_sdk::Time::from_micros(first.at);
        let alert = facts.window.begin - BEFORE_THE_ALERT;
        // Where nothing was recorded before the incident, its first third has to do.
        let third = begin + newest.since(begin) / 3;
        let calm = if begin < alert { alert } else { third };
        let after = newest + Duration::from_micros(1);
        let before = series.median_between(begin, calm)?;
        let now = series.median_between(after - NOW.min(newest.since(calm)), after)?;
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

fn rounded(rate: f64) -> String {
    if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
}

impl Facts {
    /// The commit rate: the answer to cite, and what it says of this server.
    pub fn commits(&self) -> Option<(&Answer<Matrix>, Trend)> {
        let trend = |answer: &Answer<Matrix>| Trend::of(self.series(answer)?, self);
        let quick = self.metrics.commits.as_ref().ok();
        let slow = self.metrics.commits_slow.as_ref().ok();
        [quick, slow]
            .into_iter()
            .flatten()
            .find_map(|answer| Some((answer, trend(answer)?)))
    }

    /// The question that [`commits`](Self::commits) was answered by, or the
    /// first that was asked.
    pub fn commits_asked(&self) -> &Asked<Matrix> {
        let slow = self.metrics.commits_slow.as_ref().ok().map(Answer::call);
        match self.commits() {
            Some((answer, _)) if Some(answer.call()) == slow => &self.metrics.commits_slow,
            _ => &self.metrics.commits,
        }
    }
}
