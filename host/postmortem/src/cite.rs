//! Where a sentence comes from: an entry of the journal, or a line of an attached timeline.

use std::fmt;

/// One source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// An entry of the journal, by its number: `j41`.
    Entry(u64),
    /// A line of a timeline, by the timeline's name and the line's place: `slack:12`. A second
    /// timeline of a kind has its number behind: `slack-2:12`.
    Line {
        /// The timeline's name.
        timeline: String,
        /// The line's place in its file, from 1.
        line: u32,
    },
}

/// Without the brackets.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Entry(index) => write!(f, "j{index}"),
            Source::Line { timeline, line } => write!(f, "{timeline}:{line}"),
        }
    }
}

impl Source {
    /// Reads what stands between the brackets.
    pub fn parse(text: &str) -> Option<Source> {
        if let Some(index) = text.strip_prefix('j').filter(|rest| !rest.contains(':')) {
            return number(index).map(Source::Entry);
        }
        let (timeline, line) = text.split_once(':')?;
        let (kind, ordinal) = timeline.split_once('-').unwrap_or((timeline, "2"));
        let named = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_lowercase());
        number::<u32>(ordinal)?;
        named.then_some(Source::Line {
            timeline: timeline.to_owned(),
            line: number(line)?,
        })
    }

    /// The name of a kind's timeline, of which there are `before` in front of it.
    pub fn timeline_name(format: &str, before: usize) -> String {
        match before {
            0 => format.to_owned(),
            n => format!("{format}-{}", n + 1),
        }
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Every citation that stands in a text, with the bytes it takes, brackets included. What stands in
/// code is somebody else's and cites nothing.
pub fn find(text: &str) -> Vec<(std::ops::Range<usize>, Source)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(open) = text[from..].find('[').map(|at| from + at) {
        let inside = &text[open + 1..];
        let cited = inside
            .find([']', '['])
            .filter(|close| inside.as_bytes()[*close] == b']')
            .and_then(|close| Some((close, Source::parse(&inside[..close])?)));
        from = open + 1;
        if let Some((close, source)) = cited {
            from = open + 1 + close + 1;
            found.push((open..from, source));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_citation_is_read_back_as_it_is_written() {
        for text in ["j0", "j41", "slack:12", "slack-2:12", "pagerduty:1"] {
            let source = Source::parse(text).unwrap();
            assert_eq!(source.to_string(), text);
        }
        for text in [
            "", "j", "j-1", "j4x", "k4", "Slack:1", "slack:", "slack:x", ":3", "j:3x", "a:b:1",
        ] {
            assert_eq!(Source::parse(text), None, "{text}");
        }
    }

    #[test]
    fn citations_are_found_among_other_brackets() {
        let found = find("[x] rang [j3] [slack:4], [[j5] and [j6](here) [j7");
        let cited: Vec<String> = found.iter().map(|(_, one)| one.to_string()).collect();
        assert_eq!(cited, ["j3", "slack:4", "j5", "j6"]);
    }
}
