//! Instants as the journal, plans and tokens write them.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in UTC, in whole microseconds since 1970-01-01T00:00:00Z.
///
/// Its text form is RFC 3339 with exactly six fractional digits and `Z`, so that equal instants
/// have equal bytes and text sorts as time does. It spans 1970 to the end of 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(u64);

/// 9999-12-30T21:59:59.999999Z: the last whole second before the end of jiff's span.
const MAX_MICROS: u64 = 253_402_207_199_999_999;

/// A text that is not a [`Time`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a time of the form 2026-01-31T12:00:00.000000Z")]
pub struct BadTime {
    text: String,
}

impl Time {
    /// `None` beyond the year 9999.
    pub fn from_micros(micros: u64) -> Option<Time> {
        (micros <= MAX_MICROS).then_some(Time(micros))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(self) -> u64 {
        self.0
    }

    /// Later by `seconds`; stays at the end of the span rather than wrap.
    pub fn plus_seconds(self, seconds: u64) -> Time {
        self.plus_micros(seconds.saturating_mul(1_000_000))
    }

    /// Earlier by `seconds`; stays at 1970 rather than wrap.
    pub fn minus_seconds(self, seconds: u64) -> Time {
        Time(self.0.saturating_sub(seconds.saturating_mul(1_000_000)))
    }

    /// Later by `micros`; stays at the end of the span rather than wrap.
    pub fn plus_micros(self, micros: u64) -> Time {
        Time(self.0.saturating_add(micros).min(MAX_MICROS))
    }

    /// Whole seconds since `earlier`, rounded down; 0 where `earlier` is later.
    pub fn seconds_since(self, earlier: Time) -> u64 {
        self.0.saturating_sub(earlier.0) / 1_000_000
    }

    /// `HH:MM:SSZ`, for a screen on which the day is clear.
    pub fn clock(self) -> String {
        let text = self.to_string();
        format!("{}Z", &text[11..19])
    }

    /// `YYYY-MM-DDTHH:MM:SSZ`, without the fraction.
    pub fn to_seconds_text(self) -> String {
        let text = self.to_string();
        format!("{}Z", &text[..19])
    }

    /// Any RFC 3339 text with an offset, such as people and other systems write.
    pub fn parse_rfc3339(text: &str) -> Result<Time, BadTime> {
        let bad = || BadTime {
            text: text.chars().take(64).collect(),
        };
        let at: jiff::Timestamp = text.parse().map_err(|_| bad())?;
        u64::try_from(at.as_microsecond())
            .ok()
            .and_then(Time::from_micros)
            .ok_or_else(bad)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `MAX_MICROS` lies inside both `i64` and jiff's span; the fallback is never reached.
        let at = i64::try_from(self.0)
            .ok()
            .and_then(|micros| jiff::Timestamp::from_microsecond(micros).ok())
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        write!(f, "{at:.6}")
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Time {
    type Err = BadTime;

    fn from_str(text: &str) -> Result<Time, BadTime> {
        let time = Time::parse_rfc3339(text)?;
        // One instant, one spelling: an offset or another precision is refused.
        if time.to_string() == text {
            Ok(time)
        } else {
            Err(BadTime {
                text: text.to_owned(),
            })
        }
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_one_spelling() {
        let time: Time = "2026-11-25T03:12:08.000001Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-11-25T03:12:08.000001Z");
        assert_eq!(time.clock(), "03:12:08Z");
        for other in [
            "2026-11-25T03:12:08Z",
            "2026-11-25T03:12:08.000001+00:00",
            "2026-11-25t03:12:08.000001z",
            "2026-11-25T03:12:08.0000010Z",
            "1969-12-31T23:59:59.000000Z",
            "",
        ] {
            assert!(other.parse::<Time>().is_err(), "{other}");
        }
    }

    #[test]
    fn times_at_both_ends_print() {
        assert_eq!(Time::default().to_string(), "1970-01-01T00:00:00.000000Z");
        let last = Time::default().plus_seconds(u64::MAX);
        assert_eq!(last.to_string(), "9999-12-30T21:59:59.999999Z");
        assert_eq!(last.to_string().parse(), Ok(last));
    }
}
