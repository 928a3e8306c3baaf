//! A moment, in whole microseconds of UTC.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

use serde::{Deserialize, Serialize};

const MICROS_A_SECOND: u64 = 1_000_000;
const SECONDS_A_DAY: u64 = 86_400;

/// A moment: microseconds since 1970-01-01T00:00:00Z.
///
/// Prints as `03:12:08Z`; the alternate form (`{:#}`) prints the date too.
/// Arithmetic saturates: a step never panics over a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Time {
    micros: u64,
}

impl Time {
    /// The moment that many microseconds after 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: u64) -> Self {
        Self { micros }
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn micros(self) -> u64 {
        self.micros
    }

    /// How long this is after `earlier`; nothing where it is not after it.
    pub fn since(self, earlier: Time) -> Duration {
        Duration::from_micros(self.micros.saturating_sub(earlier.micros))
    }
}

impl Sub<Duration> for Time {
    type Output = Time;

    fn sub(self, span: Duration) -> Time {
        Time::from_micros(self.micros.saturating_sub(micros_of(span)))
    }
}

impl Add<Duration> for Time {
    type Output = Time;

    fn add(self, span: Duration) -> Time {
        Time::from_micros(self.micros.saturating_add(micros_of(span)))
    }
}

fn micros_of(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.micros / MICROS_A_SECOND;
        let of_day = seconds % SECONDS_A_DAY;
        if f.alternate() {
            let (year, month, day) = date_of(seconds / SECONDS_A_DAY);
            write!(f, "{year:04}-{month:02}-{day:02}T")?;
        }
        write!(
            f,
            "{:02}:{:02}:{:02}Z",
            of_day / 3600,
            of_day / 60 % 60,
            of_day % 60
        )
    }
}

/// Year, month and day of a day counted from 1970-01-01 (the proleptic
/// Gregorian calendar, counted in eras of 400 years from 0000-03-01).
fn date_of(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let of_era = shifted % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}

/// From `begin` (inclusive) until `end` (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first moment inside.
    pub begin: Time,
    /// The first moment after.
    pub end: Time,
}

impl Window {
    /// The `span` that ends at `end`.
    pub fn before(end: Time, span: Duration) -> Self {
        Self {
            begin: end - span,
            end,
        }
    }

    /// The same window, begun earlier by `span`.
    #[must_use]
    pub fn and_before(self, span: Duration) -> Self {
        Self {
            begin: self.begin - span,
            end: self.end,
        }
    }

    /// How long it is.
    pub fn length(self) -> Duration {
        self.end.since(self.begin)
    }
}

/// A duration as people write it: `14m 00s`, `2h 05m`, `41s`, `0.4s`.
pub fn said(span: Duration) -> String {
    let seconds = span.as_secs();
    match seconds {
        0 => format!("{}.{}s", seconds, span.subsec_millis() / 100),
        1..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_prints_its_clock_and_on_demand_its_date() {
        let time = Time::from_micros(1_772_334_728_114_093);
        assert_eq!(time.to_string(), "03:12:08Z");
        assert_eq!(format!("{time:#}"), "2026-03-01T03:12:08Z");
        assert_eq!(
            format!("{:#}", Time::from_micros(951_782_400_000_000)),
            "2000-02-29T00:00:00Z"
        );
    }

    #[test]
    fn a_clock_that_runs_backwards_gives_no_time_and_no_panic() {
        let (early, late) = (Time::from_micros(1), Time::from_micros(9));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(early - Duration::from_secs(1), Time::from_micros(0));
        assert_eq!(
            Time::from_micros(u64::MAX) + Duration::MAX,
            Time::from_micros(u64::MAX)
        );
    }

    #[test]
    fn a_duration_is_said_in_its_two_largest_units() {
        assert_eq!(said(Duration::from_millis(420)), "0.4s");
        assert_eq!(said(Duration::from_secs(41)), "41s");
        assert_eq!(said(Duration::from_secs(840)), "14m 00s");
        assert_eq!(said(Duration::from_secs(7_500)), "2h 05m");
        assert_eq!(said(Duration::from_secs(90_000)), "1d 01h");
    }
}
