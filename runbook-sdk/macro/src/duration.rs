//! Durations as the manifest writes them: `500ms`, `20s`, `5m`, `1h`, `2d`.

/// Milliseconds; at most 365 days.
pub(crate) fn millis(text: &str) -> Result<i64, String> {
    const DAY: i64 = 86_400_000;
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = match unit {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(DAY),
        _ => None,
    };
    let number: Option<i64> = number.parse().ok();
    number
        .zip(unit)
        .and_then(|(number, unit)| number.checked_mul(unit))
        .filter(|millis| *millis <= 365 * DAY)
        .ok_or_else(|| format!("`{text}` is no duration: write `500ms`, `20s`, `5m`, `1h` or `2d`"))
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn each_unit_is_read_and_nothing_else() {
        assert_eq!(millis("500ms"), Ok(500));
        assert_eq!(millis("5m"), Ok(300_000));
        assert_eq!(millis("365d"), Ok(365 * 86_400_000));
        for wrong in [
            "",
            "5",
            "m",
            "5 m",
            "1h30m",
            "-5m",
            "366d",
            "99999999999999999999d",
        ] {
            assert!(millis(wrong).is_err(), "{wrong}");
        }
    }
}
