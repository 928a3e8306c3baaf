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

const TEXT_BYTES: usize = "2026-01-31T12:00:00.000000Z".len();
const DAY_S: u64 = 24 * 3_600;
/// Days of 400 years: then the calendar begins anew.
const ERA_DAYS: u64 = 146_097;
/// Days from 0000-03-01 until 1970-01-01.
const MARCH_0000: u64 = 719_468;

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

/// The one text form, written and read by hand: a record holds thousands of times, and counts its
/// own bytes. What is written here is what jiff writes; a test compares them.
impl Time {
    fn text(self) -> [u8; TEXT_BYTES] {
        let (seconds, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let (days, second) = (seconds / DAY_S, seconds % DAY_S);
        let (year, month, day) = civil(days);
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        let pairs = [
            (0, year / 100),
            (2, year % 100),
            (5, month),
            (8, day),
            (11, second / 3_600),
            (14, second / 60 % 60),
            (17, second % 60),
            (20, micros / 10_000),
            (22, micros / 100 % 100),
            (24, micros % 100),
        ];
        for (place, pair) in pairs {
            // Two digits, so that they fit.
            text[place] = b'0' + (pair / 10) as u8;
            text[place + 1] = b'0' + (pair % 10) as u8;
        }
        text
    }

    fn of_text(text: &str) -> Option<Time> {
        let bytes: &[u8; TEXT_BYTES] = text.as_bytes().try_into().ok()?;
        let number = |places: std::ops::Range<usize>| {
            bytes[places].iter().try_fold(0_u64, |number, digit| {
                let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
                Some(number * 10 + digit)
            })
        };
        let days = days(number(0..4)?, number(5..7)?, number(8..10)?)?;
        let seconds = number(11..13)? * 3_600 + number(14..16)? * 60 + number(17..19)?;
        let micros = (days * DAY_S + seconds) * 1_000_000 + number(20..26)?;
        // No such day, hour or sign: then this time is written otherwise.
        Time::from_micros(micros).filter(|time| time.text() == *bytes)
    }
}

/// Year, month and day of a day since 1970-01-01, by the Gregorian calendar. Years are counted
/// from March, so that the leap day is their last.
fn civil(day: u64) -> (u64, u64, u64) {
    let day = day + MARCH_0000;
    let (era, day) = (day / ERA_DAYS, day % ERA_DAYS);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (next, month) = match month {
        0..=9 => (0, month + 3),
        _ => (1, month - 9),
    };
    (era * 400 + year + next, month, day)
}

/// The day since 1970-01-01; `None` before it, or where there is no such month.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month) = match month {
        1..=2 => (year.checked_sub(1)?, month + 9),
        3..=12 => (year, month - 3),
        _ => return None,
    };
    let (era, year) = (year / 400, year % 400);
    let before = era * ERA_DAYS + year * 365 + year / 4 - year / 100 + (153 * month + 2) / 5;
    (before + day).checked_sub(MARCH_0000 + 1)
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // ASCII, so that it is always UTF-8.
        f.write_str(std::str::from_utf8(&self.text()).unwrap_or_default())
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
        // One instant, one spelling: an offset or another precision is refused.
        Time::of_text(text).ok_or_else(|| BadTime {
            text: text.chars().take(64).collect(),
        })
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.text()).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        crate::text::deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn a_time_is_written_as_jiff_writes_it_and_read_back(micros in 0..=MAX_MICROS) {
            let time = Time::from_micros(micros).unwrap();
            let jiff = jiff::Timestamp::from_microsecond(i64::try_from(micros).unwrap()).unwrap();
            prop_assert_eq!(time.to_string(), format!("{jiff:.6}"));
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }

        #[test]
        fn a_text_is_a_time_only_if_it_is_how_that_time_is_written(
            text in "[0-9]{4}-[0-3][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{6}[Zz+]",
        ) {
            let jiff = Time::parse_rfc3339(&text).ok();
            let expected = jiff.filter(|time| time.to_string() == text);
            prop_assert_eq!(text.parse().ok(), expected);
        }
    }

    #[test]
    fn every_day_of_eight_centuries_follows_the_one_before() {
        let last = days(2769, 12, 31).unwrap();
        for day in 0..=last {
            let (year, month, date) = civil(day);
            assert_eq!(days(year, month, date), Some(day));
        }
        assert_eq!(civil(days(2000, 2, 28).unwrap() + 1), (2000, 2, 29));
        assert_eq!(civil(days(2100, 2, 28).unwrap() + 1), (2100, 3, 1));
    }

    #[test]
    fn times_at_both_ends_print() {
        assert_eq!(Time::default().to_string(), "1970-01-01T00:00:00.000000Z");
        let last = Time::default().plus_seconds(u64::MAX);
        assert_eq!(last.to_string(), "9999-12-30T21:59:59.999999Z");
        assert_eq!(last.to_string().parse(), Ok(last));
    }
}
