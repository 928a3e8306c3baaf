//! Other systems' words, made fit to stand in a reason: one line, cut, nothing invisible, no URL
//! and no secret.
//! Not a renderer: what a person signs is escaped by the gate's own rules.

use std::fmt::Write;

/// Most characters of another system's message that are kept.
const CHARS_MAX: usize = 300;

/// What stands before a secret in the messages of the systems we know.
const SECRET_KEYS: [&str; 7] = [
    "password",
    "passwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "authorization",
];

/// `text` on one line, its controls, bidi marks and zero-width characters escaped, cut at
/// 300 characters.
pub(crate) fn quote(text: &str) -> String {
    let mut kept = String::new();
    for (count, character) in text.trim().chars().enumerate() {
        if count == CHARS_MAX {
            kept.push_str("...");
            break;
        }
        match character {
            '\n' | '\t' => kept.push(' '),
            // A string cannot refuse a write.
            c if is_invisible(c) => _ = write!(kept, "{}", c.escape_unicode()),
            c => kept.push(c),
        }
    }
    kept
}

/// [`quote`] for a system's error: words that hold a URL or follow the name of a secret are left
/// out. What it cannot know it cannot hide; nothing of ours puts a secret into a question.
pub(crate) fn foreign(text: &str) -> String {
    let mut words = Vec::new();
    let mut hide_next = false;
    // Whatever lies beyond is cut anyway.
    for word in text.split_whitespace().take(CHARS_MAX) {
        let lower = word.to_ascii_lowercase();
        let key = lower.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        if std::mem::take(&mut hide_next) && key != "bearer" && key != "basic" {
            words.push("<hidden>".to_owned());
        } else if lower.contains("://") {
            words.push("<url>".to_owned());
        } else if let Some((name, value)) = word.split_once(['=', ':'])
            && SECRET_KEYS
                .iter()
                .any(|secret| name.to_ascii_lowercase().ends_with(secret))
        {
            hide_next = value.is_empty();
            words.push(if hide_next {
                word.to_owned()
            } else {
                format!("{name}=<hidden>")
            });
        } else {
            hide_next = key == "bearer" || key == "basic";
            words.push(word.to_owned());
        }
    }
    quote(&words.join(" "))
}

/// Where a document stopped being what was expected, and none of its text.
pub(crate) fn json_error(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    let what = match error.classify() {
        serde_json::error::Category::Data => "JSON of another shape",
        serde_json::error::Category::Eof => "JSON that ends too early",
        serde_json::error::Category::Io | serde_json::error::Category::Syntax => "no JSON",
    };
    format!("{what} (line {line}, column {column})")
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_stay_on_one_visible_line() {
        assert_eq!(
            quote(" a\nb\r\u{1b}[2J\u{202e}x "),
            "a b\\u{d}\\u{1b}[2J\\u{202e}x"
        );
        assert_eq!(quote(&"é".repeat(400)).chars().count(), CHARS_MAX + 3);
    }

    #[test]
    fn an_error_passes_without_urls_and_secrets() {
        let text = "Get \"http://u:p4ss@h/x?token=p4ss\": dial failed\ntoken=p4ss password: p4ss, \
                    Authorization: Bearer p4ss db_password=p4ss at p = 5";
        let kept = foreign(text);
        assert!(!kept.contains("p4ss") && !kept.contains("://"), "{kept}");
        assert!(
            kept.starts_with("Get <url> dial failed token=<hidden> password: <hidden>"),
            "{kept}"
        );
        assert!(kept.ends_with("at p = 5"), "{kept}");
        assert_eq!(
            foreign("parse error: unexpected \"=\""),
            "parse error: unexpected \"=\""
        );
    }
}
