//! Sentences: our own words, facts in code, times, and the sources at the end.
//! Invariant: what somebody else wrote stands in a code span, on one line, and cannot end it: in
//! Markdown and in HTML it is text, whatever it says.

use interlock_gate::{escape, time::Time};

use crate::cite::Source;

/// What stands where the record says nothing.
pub const MARK: &str = "_to be written by the author_";
/// Characters of a fact that are shown.
const FACT_CHARS_MAX: usize = 400;

/// A text as a code span of one line. Empty text is told in words.
pub fn code(text: &str) -> String {
    let text = text.trim();
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let shown: String = text.chars().take(FACT_CHARS_MAX).collect();
    let left_out = text.chars().count() - shown.chars().count();
    let shown = escape::foreign(&shown);
    let mut longest = 0;
    let mut run = 0;
    for character in shown.chars() {
        run = if character == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    // A span that begins or ends with a backtick needs a space of its own.
    let edge = |character: Option<char>| character == Some('`');
    let pad = if edge(shown.chars().next()) || edge(shown.chars().next_back()) {
        " "
    } else {
        ""
    };
    let span = format!("{fence}{pad}{shown}{pad}{fence}");
    match left_out {
        0 => span,
        1 => format!("{span} (1 character more)"),
        n => format!("{span} ({n} characters more)"),
    }
}

/// `2026-11-25 03:12:08Z`.
pub fn moment(at: Time) -> String {
    at.to_seconds_text().replace('T', " ")
}

/// `0.4 s`, `14 m 2 s`, `3 h 5 m`, `2 d 4 h`: two units at the most.
pub fn duration(from: Time, until: Time) -> String {
    let micros = until.micros().saturating_sub(from.micros());
    let s = micros / 1_000_000;
    match s {
        0..60 => format!("{s}.{} s", micros % 1_000_000 / 100_000),
        60..3_600 => format!("{} m {} s", s / 60, s % 60),
        3_600..86_400 => format!("{} h {} m", s / 3_600, s % 3_600 / 60),
        _ => format!("{} d {} h", s / 86_400, s % 86_400 / 3_600),
    }
}

/// `1 call`, `13 calls`.
pub fn count(n: usize, one: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {one}s")
    }
}

/// A sentence in the making. It ends with its sources and a full stop.
#[derive(Clone, Debug, Default)]
pub struct Sentence {
    text: String,
    cites: Vec<Source>,
}

impl Sentence {
    /// Begins with our own words.
    pub fn new(own: &str) -> Sentence {
        Sentence {
            text: own.to_owned(),
            cites: Vec::new(),
        }
    }

    /// Our own words.
    pub fn own(mut self, words: &str) -> Sentence {
        self.text.push_str(words);
        self
    }

    /// Words that a source has, in code.
    pub fn fact(mut self, text: &str) -> Sentence {
        self.text.push_str(&code(text));
        self
    }

    /// Several of them, with commas, the first few.
    pub fn facts<'a>(mut self, texts: impl IntoIterator<Item = &'a str>) -> Sentence {
        const MOST: usize = 5;
        let texts: Vec<&str> = texts.into_iter().collect();
        let shown: Vec<String> = texts.iter().take(MOST).map(|text| code(text)).collect();
        self.text.push_str(&shown.join(", "));
        if texts.len() > MOST {
            self.text
                .push_str(&format!(" and {} more", texts.len() - MOST));
        }
        self
    }

    /// A time that a source has.
    pub fn time(mut self, at: Time) -> Sentence {
        self.text.push_str(&moment(at));
        self
    }

    /// Its source; one more may follow.
    pub fn cite(mut self, source: &Source) -> Sentence {
        if !self.cites.contains(source) {
            self.cites.push(source.clone());
        }
        self
    }

    /// Its sources.
    pub fn sources(&self) -> &[Source] {
        &self.cites
    }

    /// `Alert ... rang [j3] [j9].`
    pub fn end(&self) -> String {
        let cites: String = self.cites.iter().map(|one| format!(" [{one}]")).collect();
        format!("{}{cites}.", self.text)
    }
}

/// Something that only a person knows: `Customers affected: _to be written by the author_.`
pub fn to_be_written(what: &str) -> String {
    format!("{what}: {MARK}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_span_cannot_be_ended_from_inside() {
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("``"), "``` `` ```");
        assert_eq!(code("a\n\n# b"), "`a\\n\\n# b`");
        assert_eq!(code(" \n"), "(empty)");
        assert!(code(&"x".repeat(500)).ends_with("` (100 characters more)"));
    }

    #[test]
    fn durations_have_two_units() {
        let at = |s: u64| Time::from_micros(s * 1_000_000 + 400_000).unwrap();
        let zero = Time::from_micros(0).unwrap();
        assert_eq!(duration(zero, at(0)), "0.4 s");
        assert_eq!(duration(zero, at(842)), "14 m 2 s");
        assert_eq!(duration(zero, at(11_100)), "3 h 5 m");
        assert_eq!(duration(zero, at(187_200)), "2 d 4 h");
        assert_eq!(duration(at(9), zero), "0.0 s");
    }
}
