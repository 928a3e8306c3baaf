//! One table of a document, read key by key.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use interlock_gate::time::Time;

use super::mistake::{Mistakes, Problem};
use super::node::{Entry, Node, Value};
use crate::words::quote;

/// Most bytes of one text value.
const TEXT_VALUE_MAX: usize = 4096;

/// The mistakes found so far.
#[derive(Default)]
pub(crate) struct Sink {
    found: Vec<(Problem, Range<usize>)>,
}

impl Sink {
    pub(crate) fn push(&mut self, problem: Problem, span: Range<usize>) {
        self.found.push((problem, span));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn into_mistakes(self, file: &Path, text: Arc<str>) -> Mistakes {
        Mistakes::new(file, text, self.found)
    }
}

/// A table that is being read. Every key asked for is known; [`Section::finish`] reports the rest.
pub(crate) struct Section<'n, 's> {
    name: String,
    /// Where the section stands, for what it lacks.
    span: Range<usize>,
    entries: &'n [Entry],
    asked: Vec<&'static str>,
    sink: &'s mut Sink,
}

impl<'n, 's> Section<'n, 's> {
    pub(super) fn top(entries: &'n [Entry], sink: &'s mut Sink) -> Self {
        Self {
            name: "the file".to_owned(),
            span: 0..0,
            entries,
            asked: Vec::new(),
            sink,
        }
    }

    /// Where the section stands.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Adds a mistake about a key's value, or about the section where the key is absent.
    pub(crate) fn mistake(&mut self, key: &str, problem: Problem) {
        let span = self
            .find(key)
            .map_or(self.span(), |entry| entry.node.span.clone());
        self.sink.push(problem, span);
    }

    /// Adds a mistake that says what the value must be.
    pub(crate) fn must_be(&mut self, key: &str, expected: impl Into<String>) {
        self.mistake(
            key,
            Problem::Value {
                key: key.to_owned(),
                expected: expected.into(),
            },
        );
    }

    fn find(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.asked.push(key);
        self.find(key).map(|entry| &entry.node)
    }

    fn wrong_type(&mut self, key: &str, node: &Node, expected: &'static str) {
        let found = node.value.kind();
        self.sink.push(
            Problem::Type {
                key: key.to_owned(),
                expected,
                found,
            },
            node.span.clone(),
        );
    }

    /// Whether the key stands there. It is known from then on.
    pub(crate) fn has(&mut self, key: &'static str) -> bool {
        self.take(key).is_some()
    }

    /// Reports a key that must be there.
    pub(crate) fn missing(&mut self, key: &'static str) {
        let problem = Problem::MissingKey {
            key,
            section: self.name.clone(),
        };
        self.sink.push(problem, self.span.clone());
    }

    /// Passes a value on, and reports its key as missing where there is none.
    pub(crate) fn need<T>(
        &mut self,
        key: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Option<T>,
    ) -> Option<T> {
        if self.find(key).is_none() {
            self.asked.push(key);
            self.missing(key);
            return None;
        }
        read(self, key)
    }

    pub(crate) fn text(&mut self, key: &'static str) -> Option<String> {
        let node = self.take(key)?;
        let Value::Text(text) = &node.value else {
            self.wrong_type(key, node, "text");
            return None;
        };
        if text.is_empty() || text.len() > TEXT_VALUE_MAX {
            self.must_be(key, format!("1 to {TEXT_VALUE_MAX} bytes of text"));
            return None;
        }
        Some(text.clone())
    }

    /// A name as targets and citations write it: `[a-z0-9][a-z0-9._-]*`, either case.
    pub(crate) fn name(&mut self, key: &'static str) -> Option<String> {
        let text = self.text(key)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let good = text.len() <= 64
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(plain);
        if !good {
            self.must_be(key, "a name of up to 64 letters, digits, `.`, `_` and `-`");
            return None;
        }
        Some(text)
    }

    /// A path; a relative one is taken from `base`.
    pub(crate) fn path(&mut self, key: &'static str, base: &Path) -> Option<PathBuf> {
        let text = self.text(key)?;
        if text.contains('\0') {
            self.must_be(key, "a path");
            return None;
        }
        Some(base.join(text))
    }

    pub(crate) fn integer(&mut self, key: &'static str, min: i64, max: i64) -> Option<i64> {
        let node = self.take(key)?;
        let Value::Integer(number) = node.value else {
            self.wrong_type(key, node, "an integer");
            return None;
        };
        if number < min || number > max {
            self.must_be(key, format!("from {min} to {max}"));
            return None;
        }
        Some(number)
    }

    /// An instant: a date with an offset, or the same as text.
    pub(crate) fn time(&mut self, key: &'static str) -> Option<Time> {
        let node = self.take(key)?;
        let (Value::Date(text) | Value::Text(text)) = &node.value else {
            self.wrong_type(key, node, "a date");
            return None;
        };
        let time = Time::parse_rfc3339(text).ok();
        if time.is_none() {
            self.must_be(key, "a date with its offset, such as 2026-11-25T03:12:08Z");
        }
        time
    }

