//! Canonical JSON: RFC 8785 over a smaller data model.
//!
//! Not a general JSON library: no floats, integers within ±(2^53−1), at most 32 levels.
//! Start at [`to_bytes`] and [`from_bytes`].
//! Invariant: a value has one byte form, and only that form is read back.

mod plain;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

/// Bytes of one document, unless a caller states another bound.
pub const DOCUMENT_BYTES_MAX: usize = 1024 * 1024;
/// Levels of nesting of one document.
pub const DEPTH_MAX: usize = 32;
/// The largest integer that every JSON reader keeps exact: 2^53 − 1.
pub const INTEGER_MAX: i64 = (1 << 53) - 1;

/// Why a value or a document is not canonical JSON.
#[derive(Debug, thiserror::Error)]
pub enum NotCanonical {
    /// A float, or an integer beyond ±(2^53−1).
    #[error("the number `{0}` is not an integer within ±(2^53−1)")]
    Number(String),
    /// Nested deeper than [`DEPTH_MAX`].
    #[error("nested deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// Larger than the bound.
    #[error("larger than {max} bytes")]
    TooLarge {
        /// The bound, in bytes.
        max: usize,
    },
    /// Not JSON, or not of the expected fields.
    #[error("{0}")]
    Json(serde_json::Error),
    /// JSON, but its bytes differ from its canonical form: spaces, another order of keys, a key
    /// twice, another escape.
    #[error("not in canonical form: it differs at byte {at}")]
    Form {
        /// The first byte that differs, from 0.
        at: usize,
    },
}

/// The canonical bytes of `value`, at most [`DOCUMENT_BYTES_MAX`].
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, NotCanonical> {
    to_bytes_within(value, DOCUMENT_BYTES_MAX)
}

/// The canonical bytes of `value`, at most `max` of them.
pub fn to_bytes_within<T: Serialize + ?Sized>(
    value: &T,
    max: usize,
) -> Result<Vec<u8>, NotCanonical> {
    let value = serde_json::to_value(value).map_err(NotCanonical::Json)?;
    let mut out = Vec::new();
    write(&value, DEPTH_MAX, max, &mut out)?;
    Ok(out)
}

/// Reads a document of at most [`DOCUMENT_BYTES_MAX`] bytes that is in canonical form.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, NotCanonical> {
    from_bytes_within(bytes, DOCUMENT_BYTES_MAX)
}

/// Reads a document of at most `max` bytes that is in canonical form.
pub fn from_bytes_within<T: DeserializeOwned>(bytes: &[u8], max: usize) -> Result<T, NotCanonical> {
    if bytes.len() > max {
        return Err(NotCanonical::TooLarge { max });
    }
    // Most documents are seen to be canonical as they stand. What then does not fit `T` is told
    // below, in the words that every document is refused with.
    if plain::is_plain(bytes, DEPTH_MAX)
        && let Ok(value) = serde_json::from_slice(bytes)
    {
        return Ok(value);
    }
    compared(bytes, max)
}

/// Reads any document by writing its canonical form and comparing.
fn compared<T: DeserializeOwned>(bytes: &[u8], max: usize) -> Result<T, NotCanonical> {
    // serde_json stops at 128 levels by itself, so this cannot exhaust the stack.
    let value: Value = serde_json::from_slice(bytes).map_err(NotCanonical::Json)?;
    let mut canonical = Vec::with_capacity(bytes.len());
    write(&value, DEPTH_MAX, max, &mut canonical)?;
    if canonical != bytes {
        let at = canonical
            .iter()
            .zip(bytes)
            .take_while(|(ours, theirs)| ours == theirs)
            .count();
        return Err(NotCanonical::Form { at });
    }
    serde_json::from_value(value).map_err(NotCanonical::Json)
}

