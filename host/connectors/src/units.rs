//! Durations as people write them in a file.

/// Reads `250ms`, `5s`, `15m`, `1h` or `2d` into milliseconds. One number, one unit, no sign.
pub(crate) fn duration_ms(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    // `007s` would be a second way to write one length.
    if number.is_empty() || (number.len() > 1 && number.starts_with('0')) {
        return None;
    }
    let factor = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _other => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// Writes milliseconds in the largest unit that says them exactly.
pub(crate) fn duration_text(ms: u64) -> String {
    for (size, unit) in [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
    ] {
        if ms >= size && ms.is_multiple_of(size) {
            return format!("{}{unit}", ms / size);
        }
    }
    format!("{ms}ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_number_and_one_unit() {
        for text in ["250ms", "5s", "15m", "1h", "2d", "1500ms"] {
            assert_eq!(duration_text(duration_ms(text).unwrap()), text);
        }
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
}
