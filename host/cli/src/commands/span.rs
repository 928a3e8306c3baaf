//! A span of time in words.

/// Seconds of `90s`, `45m`, `2h`, `30d`, `4w`; at most ten years.
pub(crate) fn span_seconds(text: &str) -> Option<u64> {
    const MOST: u64 = 10 * 366 * 86_400;
    let unit = match text.as_bytes().last()? {
        b's' => 1,
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        b'w' => 7 * 86_400,
        _other => return None,
    };
    let digits = text.get(..text.len() - 1)?;
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = plain.then(|| digits.parse().ok())??;
    number.checked_mul(unit).filter(|seconds| *seconds <= MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_number_and_its_unit() {
        assert_eq!(span_seconds("90m"), Some(5_400));
        assert_eq!(span_seconds("2w"), Some(1_209_600));
        for bad in ["", "m", "-1h", "1.5h", "1y", "5", "99999999999w", "é"] {
            assert_eq!(span_seconds(bad), None, "{bad}");
        }
    }
}
