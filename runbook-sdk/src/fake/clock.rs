//! Moments and spans as a test writes them.

use std::time::Duration;

use crate::time::Time;

/// 2026-03-14T00:00:00Z: the day of every test that names only a clock time.
const TODAY_SECONDS: u64 = 1_773_446_400;

/// `03:12:08Z`, on the day of the tests, or `2026-03-14T03:12:08Z`.
///
/// # Panics
/// The text is neither: a mistake in the test.
pub(crate) fn moment(text: &str) -> Time {
    read(text).unwrap_or_else(|| panic!("`{text}` is no moment: write `03:12:08Z`"))
}

fn read(text: &str) -> Option<Time> {
    let text = text.strip_suffix('Z')?;
    let (day, clock) = match text.split_once('T') {
        None => (TODAY_SECONDS, text),
        Some((date, clock)) => (day_of(date)? * 86_400, clock),
    };
    let parts: Vec<u64> = clock
        .split(':')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let [hour, minute, second] = parts[..] else {
        return None;
    };
    let fits = hour < 24 && minute < 60 && second < 60;
    fits.then(|| Time::from_micros((day + hour * 3600 + minute * 60 + second) * 1_000_000))
}

/// Days since 1970-01-01.
fn day_of(date: &str) -> Option<u64> {
    let parts: Vec<u64> = date
        .split('-')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    let [year, month, day] = parts[..] else {
        return None;
    };
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Years that begin in March put the leap day last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * year + year / 4 - year / 100 + year / 400;
    Some(days + (153 * month + 2) / 5 + day - 1 - 719_468)
}

/// `500ms`, `20s`, `5m`, `1h30m`, `2d`.
///
/// # Panics
/// The text is none of these: a mistake in the test.
pub(crate) fn span(text: &str) -> Duration {
    parse_span(text).unwrap_or_else(|| panic!("`{text}` is no duration: write `20s` or `1h30m`"))
}

pub(crate) fn parse_span(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let units = [
            ("ms", 1),
            ("s", 1_000),
            ("m", 60_000),
            ("h", 3_600_000),
            ("d", 86_400_000),
        ];
        let (name, unit) = units.into_iter().find(|(name, _)| rest.starts_with(name))?;
        rest = &rest[name.len()..];
        total += Duration::from_millis(count.checked_mul(unit)?);
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_time_falls_on_the_day_of_the_tests_and_a_date_on_its_own() {
        assert_eq!(format!("{:#}", moment("03:12:08Z")), "2026-03-14T03:12:08Z");
        assert_eq!(
            format!("{:#}", moment("2024-02-29T00:00:01Z")),
            "2024-02-29T00:00:01Z"
        );
        assert_eq!(span("1h30m"), Duration::from_secs(5_400));
        assert_eq!(read("25:00:00Z"), None);
    }
}
