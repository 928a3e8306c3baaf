//! The header's bytes.

use interlock_gate::{escape, time::Time};

use super::{Front, SCHEMA, Value};

/// Every key, in the order in which it is written.
pub(super) const KEYS: [&str; 17] = [
    "schema",
    "incident",
    "status",
    "severity",
    "services",
    "began",
    "detected",
    "mitigated",
    "ended",
    "factors",
    "proposed",
    "causes",
    "runs",
    "plans",
    "sources",
    "blocks",
    "drafted",
];

impl Front {
    /// The header, with the lines `---` around it.
    pub fn write(&self) -> String {
        let mut out = String::from("---\n");
        for key in KEYS {
            out.push_str(key);
            out.push_str(": ");
            value(&mut out, &self.value(key));
            out.push('\n');
        }
        out.push_str("---\n");
        out
    }

    pub(super) fn value(&self, key: &str) -> Value {
        let texts = |texts: &[String]| Value::List(texts.to_vec());
        let time =
            |at: Option<Time>| at.map_or(Value::Null, |at| Value::Word(at.to_seconds_text()));
        let words = |factors: &[crate::taxonomy::Factor]| {
            Value::List(factors.iter().map(ToString::to_string).collect())
        };
        match key {
            "schema" => Value::Word(SCHEMA.to_owned()),
            "incident" => Value::Word(self.incident.clone()),
            "status" => Value::Word(self.status.word().to_owned()),
            "severity" => self.severity.clone().map_or(Value::Null, Value::Word),
            "services" => texts(&self.services),
            "began" => time(self.began),
            "detected" => time(self.detected),
            "mitigated" => time(self.mitigated),
            "ended" => time(self.ended),
            "factors" => words(&self.factors),
            "proposed" => words(&self.proposed),
            "causes" => texts(&self.causes),
            "runs" => texts(&self.runs),
            "plans" => texts(&self.plans),
            "sources" => Value::Word(self.sources.clone()),
            "blocks" => texts(&self.blocks),
            "drafted" => {
                let pairs = self.drafted.iter();
                Value::List(
                    pairs
                        .map(|(key, digest)| format!("{key}={digest}"))
                        .collect(),
                )
            }
            _ => Value::Null,
        }
    }
}

pub(super) fn value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Word(text) => word(out, text),
        Value::List(texts) => {
            out.push('[');
            for (at, text) in texts.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                word(out, text);
            }
            out.push(']');
        }
    }
}

/// Plain where YAML reads it as a text too, else in quotation marks. In those, whatever Markdown or
/// HTML could take for more than text is written as its number: not every reader knows a header.
fn word(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
        return;
    }
    out.push('"');
    let mut units = [0; 2];
    for character in text.chars() {
        let harmless = character.is_ascii_alphanumeric()
            || matches!(character, ' ' | '-' | '_' | ',' | '/' | '+')
            || (character.is_alphanumeric()
                && escape::foreign(character.encode_utf8(&mut [0; 4]))
                    .chars()
                    .eq([character]));
        if harmless {
            out.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out.push('"');
}

/// A letter first, then letters, digits, `.`, `_`, `-`, `=`, `/` and inner `:`; or a time, which is
/// plain in YAML as well. A word that YAML takes for something else is not plain, nor is a name of
/// the web, of which some readers make a link.
pub(super) fn is_plain(text: &str) -> bool {
    const TAKEN: [&str; 9] = ["null", "true", "false", "yes", "no", "on", "off", "y", "n"];
    let lower = text.to_ascii_lowercase();
    if TAKEN.contains(&lower.as_str()) || lower.contains("www.") || lower.contains("://") {
        return false;
    }
    if Time::parse_rfc3339(text).is_ok_and(|at| at.to_seconds_text() == text) {
        return true;
    }
    let within =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '=' | '/' | ':');
    text.len() <= 200
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(within)
}
