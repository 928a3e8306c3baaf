//! Patterns over targets and names, segment by segment.
//! Not a file glob: `*` never crosses a `/`, and there is nothing else that is special.

/// Longest pattern, in bytes.
pub(crate) const PATTERN_BYTES_MAX: usize = 512;

/// A checked pattern. Matching is exact but for `*`, which stands for any run of characters
/// inside its segment, the empty run too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pattern {
    text: String,
}

/// Why a pattern can match nothing at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing between two slashes, or no text at all.
    #[error("has an empty segment")]
    EmptySegment,
    /// Over the bound on length.
    #[error("is longer than {PATTERN_BYTES_MAX} bytes")]
    TooLong,
    /// `**`, which would suggest that it crosses segments.
    #[error("`**` does not exist: `*` stays within its segment")]
    DoubleStar,
    /// Space, control or non-ASCII character: these are percent-encoded in targets.
    #[error("`{character}` never stands in a target as itself: write it percent-encoded")]
    Unencoded {
        /// The character, escaped.
        character: String,
    },
    /// `%` that begins no escape a target can hold.
    #[error("`%` begins no escape that a target can hold")]
    Escape,
}

impl Pattern {
    /// Reads a pattern; refuses what could match no target of any capability.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.len() > PATTERN_BYTES_MAX {
            return Err(PatternError::TooLong);
        }
        for segment in text.split('/') {
            check_segment(segment)?;
        }
        Ok(Self {
            text: text.to_owned(),
        })
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its segments, in order; never empty.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.text.split('/')
    }

    /// Whether `name`, written as a target is, matches as a whole.
    pub fn matches(&self, name: &str) -> bool {
        let mut theirs = name.split('/');
        for ours in self.segments() {
            match theirs.next() {
                Some(segment) if matches_segment(ours, segment) => {}
                Some(_) | None => return false,
            }
        }
        theirs.next().is_none()
    }
}

fn check_segment(segment: &str) -> Result<(), PatternError> {
    if segment.is_empty() {
        return Err(PatternError::EmptySegment);
    }
    if segment.contains("**") {
        return Err(PatternError::DoubleStar);
    }
    let bytes = segment.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'*' => at += 1,
            b'%' => {
                let escape = bytes.get(at + 1..at + 3).ok_or(PatternError::Escape)?;
                if !is_needed_escape(escape) {
                    return Err(PatternError::Escape);
                }
                at += 3;
            }
            byte if is_segment_byte(*byte) => at += 1,
            _other => {
                let character: String = segment.get(at..).unwrap_or("").chars().take(1).collect();
                let character = character.escape_default().to_string();
                return Err(PatternError::Unencoded { character });
            }
        }
    }
    Ok(())
}

/// The bytes that stand in a target as themselves.
fn is_segment_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'/' | b'*' | b'%')
}

/// An escape stands in a target only where the byte could not stand as itself, in upper case.
fn is_needed_escape(digits: &[u8]) -> bool {
    let [high, low] = digits else { return false };
    let digit = |d: &u8| match d {
        b'0'..=b'9' => Some(d - b'0'),
        b'A'..=b'F' => Some(d - b'A' + 10),
        _other => None,
    };
    match (digit(high), digit(low)) {
        (Some(high), Some(low)) => !is_segment_byte(high * 16 + low),
        (Some(_) | None, Some(_) | None) => false,
    }
}

/// Greedy matching with one point to return to: linear in practice, quadratic at worst, on
/// bounded input.
pub(crate) fn matches_segment(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p, t));
            p += 1;
        } else if p < pattern.len() && pattern.get(p) == text.get(t) {
            p += 1;
            t += 1;
        } else if let Some((star, from)) = retry {
            p = star + 1;
            t = from + 1;
            retry = Some((star, t));
        } else {
            return false;
        }
    }
    pattern
        .get(p..)
        .is_some_and(|rest| rest.iter().all(|b| *b == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stays_within_its_segment() {
        let pattern = Pattern::parse("prod/*").unwrap();
        assert!(pattern.matches("prod/checkout"));
        assert!(!pattern.matches("prod/a/b"));
        assert!(!pattern.matches("prod"));
        assert!(!Pattern::parse("*").unwrap().matches("a/b"));
    }

    #[test]
    fn a_star_takes_any_run_of_characters() {
        for (pattern, text, expected) in [
            ("*-db", "orders-db", true),
            ("*-db", "orders-db2", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "acb", false),
            ("a*", "a", true),
            ("*a*", "bbb", false),
            ("abc", "abc", true),
            ("abc", "abcd", false),
        ] {
            assert_eq!(matches_segment(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_can_match_nothing_is_refused() {
        for (text, error) in [
            ("", PatternError::EmptySegment),
            ("a//b", PatternError::EmptySegment),
            ("**", PatternError::DoubleStar),
            ("a%4", PatternError::Escape),
            ("a%41", PatternError::Escape),
            ("a%2f", PatternError::Escape),
            (
                "a b",
                PatternError::Unencoded {
                    character: " ".into(),
                },
            ),
        ] {
            assert_eq!(Pattern::parse(text), Err(error), "{text}");
        }
        assert!(Pattern::parse("a%2F*/%20").is_ok());
    }
}
