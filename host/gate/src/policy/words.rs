//! Lists of words and patterns, names and titles: the texts that a policy holds.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::fields::{Complaints, list, shown, text};
use super::glob::Pattern;
use super::problem::Problem;

/// A list of texts, each with its place.
pub(super) fn texts<'a>(
    key: &str,
    value: &'a Spanned<DeValue<'_>>,
    out: &mut Complaints<'_>,
) -> Vec<(&'a str, Range<usize>)> {
    list(key, value, out)
        .unwrap_or_default()
        .iter()
        .filter_map(|item| Some((text(key, item, out)?, item.span())))
        .collect()
}

/// A list of patterns, each with its place.
pub(super) fn patterns(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    out: &mut Complaints<'_>,
) -> Vec<(Pattern, Range<usize>)> {
    let mut found = Vec::new();
    for (text, span) in texts(key, value, out) {
        match Pattern::parse(text) {
            Ok(pattern) => found.push((pattern, span)),
            Err(why) => out.add(
                Problem::Pattern {
                    pattern: shown(text),
                    why,
                },
                span,
            ),
        }
    }
    found
}

/// Runbook names or sources: patterns of one segment.
pub(super) fn name_patterns(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    (what, grammar): (&str, &'static str),
    out: &mut Complaints<'_>,
) -> Vec<Pattern> {
    let mut found = Vec::new();
    for (pattern, span) in patterns(key, value, out) {
        if pattern.segments().count() == 1 {
            found.push(pattern);
        } else {
            let problem = Problem::Unmatchable {
                pattern: shown(pattern.as_str()),
                capability: what.to_owned(),
                grammar,
            };
            out.add(problem, span);
        }
    }
    found
}

/// A role, or any other word of that form.
pub(super) fn words(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    out: &mut Complaints<'_>,
) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (text, span) in texts(key, value, out) {
        if !is_word(text) {
            out.add(
                Problem::Name {
                    value: shown(text),
                    expected: WORD,
                },
                span,
            );
        } else if found.iter().any(|known| known == text) {
            out.add(
                Problem::Twice {
                    what: "the word",
                    name: text.to_owned(),
                },
                span,
            );
        } else {
            found.push(text.to_owned());
        }
    }
    found
}

/// What names of people, callers and roles may hold.
pub(super) const WORD: &str =
    "it begins with a-z or 0-9 and holds only a-z, 0-9, `.`, `_`, `-`, at most 64 of them";

pub(super) fn is_word(text: &str) -> bool {
    text.parse::<crate::ids::PersonName>().is_ok()
}

/// A title that people read: printable ASCII, no backtick, not too long.
pub(super) fn title<'a>(
    key: &str,
    value: &'a Spanned<DeValue<'_>>,
    out: &mut Complaints<'_>,
) -> Option<&'a str> {
    let found = text(key, value, out)?;
    let good = (1..=100).contains(&found.len())
        && found
            .bytes()
            .all(|b| (b' '..=b'~').contains(&b) && b != b'`')
        && found.trim() == found;
    if !good {
        let expected = "1 to 100 printable ASCII characters, no backtick, no space at its ends";
        out.add(
            Problem::Name {
                value: shown(found),
                expected,
            },
            value.span(),
        );
        return None;
    }
    Some(found)
}
