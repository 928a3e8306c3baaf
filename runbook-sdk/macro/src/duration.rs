//! Durations as the manifest writes them: `500ms`, `20s`, `5m`, `1h30m`, `2d`.

/// Milliseconds.
pub(crate) fn millis(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no duration: write `500ms`, `20s`, `5m`, `1h30m` or `2d`");
    let mut rest = text;
    let mut total: i64 = 0;
    let mut last_unit = i64::MAX;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let units = [
            ("ms", 1),
            ("s", 1_000),
            ("m", 60_000),
            ("h", 3_600_000),
            ("d", 86_400_000),
        ];
        let (name, unit) = units
            .into_iter()
            .find(|(name, _)| rest.starts_with(name))
            .ok_or_else(wrong)?;
        if unit >= last_unit {
            return Err(wrong());
        }
        last_unit = unit;
        rest = &rest[name.len()..];
        total = count
            .checked_mul(unit)
            .and_then(|part| total.checked_add(part))
            .ok_or_else(wrong)?;
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::millis;

    #[test]
    fn each_unit_is_read_and_larger_ones_come_first() {
        assert_eq!(millis("500ms"), Ok(500));
        assert_eq!(millis("5m"), Ok(300_000));
        assert_eq!(millis("1h30m"), Ok(5_400_000));
        for wrong in [
            "",
            "5",
            "m",
            "5 m",
            "30m1h",
            "1m1m",
            "-5m",
            "99999999999999999999d",
        ] {
            assert!(millis(wrong).is_err(), "{wrong}");
        }
    }
}