    /// A duration such as `5s`, in milliseconds, within the bounds given.
    pub(crate) fn duration_ms(&mut self, key: &'static str, min: u64, max: u64) -> Option<u64> {
        let text = self.text(key)?;
        let found = crate::units::duration_ms(&text).filter(|ms| (min..=max).contains(ms));
        if found.is_none() {
            let (min, max) = (
                crate::units::duration_text(min),
                crate::units::duration_text(max),
            );
            self.must_be(key, format!("a duration from {min} to {max}"));
        }
        found
    }

    fn list(&mut self, key: &'static str, max: usize) -> Option<&'n [Node]> {
        let node = self.take(key)?;
        let Value::List(items) = &node.value else {
            self.wrong_type(key, node, "a list");
            return None;
        };
        if items.len() > max {
            self.mistake(
                key,
                Problem::TooMany {
                    key: key.to_owned(),
                    max,
                },
            );
            return None;
        }
        Some(items)
    }

    /// A list of text; absent is empty.
    pub(crate) fn texts(&mut self, key: &'static str, max: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for item in self.list(key, max).unwrap_or(&[]) {
            match &item.value {
                Value::Text(text) if !text.is_empty() && text.len() <= TEXT_VALUE_MAX => {
                    texts.push(text.clone());
                }
                _other => self.wrong_type(key, item, "a list of text"),
            }
        }
        texts
    }

    /// Pairs of a free key and text, in the order of their keys; absent is empty.
    pub(crate) fn pairs(&mut self, key: &'static str, max: usize) -> Vec<(String, String)> {
        let Some(node) = self.take(key) else {
            return Vec::new();
        };
        let Value::Table(entries) = &node.value else {
            self.wrong_type(key, node, "a table of text");
            return Vec::new();
        };
        if entries.len() > max {
            self.mistake(
                key,
                Problem::TooMany {
                    key: key.to_owned(),
                    max,
                },
            );
        }
        let mut pairs = Vec::new();
        for entry in entries.iter().take(max) {
            match &entry.node.value {
                Value::Text(text) if text.len() <= TEXT_VALUE_MAX => {
                    pairs.push((entry.key.clone(), text.clone()));
                }
                _other => self.wrong_type(&quote(&entry.key), &entry.node, "text"),
            }
        }
        pairs.sort();
        pairs
    }

    /// One table; absent is `None`.
    pub(crate) fn table<T>(
        &mut self,
        key: &'static str,
        name: &str,
        read: impl FnOnce(&mut Section<'_, '_>) -> Option<T>,
    ) -> Option<T> {
        let node = self.take(key)?;
        let Value::Table(entries) = &node.value else {
            self.wrong_type(key, node, "a table");
            return None;
        };
        self.inner(name, node.span.clone(), entries, read)
    }

    /// A list of tables; absent is empty.
    pub(crate) fn tables<T>(
        &mut self,
        key: &'static str,
        name: &str,
        max: usize,
        mut read: impl FnMut(&mut Section<'_, '_>) -> Option<T>,
    ) -> Vec<T> {
        let mut all = Vec::new();
        for item in self.list(key, max).unwrap_or(&[]) {
            let Value::Table(entries) = &item.value else {
                self.wrong_type(key, item, "a list of tables");
                continue;
            };
            all.extend(self.inner(name, item.span.clone(), entries, &mut read));
        }
        all
    }

    fn inner<T>(
        &mut self,
        name: &str,
        span: Range<usize>,
        entries: &[Entry],
        read: impl FnOnce(&mut Section<'_, '_>) -> Option<T>,
    ) -> Option<T> {
        let (name, asked) = (name.to_owned(), Vec::new());
        let mut section = Section {
            name,
            span,
            entries,
            asked,
            sink: &mut *self.sink,
        };
        let value = read(&mut section);
        section.finish();
        value
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(self) {
        for entry in self.entries {
            if !self.asked.contains(&entry.key.as_str()) {
                let nearest = nearest(&entry.key, &self.asked);
                let (key, section) = (quote(&entry.key), self.name.clone());
                self.sink.push(
                    Problem::UnknownKey {
                        key,
                        section,
                        nearest,
                    },
                    entry.span.clone(),
                );
            }
        }
    }
}

/// The nearest word: within two edits, or within one of a short word.
fn nearest(key: &str, known: &[&'static str]) -> Option<String> {
    if key.len() > 64 {
        return None;
    }
    known
        .iter()
        .map(|word| (strsim::damerau_levenshtein(key, word), *word))
        .filter(|(edits, word)| *edits <= if word.len().min(key.len()) < 5 { 1 } else { 2 })
        .min()
        .map(|(_edits, word)| word.to_owned())
}
