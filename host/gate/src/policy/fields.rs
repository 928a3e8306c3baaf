//! Reads one table of a policy field by field and keeps every complaint.
//! Invariant: a key that was not asked for is reported, with the nearest one that was.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::errors::PolicyError;
use super::problem::Problem;
use super::units;

/// Longest list in a policy.
const LIST_ITEMS_MAX: usize = 1_000;

/// Collects what is wrong.
pub(super) struct Complaints<'t> {
    text: &'t str,
    errors: Vec<PolicyError>,
}

impl<'t> Complaints<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            errors: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, problem: Problem, span: Range<usize>) {
        self.errors.push(PolicyError::new(problem, span, self.text));
    }

    /// A key that is there under a misspelt name is one mistake, not two.
    fn forget_missing(&mut self, key: &str, section: &str, span: &Range<usize>) {
        self.errors.retain(|error| {
            let same = matches!(
                &error.problem,
                Problem::MissingKey { key: missing, section: of } if *missing == key && *of == section
            );
            !(same && error.span == *span)
        });
    }

    pub(super) fn into_errors(self) -> Vec<PolicyError> {
        self.errors
    }
}

/// A table whose keys are taken one by one. [`Fields::finish`] reports those never asked for.
pub(super) struct Fields<'a, 'i> {
    section: &'static str,
    table: &'a DeTable<'i>,
    span: Range<usize>,
    asked: Vec<&'static str>,
}

impl<'a, 'i> Fields<'a, 'i> {
    pub(super) fn new(section: &'static str, table: &'a DeTable<'i>, span: Range<usize>) -> Self {
        Self {
            section,
            table,
            span,
            asked: Vec::new(),
        }
    }

    /// Where the table stands.
    pub(super) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(super) fn take(&mut self, key: &'static str) -> Option<&'a Spanned<DeValue<'i>>> {
        self.asked.push(key);
        self.table.get(key)
    }

    pub(super) fn need(
        &mut self,
        key: &'static str,
        out: &mut Complaints<'_>,
    ) -> Option<&'a Spanned<DeValue<'i>>> {
        let value = self.take(key);
        if value.is_none() {
            out.add(
                Problem::MissingKey {
                    key,
                    section: self.section,
                },
                self.span(),
            );
        }
        value
    }

    /// Complains of every key that nobody asked for.
    pub(super) fn finish(self, out: &mut Complaints<'_>) {
        for key in self.table.keys() {
            let word = key.get_ref().as_ref();
            if !self.asked.contains(&word) {
                let nearest = nearest(word, self.asked.iter().copied());
                if let Some(meant) = &nearest {
                    out.forget_missing(meant, self.section, &self.span);
                }
                let problem = Problem::UnknownKey {
                    key: shown(word),
                    section: self.section,
                    nearest,
                };
                out.add(problem, key.span());
            }
        }
    }
}

/// Foreign text for a message: bounded, on one line.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}

/// The word of the list that was probably meant.
pub(super) fn nearest<'w>(word: &str, list: impl Iterator<Item = &'w str>) -> Option<String> {
    let word: String = word.chars().take(80).collect();
    list.map(|known| (strsim::jaro_winkler(&word, known), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known.to_owned())
}

pub(super) fn type_problem(key: &str, expected: &'static str, found: &DeValue<'_>) -> Problem {
    Problem::Type {
        key: key.to_owned(),
        expected,
        found: found.type_str(),
    }
}

pub(super) fn text<'a>(
    key: &str,
    value: &'a Spanned<DeValue<'_>>,
    out: &mut Complaints<'_>,
) -> Option<&'a str> {
    let text = value.get_ref().as_str();
    if text.is_none() {
        out.add(type_problem(key, "a string", value.get_ref()), value.span());
    }
    text
}

pub(super) fn boolean(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    out: &mut Complaints<'_>,
) -> Option<bool> {
    let found = value.get_ref().as_bool();
    if found.is_none() {
        out.add(
            type_problem(key, "true or false", value.get_ref()),
            value.span(),
        );
    }
    found
}

pub(super) fn table<'a, 'i>(
    key: &str,
    value: &'a Spanned<DeValue<'i>>,
    out: &mut Complaints<'_>,
) -> Option<&'a DeTable<'i>> {
    let found = value.get_ref().as_table();
    if found.is_none() {
        out.add(type_problem(key, "a table", value.get_ref()), value.span());
    }
    found
}

/// An integer within canonical JSON's range.
pub(super) fn plain_integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    let number = i64::from_str_radix(integer.as_str(), integer.radix()).ok()?;
    ((-(1 << 53) + 1)..=((1 << 53) - 1))
        .contains(&number)
        .then_some(number)
}

pub(super) fn integer(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    (min, max): (i64, i64),
    out: &mut Complaints<'_>,
) -> Option<i64> {
    if !value.get_ref().is_integer() {
        out.add(
            type_problem(key, "a whole number", value.get_ref()),
            value.span(),
        );
        return None;
    }
    let number = plain_integer(value.get_ref()).filter(|n| (min..=max).contains(n));
    if number.is_none() {
        out.add(
            Problem::Range {
                key: key.to_owned(),
                min,
                max,
            },
            value.span(),
        );
    }
    number
}

/// A list that is neither empty nor over the bound.
pub(super) fn list<'a, 'i>(
    key: &str,
    value: &'a Spanned<DeValue<'i>>,
    out: &mut Complaints<'_>,
) -> Option<&'a [Spanned<DeValue<'i>>]> {
    let items = list_or_empty(key, value, out)?;
    if items.is_empty() {
        out.add(
            Problem::EmptyList {
                key: key.to_owned(),
            },
            value.span(),
        );
        return None;
    }
    Some(items)
}

pub(super) fn list_or_empty<'a, 'i>(
    key: &str,
    value: &'a Spanned<DeValue<'i>>,
    out: &mut Complaints<'_>,
) -> Option<&'a [Spanned<DeValue<'i>>]> {
    let Some(items) = value.get_ref().as_array() else {
        out.add(type_problem(key, "a list", value.get_ref()), value.span());
        return None;
    };
    if items.len() > LIST_ITEMS_MAX {
        out.add(
            Problem::TooMany {
                what: "items in a list",
                max: LIST_ITEMS_MAX,
            },
            value.span(),
        );
        return None;
    }
    Some(items)
}

/// A duration in milliseconds, within bounds that are written as people write them.
pub(super) fn duration_ms(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    (min, max): (&'static str, &'static str),
    out: &mut Complaints<'_>,
) -> Option<u64> {
    let found = units::duration_ms(text(key, value, out)?);
    let good = found.filter(|ms| within(*ms, units::duration_ms, min, max));
    if good.is_none() {
        out.add(
            Problem::Duration {
                key: key.to_owned(),
                min,
                max,
            },
            value.span(),
        );
    }
    good
}

/// A size in bytes, within bounds that are written as people write them.
pub(super) fn size_bytes(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    (min, max): (&'static str, &'static str),
    out: &mut Complaints<'_>,
) -> Option<u64> {
    let found = units::size_bytes(text(key, value, out)?);
    let good = found.filter(|bytes| within(*bytes, units::size_bytes, min, max));
    if good.is_none() {
        out.add(
            Problem::Size {
                key: key.to_owned(),
                min,
                max,
            },
            value.span(),
        );
    }
    good
}

fn within(value: u64, read: fn(&str) -> Option<u64>, min: &str, max: &str) -> bool {
    read(min).is_some_and(|min| min <= value) && read(max).is_some_and(|max| value <= max)
}
