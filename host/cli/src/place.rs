//! A place in a text that somebody else wrote, safe to print on a terminal.

use std::ops::Range;

use interlock_gate::escape;

/// A place in a text, with its line.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// The line, escaped and cut.
    pub(crate) shown: String,
    /// Bytes of `shown`.
    pub(crate) span: Range<usize>,
    pub(crate) label: Option<String>,
}

/// How much of a line is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quote {
    /// All of it.
    Whole,
    /// Its key; a value may be a secret.
    Keys,
}

/// Characters of a line that are shown, half of them before the place.
const LINE_CHARS_MAX: usize = 200;

impl Place {
    /// Only the line of the place is kept, escaped and cut: the text is somebody else's, and it is
    /// printed on a terminal.
    pub(crate) fn new(
        quote: Quote,
        file: &str,
        text: &str,
        span: Range<usize>,
        label: Option<String>,
    ) -> Place {
        // Whatever a parser says of a text, a place is inside it and between characters.
        let span_start = text.floor_char_boundary(span.start.min(text.len()));
        let before = &text[..span_start];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before[start..].chars().count() + 1;
        let whole = text[start..].lines().next().unwrap_or_default();
        // The line's own end, which may be two characters, is not shown.
        let span = span_start - start..span.end.saturating_sub(start);
        let at = whole.floor_char_boundary(span.start.min(whole.len()));
        let masked = whole
            .find('=')
            .filter(|_| quote == Quote::Keys)
            .map(|at| &whole[..=at]);
        if let Some(key) = masked {
            let at = key.floor_char_boundary(at.min(key.len()));
            let end = key.floor_char_boundary(span.end.clamp(at, key.len()));
            let value = " ...";
            let shown = format!("{}{value}", escape::foreign(key));
            // Keys are plain ASCII words: escaping does not move them.
            let span = if at < key.len() {
                at..end
            } else {
                key.len() + 1..key.len() + value.len()
            };
            return Place {
                file: safe(file),
                line,
                column,
                shown,
                span,
                label,
            };
        }
        let from = whole[..at]
            .char_indices()
            .rev()
            .nth(LINE_CHARS_MAX / 2)
            .map_or(0, |(at, _)| at);
        let lead = escape::foreign(&whole[from..at]);
        let end = whole.floor_char_boundary(span.end.clamp(at, whole.len()));
        let marked: String = whole[at..end].chars().take(LINE_CHARS_MAX / 2).collect();
        let rest: String = whole[at + marked.len()..]
            .chars()
            .take(LINE_CHARS_MAX / 2)
            .collect();
        let marked = escape::foreign(&marked);
        let span = lead.len()..lead.len() + marked.len();
        let shown = format!("{lead}{marked}{}", escape::foreign(&rest));
        Place {
            file: safe(file),
            line,
            column,
            shown,
            span,
            label,
        }
    }

    pub(crate) fn line_column(&self) -> (usize, usize) {
        (self.line, self.column)
    }
}

/// Our own words with somebody else's in them: line ends stay, nothing else moves the cursor.
pub(crate) fn safe(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\\' => out.push(character),
            other => out.push_str(&escape::foreign(other.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}
