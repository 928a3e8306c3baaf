//! JSON into nodes, strictly: RFC 8259, no key twice, bounded depth.
//! Ours, because serde's JSON reader tells no places.

use std::ops::Range;

use super::mistake::Problem;
use super::node::{DEPTH_MAX, Entry, Node, Value};

type Wrong = (Problem, Range<usize>);

pub(super) fn parse(text: &str) -> Result<Vec<Entry>, Wrong> {
    let mut reader = Reader { text, at: 0 };
    let node = reader.value(0)?;
    reader.space();
    if reader.at < text.len() {
        return Err(reader.wrong("the end"));
    }
    match node.value {
        Value::Table(entries) => Ok(entries),
        other => Err((
            Problem::Type {
                key: "document".into(),
                expected: "an object",
                found: other.kind(),
            },
            node.span,
        )),
    }
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn wrong(&self, expected: &str) -> Wrong {
        // An escape that the end cuts off leaves the place one beyond it.
        let at = self.at.min(self.text.len());
        let rest = self.text.get(at..).unwrap_or("");
        let (found, length) = match rest.chars().next() {
            Some(c) => (format!("`{}`", c.escape_debug()), c.len_utf8()),
            None => ("the end".to_owned(), 0),
        };
        let words = format!("expected {expected}, found {found}");
        (Problem::Syntax { words }, at..at + length)
    }

    fn value(&mut self, depth: usize) -> Result<Node, Wrong> {
        self.space();
        let start = self.at;
        if depth > DEPTH_MAX {
            return Err((Problem::TooDeep { max: DEPTH_MAX }, start..start));
        }
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Value::Text(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.word("true", Value::Bool(true))?,
            Some(b'f') => self.word("false", Value::Bool(false))?,
            Some(b'n') => self.word("null", Value::Null)?,
            Some(_) | None => return Err(self.wrong("a value")),
        };
        Ok(Node {
            span: start..self.at,
            value,
        })
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, Wrong> {
        if self
            .text
            .get(self.at..)
            .is_some_and(|rest| rest.starts_with(word))
        {
            self.at += word.len();
            return Ok(value);
        }
        Err(self.wrong("a value"))
    }

    fn object(&mut self, depth: usize) -> Result<Value, Wrong> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Table(entries));
        }
        loop {
            self.space();
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.wrong("a key"));
            }
            let key = self.string()?;
            let span = start..self.at;
            if !seen.insert(key.clone()) {
                return Err((
                    Problem::Twice {
                        what: "key",
                        name: key,
                    },
                    span,
                ));
            }
            self.space();
            if self.peek() != Some(b':') {
                return Err(self.wrong("`:`"));
            }
            self.at += 1;
            let node = self.value(depth + 1)?;
            entries.push(Entry { key, span, node });
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                Some(_) | None => return Err(self.wrong("`,` or `}`")),
            }
        }
        self.at += 1;
        Ok(Value::Table(entries))
    }

    fn array(&mut self, depth: usize) -> Result<Value, Wrong> {
        let mut items = Vec::new();
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                Some(_) | None => return Err(self.wrong("`,` or `]`")),
            }
        }
        self.at += 1;
        Ok(Value::List(items))
    }

    /// Finds the closing quote, and leaves escapes to serde.
    fn string(&mut self) -> Result<String, Wrong> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => return Err(self.wrong("`\"`")),
            }
        }
        self.at += 1;
        let token = self.text.get(start..self.at).unwrap_or("");
        serde_json::from_str(token).map_err(|_| {
            let words = "a string holds a control character or an unknown escape".to_owned();
            (Problem::Syntax { words }, start..self.at)
        })
    }

    fn number(&mut self) -> Result<Value, Wrong> {
        let start = self.at;
        while matches!(
            self.peek(),
            Some(b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
        ) {
            self.at += 1;
        }
        let token = self.text.get(start..self.at).unwrap_or("");
        match serde_json::from_str::<serde_json::Number>(token) {
            Ok(number) => Ok(number.as_i64().map_or(Value::Other, Value::Integer)),
            Err(_) => {
                let words = format!("`{token}` is not a number");
                Err((Problem::Syntax { words }, start..self.at))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let entries = parse(r#" {"a": [1, "\u00e9\"", true, null, 1.5], "b": {}} "#).unwrap();
        assert_eq!(entries[0].span, 2..5);
        assert_eq!(entries[0].node.span, 7..39);
        let Value::List(items) = &entries[0].node.value else {
            panic!()
        };
        assert_eq!(items[1].value, Value::Text("é\"".into()));
        assert_eq!(items[4].value, Value::Other);
        assert_eq!(entries[1].node.value, Value::Table(vec![]));
    }

    #[test]
    fn what_is_not_json_is_refused_at_its_place() {
        for (text, at) in [
            ("", 0),
            ("{", 1),
            ("{\"a\":1,}", 7),
            ("{\"a\" 1}", 5),
            ("{\"a\":01}", 5),
            ("{\"a\":1} x", 8),
            ("{\"a\":tru}", 5),
            ("{\"a\":\"\u{1}\"}", 5),
            ("{\"a\":\"\\q\"}", 5),
            ("{\"a\":\"\\", 7),
            ("{\"a\":1,\"a\":2}", 7),
            ("[1]", 0),
            ("{\"é", 4),
        ] {
            let (problem, span) = parse(text).unwrap_err();
            assert_eq!(span.start, at, "{text}: {problem}");
        }
        let deep = format!("{{\"a\":{}", "[".repeat(100_000));
        assert!(matches!(parse(&deep), Err((Problem::TooDeep { .. }, _))));
    }

    proptest::proptest! {
        /// Bytes that are near JSON, and serde's opinion of them.
        #[test]
        fn it_accepts_what_serde_accepts(text in r#"\{("a":|"b\\n":)?[\[\]{}",:0-9a-c.eE+\- \\utrlsfn\u{e9}]{0,12}\}?"#) {
            let ours = parse(&text);
            let theirs = serde_json::from_str::<serde_json::Value>(&text);
            // What follows the spans must hold whatever the text.
            match ours {
                Ok(_) => proptest::prop_assert!(theirs.is_ok(), "{text}"),
                Err((Problem::Twice { .. } | Problem::Type { .. } | Problem::TooDeep { .. }, _)) => {}
                Err((problem, span)) => {
                    proptest::prop_assert!(theirs.is_err(), "{text}: {problem}");
                    proptest::prop_assert!(text.get(span).is_some(), "{text}");
                }
            }
        }
    }
}
