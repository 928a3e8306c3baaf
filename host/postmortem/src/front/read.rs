//! Reads a header, strictly: every key once, no other, each of its kind.

use std::collections::BTreeMap;

use interlock_gate::time::Time;

use super::{Front, SCHEMA, Status, Value, write::KEYS};
use crate::taxonomy::{Factor, NoFactor};

/// A header's most bytes.
pub const HEADER_BYTES_MAX: usize = 64 * 1024;
/// Longest text of a value, in characters.
const TEXT_CHARS_MAX: usize = 1_000;
/// Most elements of a list.
const LIST_MAX: usize = 1_000;

/// A header that cannot be read: where, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct BadFront {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    #[source]
    pub problem: Problem,
}

/// What is wrong with a header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No header at all.
    #[error("a post-mortem begins with a line `---`, and its header ends with another")]
    Fence,
    /// Longer than any header.
    #[error("the header has more than {HEADER_BYTES_MAX} bytes")]
    TooLong,
    /// Not `key: value`.
    #[error("this is not `key: value`")]
    Form,
    /// A key that no header has.
    #[error("`{0}` is no key of a post-mortem")]
    Unknown(String),
    /// A key twice.
    #[error("`{0}` stands here twice")]
    Twice(String),
    /// A key that must be there.
    #[error("`{0}` is missing")]
    Missing(&'static str),
    /// Another form of value.
    #[error("`{key}` must be {expected}")]
    Kind {
        /// The key.
        key: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// No value.
    #[error("the value is neither `null`, a word, a text in quotation marks, nor a list of these")]
    Value,
    /// More than anybody means.
    #[error("a value has more than {TEXT_CHARS_MAX} characters, or a list more than {LIST_MAX}")]
    TooMuch,
    /// No factor.
    #[error("{0}; `docs/postmortems.md` lists them")]
    Factor(NoFactor),
    /// Another schema.
    #[error("the schema is `{0}`, expected `{SCHEMA}`")]
    Schema(String),
}

impl Front {
    /// Reads the header of a post-mortem; the text that follows it comes back too.
    pub fn read(document: &str) -> Result<(Front, &str), BadFront> {
        let bad = |line, problem| BadFront { line, problem };
        let rest = document
            .strip_prefix("---\n")
            .ok_or(bad(1, Problem::Fence))?;
        let mut values: BTreeMap<&'static str, (usize, Value)> = BTreeMap::new();
        let (mut line, mut at) = (1, 0);
        let body = loop {
            line += 1;
            let text = rest[at..].split_inclusive('\n').next();
            let text = text.ok_or(bad(line, Problem::Fence))?;
            at += text.len();
            if at > HEADER_BYTES_MAX {
                return Err(bad(line, Problem::TooLong));
            }
            let text = text.strip_suffix('\n').unwrap_or(text);
            if text == "---" {
                break &rest[at..];
            }
            let (key, value) = pair(text).map_err(|problem| bad(line, problem))?;
            if values.insert(key, (line, value)).is_some() {
                return Err(bad(line, Problem::Twice(key.to_owned())));
            }
        };
        let missing = KEYS.iter().find(|key| !values.contains_key(*key));
        if let Some(key) = missing {
            return Err(bad(line, Problem::Missing(key)));
        }
        let read = Values(values);
        let schema = read.word("schema")?;
        if schema != SCHEMA {
            return Err(read.bad("schema", Problem::Schema(shown(&schema))));
        }
        let status = match read.word("status")?.as_str() {
            "draft" => Status::Draft,
            "final" => Status::Final,
            _ => return Err(read.kind("status", "`draft` or `final`")),
        };
        let front = Front {
            incident: read.word("incident")?,
            status,
            severity: read.word_or_null("severity")?,
            services: read.list("services")?,
            began: read.time("began")?,
            detected: read.time("detected")?,
            mitigated: read.time("mitigated")?,
            ended: read.time("ended")?,
            factors: read.factors("factors")?,
            proposed: read.factors("proposed")?,
            causes: read.list("causes")?,
            runs: read.list("runs")?,
            plans: read.list("plans")?,
            sources: read.word("sources")?,
            blocks: read.list("blocks")?,
            drafted: read.pairs("drafted")?,
        };
        Ok((front, body))
    }
}

struct Values(BTreeMap<&'static str, (usize, Value)>);

impl Values {
    fn bad(&self, key: &'static str, problem: Problem) -> BadFront {
        let line = self.0.get(key).map_or(1, |(line, _)| *line);
        BadFront { line, problem }
    }

    fn kind(&self, key: &'static str, expected: &'static str) -> BadFront {
        self.bad(key, Problem::Kind { key, expected })
    }

    fn value(&self, key: &'static str) -> &Value {
        self.0.get(key).map_or(&Value::Null, |(_, value)| value)
    }

    fn word(&self, key: &'static str) -> Result<String, BadFront> {
        match self.value(key) {
            Value::Word(text) if !text.is_empty() => Ok(text.clone()),
            _ => Err(self.kind(key, "a word or a text")),
        }
    }

    fn word_or_null(&self, key: &'static str) -> Result<Option<String>, BadFront> {
        match self.value(key) {
            Value::Null => Ok(None),
            Value::Word(text) => Ok(Some(text.clone())),
            Value::List(_) => Err(self.kind(key, "a word, a text or `null`")),
        }
    }

    fn list(&self, key: &'static str) -> Result<Vec<String>, BadFront> {
        match self.value(key) {
            Value::List(texts) => Ok(texts.clone()),
            Value::Null | Value::Word(_) => Err(self.kind(key, "a list in brackets")),
        }
    }

    fn time(&self, key: &'static str) -> Result<Option<Time>, BadFront> {
        const EXPECTED: &str = "a time such as `2026-01-31T12:00:00Z`, or `null`";
        match self.word_or_null(key)? {
            None => Ok(None),
            Some(text) => Time::parse_rfc3339(&text)
                .map(Some)
                .map_err(|_| self.kind(key, EXPECTED)),
        }
    }

    fn factors(&self, key: &'static str) -> Result<Vec<Factor>, BadFront> {
        let mut factors: Vec<Factor> = Vec::new();
        for word in self.list(key)? {
            let factor = word.parse();
            let factor = factor.map_err(|no| self.bad(key, Problem::Factor(no)))?;
            if factors.contains(&factor) {
                return Err(self.bad(key, Problem::Twice(word)));
            }
            factors.push(factor);
        }
        Ok(factors)
    }

    fn pairs(&self, key: &'static str) -> Result<BTreeMap<String, String>, BadFront> {
        let pair = |text: String| {
            let (name, digest) = text.split_once('=')?;
            Some((name.to_owned(), digest.to_owned()))
        };
        let all = self.list(key)?.into_iter().map(pair);
        let all: Option<BTreeMap<String, String>> = all.collect();
        all.ok_or_else(|| self.kind(key, "a list of `name=digest`"))
    }
}

fn pair(text: &str) -> Result<(&'static str, Value), Problem> {
    let (key, rest) = text.split_once(": ").ok_or(Problem::Form)?;
    let known = KEYS.iter().find(|known| **known == key);
    let key = known.ok_or_else(|| Problem::Unknown(shown(key)))?;
    Ok((key, value(rest.trim_end())?))
}

fn value(text: &str) -> Result<Value, Problem> {
    if text == "null" {
        return Ok(Value::Null);
    }
    let Some(inside) = text.strip_prefix('[') else {
        let (word, rest) = word(text)?;
        return match rest {
            "" => Ok(Value::Word(word)),
            _ => Err(Problem::Value),
        };
    };
    let inside = inside.strip_suffix(']').ok_or(Problem::Value)?;
    let mut rest = inside.trim();
    let mut texts = Vec::new();
    while !rest.is_empty() {
        let (text, after) = word(rest)?;
        texts.push(text);
        if texts.len() > LIST_MAX {
            return Err(Problem::TooMuch);
        }
        rest = match after.trim_start().strip_prefix(',') {
            Some(next) if !next.trim().is_empty() => next.trim_start(),
            Some(_) => return Err(Problem::Value),
            None if after.trim().is_empty() => "",
            None => return Err(Problem::Value),
        };
    }
    Ok(Value::List(texts))
}

/// One word or text, and what follows it.
fn word(text: &str) -> Result<(String, &str), Problem> {
    if let Some(inside) = text.strip_prefix('"') {
        let end = quoted_end(inside).ok_or(Problem::Value)?;
        let whole = &text[..end + 2];
        let word: String = serde_json::from_str(whole).map_err(|_| Problem::Value)?;
        return match word.chars().count() <= TEXT_CHARS_MAX {
            true => Ok((word, &text[end + 2..])),
            false => Err(Problem::TooMuch),
        };
    }
    let end = text.find([',', ']', '[', ' ', '"']).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '=' | '/' | ':' | '+');
    if word.is_empty() || word == "null" || !word.chars().all(plain) {
        return Err(Problem::Value);
    }
    if word.len() > TEXT_CHARS_MAX {
        return Err(Problem::TooMuch);
    }
    Ok((word.to_owned(), rest))
}

/// Where the quotation mark stands that ends a text.
fn quoted_end(inside: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in inside.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at),
            _ => {}
        }
    }
    None
}

fn shown(text: &str) -> String {
    interlock_gate::escape::foreign_short(text, 60)
}
