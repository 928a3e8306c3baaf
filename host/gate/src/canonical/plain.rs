//! Bytes that are seen to be canonical at one glance: no escapes, ASCII keys in order.
//! Not a reader, and no judge of anything else: what is not plain may still be canonical, and is
//! then compared with its canonical form.
//! Invariant: what is plain is canonical.

use super::INTEGER_MAX;

/// Whether `bytes` are one plain document of at most `depth` levels.
pub(super) fn is_plain(bytes: &[u8], depth: usize) -> bool {
    let mut reader = Reader { rest: bytes };
    std::str::from_utf8(bytes).is_ok() && reader.value(depth).is_some() && reader.rest.is_empty()
}

/// Reads from the front; `None` wherever it is not plain.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<()> {
        match self.rest.first()? {
            b'n' => self.word(b"null"),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'"' => self.string().map(drop),
            b'[' => self.array(depth.checked_sub(1)?),
            b'{' => self.object(depth.checked_sub(1)?),
            _ => self.integer(),
        }
    }

    fn array(&mut self, depth: usize) -> Option<()> {
        self.word(b"[")?;
        if self.word(b"]").is_some() {
            return Some(());
        }
        loop {
            self.value(depth)?;
            if self.word(b",").is_none() {
                return self.word(b"]");
            }
        }
    }

    fn object(&mut self, depth: usize) -> Option<()> {
        self.word(b"{")?;
        if self.word(b"}").is_some() {
            return Some(());
        }
        let mut before: Option<&[u8]> = None;
        loop {
            let key = self.string()?;
            // Of ASCII alone the order of UTF-16 units is that of bytes. A key twice is no order.
            if !key.is_ascii() || before.is_some_and(|before| before >= key) {
                return None;
            }
            before = Some(key);
            self.word(b":")?;
            self.value(depth)?;
            if self.word(b",").is_none() {
                return self.word(b"}");
            }
        }
    }

    /// The text between two quotes, where nothing in it is or needs to be escaped.
    fn string(&mut self) -> Option<&'a [u8]> {
        let inside = self.rest.strip_prefix(b"\"")?;
        let special = |byte: &u8| *byte < 0x20 || *byte == b'"' || *byte == b'\\';
        let (text, rest) = inside.split_at(inside.iter().position(special)?);
        self.rest = rest.strip_prefix(b"\"")?;
        Some(text)
    }

    fn integer(&mut self) -> Option<()> {
        let digits = self.rest.strip_prefix(b"-").unwrap_or(self.rest);
        let is_negative = digits.len() < self.rest.len();
        let end = digits.iter().position(|byte| !byte.is_ascii_digit());
        let (digits, rest) = digits.split_at(end.unwrap_or(digits.len()));
        let (first, more) = digits.split_first()?;
        // `-0` and `01` are other spellings; a longer number is too large.
        if *first == b'0' && (is_negative || !more.is_empty()) || digits.len() > 16 {
            return None;
        }
        let number = digits
            .iter()
            .fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        self.rest = rest;
        // What follows, such as a fraction, must be what may follow a value.
        (number <= INTEGER_MAX).then_some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(word)?;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::super::{DEPTH_MAX, DOCUMENT_BYTES_MAX, compared, to_bytes};
    use super::*;

    /// Whether bytes are canonical, by their canonical form.
    fn is_canonical(bytes: &[u8]) -> bool {
        compared::<Value>(bytes, DOCUMENT_BYTES_MAX).is_ok()
    }

    #[test]
    fn plain_and_not_plain_documents() {
        for plain in [
            "null",
            "0",
            "-1",
            "9007199254740991",
            r#"{"a":[],"b":{},"c":[true,false,"é\u{7f}"]}"#,
        ] {
            let plain = plain.replace(r"\u{7f}", "\u{7f}");
            assert!(is_plain(plain.as_bytes(), DEPTH_MAX), "{plain}");
            assert!(is_canonical(plain.as_bytes()), "{plain}");
        }
        for other in [
            "",
            " 1",
            "1 ",
            "-0",
            "01",
            "1.0",
            "1e0",
            "-",
            "9007199254740992",
            "nul",
            "[1,]",
            "[,1]",
            "[1",
            r#"{"a":1,"a":1}"#,
            r#"{"b":1,"a":2}"#,
            r#"{"a":1,}"#,
            r#"{"a" :1}"#,
            "\"\n\"",
            r#""\n""#,
            r#"{"é":1}"#,
            r#"{a:1}"#,
            "[1][1]",
            "\"",
            "1,",
            "99999999999999999999",
        ] {
            assert!(!is_plain(other.as_bytes(), DEPTH_MAX), "{other}");
        }
        assert!(!is_plain(b"\"\xff\"", DEPTH_MAX));
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(is_plain(nested(DEPTH_MAX).as_bytes(), DEPTH_MAX));
        assert!(!is_plain(nested(DEPTH_MAX + 1).as_bytes(), DEPTH_MAX));
    }

    proptest! {
        #[test]
        fn what_is_plain_is_canonical(text in r#"[\[\]{},:"a-c0-29\\ -.etrufalsn\n]{0,24}"#) {
            if is_plain(text.as_bytes(), DEPTH_MAX) {
                prop_assert!(is_canonical(text.as_bytes()), "{}", text);
            }
        }

        #[test]
        fn a_canonical_document_with_one_byte_altered_is_plain_only_if_canonical(
            keys in prop::collection::btree_map("[a-z]{0,3}", any::<i32>(), 0..6),
            texts in prop::collection::vec("[ -~é]{0,4}", 0..4),
            at in any::<prop::sample::Index>(),
            byte in prop::sample::select(&b"\"\\{}[],:0-. az\n\x7f\xc3"[..]),
        ) {
            let value = serde_json::json!({"k": keys, "t": texts});
            let mut bytes = to_bytes(&value).unwrap();
            let has_escapes = bytes.contains(&b'\\');
            prop_assert_eq!(is_plain(&bytes, DEPTH_MAX), !has_escapes);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if is_plain(&bytes, DEPTH_MAX) {
                prop_assert!(is_canonical(&bytes));
            }
        }
    }
}