fn write(value: &Value, depth: usize, max: usize, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    let below = || depth.checked_sub(1).ok_or(NotCanonical::TooDeep);
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => match number.as_i64() {
            Some(n) if n.unsigned_abs() <= INTEGER_MAX.unsigned_abs() && !number.is_f64() => {
                out.extend_from_slice(n.to_string().as_bytes());
            }
            _ => return Err(NotCanonical::Number(number.to_string())),
        },
        Value::String(text) => write_string(text, out)?,
        Value::Array(items) => {
            let below = below()?;
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, below, max, out)?;
            }
            out.push(b']');
        }
        Value::Object(map) => {
            let below = below()?;
            let mut fields: Vec<(&String, &Value)> = map.iter().collect();
            // RFC 8785, 3.2.3: by UTF-16 code units. The order of UTF-8 bytes is another, but for
            // ASCII, which is most of what is written here.
            if fields.iter().all(|(key, _)| key.is_ascii()) {
                fields.sort_unstable_by_key(|(key, _)| *key);
            } else {
                fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            }
            out.push(b'{');
            for (index, (key, item)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_string(key, out)?;
                out.push(b':');
                write(item, below, max, out)?;
            }
            out.push(b'}');
        }
    }
    if out.len() > max {
        Err(NotCanonical::TooLarge { max })
    } else {
        Ok(())
    }
}

/// serde_json escapes exactly what RFC 8785, 3.2.2.2 escapes, and as it does.
fn write_string(text: &str, out: &mut Vec<u8>) -> Result<(), NotCanonical> {
    serde_json::to_writer(out, text).map_err(NotCanonical::Json)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_sort_by_utf16_code_units() {
        // The example of RFC 8785, 3.2.3.
        let value = json!({"\u{20ac}": 1, "\r": 2, "\u{fb33}": 3, "1": 4, "\u{1f600}": 5, "\u{80}": 6, "\u{f6}": 7});
        let text = String::from_utf8(to_bytes(&value).unwrap()).unwrap();
        let position = |needle: &str| text.find(needle).unwrap();
        assert!(position("\u{f6}") < position("\u{20ac}"));
        assert!(position("\u{20ac}") < position("\u{1f600}"));
        assert!(position("\u{1f600}") < position("\u{fb33}"));
    }

    #[test]
    fn strings_escape_as_the_rfc_says() {
        let bytes = to_bytes("\u{20ac}$\u{f}\u{a}A'B\u{22}\u{5c}\u{5c}\u{22}/\u{7f}").unwrap();
        assert_eq!(
            bytes,
            "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\u{7f}\"".as_bytes()
        );
    }

    #[test]
    fn floats_and_large_integers_are_refused() {
        for value in [
            json!(1.5),
            json!(1.0),
            json!(1u64 << 53),
            json!(-(1i64 << 53)),
            json!(u64::MAX),
        ] {
            assert!(
                matches!(to_bytes(&value), Err(NotCanonical::Number(_))),
                "{value}"
            );
        }
        assert_eq!(to_bytes(&json!(INTEGER_MAX)).unwrap(), b"9007199254740991");
    }

    #[test]
    fn another_spelling_of_the_same_value_is_refused() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":{"b":1,"b":2}}"#,
            r#"{"b":1,"a":2}"#,
            r#"{"a": 1}"#,
            r#"{"a":1} "#,
            r#"{"a":"\u0041"}"#,
            r#"{"a":-0}"#,
            r#"{"a":1e0}"#,
        ] {
            assert!(from_bytes::<Value>(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(from_bytes::<Value>(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert!(from_bytes::<Value>(nested(DEPTH_MAX + 1).as_bytes()).is_err());
        assert!(from_bytes::<Value>(nested(100_000).as_bytes()).is_err());
        let long = "x".repeat(DOCUMENT_BYTES_MAX);
        assert!(matches!(
            to_bytes(&long),
            Err(NotCanonical::TooLarge { .. })
        ));
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::Bool),
            (-INTEGER_MAX..=INTEGER_MAX).prop_map(|n| json!(n)),
            any::<String>().prop_map(Value::String),
        ];
        leaf.prop_recursive(4, 64, 8, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
                prop::collection::btree_map(any::<String>(), inner, 0..8)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(value in any_value()) {
            let bytes = to_bytes(&value).unwrap();
            prop_assert_eq!(from_bytes::<Value>(&bytes).unwrap(), value);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..256)) {
            let _ = from_bytes::<Value>(&bytes);
        }
    }
}
