//! Which line of code wrote a log line: its text up to the first value.

/// Longest pattern, in bytes; longer ones are cut.
const PATTERN_BYTES_MAX: usize = 100;
/// Before so many bytes, a `:` or `=` ends nothing: it belongs to a class or a field.
const PREFIX_BYTES: usize = 12;
/// How deep a line may be wrapped: a container's JSON, in it the program's own.
const WRAPS_MAX: usize = 3;

/// A log line without what changes from call to call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// `error`, `warning`, `info` or `other`.
    pub(super) level: &'static str,
    /// Its constant part.
    pub(super) text: String,
}

/// The pattern of a line as the set writes it.
pub(super) fn pattern(cell: &str) -> Pattern {
    let mut text = cell.to_owned();
    let mut told: Option<String> = None;
    for _ in 0..WRAPS_MAX {
        let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(text.trim()) else {
            break;
        };
        let field = |names: &[&str]| {
            let found = names.iter().find_map(|name| fields.get(*name)?.as_str());
            found.map(str::to_owned)
        };
        told = field(&["severity", "level", "log.level"]).or(told);
        match field(&["log", "message", "msg"]) {
            Some(inner) => text = inner,
            None => break,
        }
    }
    let line = text.trim();
    let line = line.lines().next().unwrap_or_default();
    let level = level(told.as_deref().unwrap_or(line));
    Pattern {
        level,
        text: constant(line),
    }
}

/// How bad a line says it is: the first word in it that says so.
fn level(text: &str) -> &'static str {
    let words = text.split(|c: char| !c.is_ascii_alphabetic()).take(24);
    for word in words {
        match word.to_ascii_lowercase().as_str() {
            "error" | "err" | "fatal" | "severe" | "critical" | "panic" => return "error",
            "warn" | "warning" => return "warning",
            "info" | "debug" | "trace" | "notice" => return "info",
            _ => {}
        }
    }
    "other"
}

/// The words before the first value. Clocks, ids and what only says how bad it is are left out
/// wherever they stand.
fn constant(line: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    let mut skip = false;
    for word in line.split_whitespace() {
        if std::mem::take(&mut skip) {
            continue;
        }
        let (key, rest) = match word.find([':', '=']) {
            Some(at) => (&word[..at], word[at + 1..].trim_start_matches('"')),
            None => (word, ""),
        };
        match key.to_ascii_lowercase().as_str() {
            // A value of its own: here, or the next word.
            "traceid" | "spanid" | "trace_id" | "span_id" | "severity" | "level" | "time"
            | "timestamp" | "ts" | "pid" | "hostname"
                if key.len() < word.len() =>
            {
                skip = rest.is_empty();
            }
            // What follows is the text.
            "message" | "msg" if key.len() < word.len() => {
                if !rest.is_empty() {
                    words.push(rest);
                }
            }
            _ => words.push(if is_value(word) { "*" } else { word }),
        }
    }
    while words.first() == Some(&"*") {
        words.remove(0);
    }
    let text = words.join(" ");
    let from = text
        .char_indices()
        .map(|(at, _)| at)
        .find(|&at| at >= PREFIX_BYTES);
    let end = from.and_then(|from| {
        let found = text[from..].find([':', '=', '：'])?;
        Some(from + found)
    });
    let mut end = end.unwrap_or(text.len()).min(PATTERN_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].trim_end().to_owned()
}

/// A word with digits in it changes from call to call, but for `Class#line`.
fn is_value(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit()) && !word.contains('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cell: &str) -> (&'static str, String) {
        let pattern = pattern(cell);
        (pattern.level, pattern.text)
    }

    #[test]
    fn a_pattern_is_the_text_before_the_first_value() {
        let line = r#"{"log":"16:42:22.418 ERROR f.s.FoodImpl#302 TraceID: ffc8 SpanID: 37b1 [getAll][list is null][date: 2021-07-14, trip: D1]\n","stream":"stdout"}"#;
        let same = line
            .replace("2021-07-14", "2022-01-01")
            .replace("ffc8", "0000");
        assert_eq!(
            of(line),
            (
                "error",
                "ERROR f.s.FoodImpl#302 [getAll][list is null][date".to_owned()
            )
        );
        assert_eq!(of(line), of(&same));
    }

    #[test]
    fn a_programs_own_json_is_looked_into() {
        let line = r#"{"log":"{\"message\":\"cart of 12 items\",\"severity\":\"warning\"}"}"#;
        assert_eq!(of(line), ("warning", "cart of * items".to_owned()));
        let line = "severity: error, message: TraceID: a1 SpanID: b2 no cart of user 12";
        assert_eq!(of(line), ("error", "no cart of user *".to_owned()));
        let line = "time=2022-08-23T17:00 level=warning msg=\"no cart of user 12\"";
        assert_eq!(of(line), ("warning", "no cart of user *".to_owned()));
    }

    #[test]
    fn any_text_has_a_pattern() {
        for text in [
            "",
            "{",
            "{\"log\":3}",
            "：：：：：：：：：：",
            "éééééééééééééééééééééééééééé=é",
        ] {
            let pattern = pattern(text);
            assert!(pattern.text.len() <= PATTERN_BYTES_MAX);
        }
    }
}
