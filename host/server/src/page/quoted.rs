//! Text that is not the host's: escaped, and marked as somebody else's wherever it stands.
//! Invariant: a template cannot print a [`Foreign`] without its mark, nor either type as HTML.

use interlock_gate::escape;
use minijinja::{HtmlEscape, Value};
use serde::{Serialize, Serializer};

/// Longest quotation that a page prints whole.
const CHARS_MAX: usize = 2_000;

/// Somebody else's words: an alert, a log line, a name that a client gave itself, a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Foreign(String);

impl Foreign {
    /// Escaped; what is very long is cut, and says so.
    pub(crate) fn new(text: &str) -> Foreign {
        Foreign::short(text, CHARS_MAX)
    }

    /// The same with a bound of its own, in characters.
    pub(crate) fn short(text: &str, chars_max: usize) -> Foreign {
        Foreign(escape::foreign_short(text, chars_max))
    }
}

/// In a template it is HTML that holds nothing but the escaped text between the tags of the mark.
impl Serialize for Foreign {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let html = if self.0.is_empty() {
            "<q class=\"empty\">empty</q>".to_owned()
        } else {
            format!("<q>{}</q>", HtmlEscape(&self.0))
        };
        Value::from_safe_string(html).serialize(to)
    }
}

/// A step's own words: escaped, not marked, since a report stands under its step's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Words(String);

impl Words {
    /// Escaped; what is very long is cut, and says so.
    pub(crate) fn new(text: &str) -> Words {
        Words::short(text, CHARS_MAX)
    }

    /// The same with a bound of its own, in characters.
    pub(crate) fn short(text: &str, chars_max: usize) -> Words {
        Words(escape::foreign_short(text, chars_max))
    }
}

/// Whose a report is: a step's, of bytes that the host knows, or a caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    Step,
    Caller,
}

/// A report's words, marked where they are a caller's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub(crate) enum Says {
    Step(Words),
    Caller(Foreign),
}

impl Voice {
    /// The text in this voice.
    pub(crate) fn says(self, text: &str) -> Says {
        match self {
            Voice::Step => Says::Step(Words::new(text)),
            Voice::Caller => Says::Caller(Foreign::new(text)),
        }
    }

    /// The same, where there is any.
    pub(crate) fn says_any(self, text: &str) -> Option<Says> {
        (!text.is_empty()).then(|| self.says(text))
    }
}

#[cfg(test)]
mod tests {
    use minijinja::value::Serde;

    use super::*;

    fn html(text: &str) -> String {
        Value::from(Serde(Foreign::new(text))).to_string()
    }

    #[test]
    fn scripts_and_hidden_characters_are_shown_and_do_nothing() {
        assert_eq!(
            html("</q><script>alert(1)</script>\u{202e}\u{200b}\n"),
            "<q>&lt;&#x2f;q&gt;&lt;script&gt;alert(1)&lt;&#x2f;script&gt;\\u{202e}\\u{200b}\\n</q>"
        );
        assert!(Value::from(Serde(Foreign::new("a"))).is_safe());
    }

    #[test]
    fn an_empty_text_and_a_cut_one_say_so() {
        assert_eq!(html(""), "<q class=\"empty\">empty</q>");
        let cut = Value::from(Serde(Foreign::short("abcdef", 3))).to_string();
        assert_eq!(cut, "<q>abc... (3 characters more)</q>");
    }
}
