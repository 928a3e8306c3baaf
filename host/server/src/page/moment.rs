//! Times as a tired person reads them: how long ago first, the exact time beside it.

use interlock_gate::time::Time;
use serde::Serialize;

/// A time beside the time at which the page was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Moment {
    /// `03:12:08Z`, with its date where that is another than the page's.
    clock: String,
    /// For machines.
    exact: String,
    /// `12 min ago`, `in 47 min`.
    away: String,
}

impl Moment {
    pub(crate) fn new(now: Time, at: Time) -> Moment {
        let exact = at.to_seconds_text();
        let day = |text: &str| text.split_once('T').map(|(day, _)| day.to_owned());
        let clock = match (day(&exact), day(&now.to_seconds_text())) {
            (Some(its), Some(today)) if its != today => exact.replacen('T', " ", 1),
            _same => at.clock(),
        };
        Moment {
            clock,
            exact,
            away: away(now, at),
        }
    }
}

fn away(now: Time, at: Time) -> String {
    if at > now {
        format!("in {}", long(at.seconds_since(now)))
    } else {
        match now.seconds_since(at) {
            0..=4 => "just now".to_owned(),
            seconds => format!("{} ago", long(seconds)),
        }
    }
}

/// A duration in its largest fitting unit, in seconds.
pub(crate) fn long(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A duration between two times, to the tenth of a second.
pub(crate) fn took(from: Time, until: Time) -> String {
    let micros = until.micros().saturating_sub(from.micros());
    match micros {
        0..=999_999 => format!("{} ms", micros.div_ceil(1_000)),
        1_000_000..=59_999_999 => {
            format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000)
        }
        _ => long(micros / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn another_day_is_said() {
        let now = at("2026-11-25T03:15:08Z");
        let today = Moment::new(now, at("2026-11-25T03:12:08Z"));
        assert_eq!(today.clock, "03:12:08Z");
        assert_eq!(today.away, "3 min ago");
        let before = Moment::new(now, at("2026-11-24T23:15:08Z"));
        assert_eq!(before.clock, "2026-11-24 23:15:08Z");
        assert_eq!(before.away, "4 h 0 min ago");
        assert_eq!(
            Moment::new(now, at("2026-11-25T04:12:11Z")).away,
            "in 57 min"
        );
    }
}
