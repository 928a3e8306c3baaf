//! Durations and sizes as people write them in a policy, and dates that say their offset.

use toml::value::{Datetime, Offset};

use crate::time::Time;

/// Reads `90s`, `15m`, `1h`, `2d` or `250ms` into milliseconds. One number, one unit, no sign.
pub fn duration_ms(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _other => return None,
    };
    number.checked_mul(factor)
}

/// Reads `512B`, `64KiB`, `4MiB` or `1GiB` into bytes.
pub fn size_bytes(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    let factor = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _other => return None,
    };
    number.checked_mul(factor)
}

/// Writes milliseconds as the fewest units that say it: `15m`, `1h`, `1h 30m`, `3m 18s`.
pub fn duration_text(ms: u64) -> String {
    if ms == 0 {
        return "0s".to_owned();
    }
    if ms < 1_000 {
        return format!("{ms}ms");
    }
    let seconds = ms / 1_000;
    let parts = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let mut rest = seconds;
    let mut words = Vec::new();
    for (size, unit) in parts {
        if rest >= size {
            words.push(format!("{}{unit}", rest / size));
            rest %= size;
        }
    }
    words.join(" ")
}

fn split(text: &str) -> Option<(u64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    // `007s` would be a second way to write one length.
    if number.is_empty() || (number.len() > 1 && number.starts_with('0')) {
        return None;
    }
    Some((number.parse().ok()?, unit))
}

/// Why a date in a policy cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DateError {
    NoOffset,
    NotADate,
}

/// An instant, from a TOML date that has a day, a time and an offset.
pub(crate) fn instant(date: &Datetime) -> Result<Time, DateError> {
    let (Some(_), Some(_)) = (date.date, date.time) else {
        return Err(DateError::NoOffset);
    };
    match date.offset {
        Some(Offset::Z | Offset::Custom { .. }) => {}
        None => return Err(DateError::NoOffset),
    }
    Time::parse_rfc3339(&date.to_string()).map_err(|_| DateError::NotADate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_number_and_one_unit() {
        assert_eq!(duration_ms("15m"), Some(900_000));
        assert_eq!(duration_ms("250ms"), Some(250));
        for bad in [
            "",
            "15",
            "m",
            "-1s",
            "1h30m",
            "015m",
            "1 h",
            "99999999999999999999s",
            "1w",
        ] {
            assert_eq!(duration_ms(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_are_powers_of_two() {
        assert_eq!(size_bytes("64MiB"), Some(64 << 20));
        assert_eq!(size_bytes("64MB"), None);
        assert_eq!(size_bytes("99999999999GiB"), None);
    }

    #[test]
    fn durations_print_as_people_say_them() {
        assert_eq!(duration_text(900_000), "15m");
        assert_eq!(duration_text(198_000), "3m 18s");
        assert_eq!(duration_text(250), "250ms");
    }
}
