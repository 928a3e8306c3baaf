//! What an action touches: `<configured source>/<segment>...`.
//!
//! A target is computed by the host from an observed item; its segments hold only words that the
//! operator configured or that the system's own grammar fixes, never a client's.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A target's longest text, in bytes.
pub const TARGET_BYTES_MAX: usize = 1024;

/// A target in its escaped form: `/`, `*`, `%` and all but printable ASCII is percent-encoded
/// inside a segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target(String);

/// A text that is not a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a target: {why}")]
pub struct BadTarget {
    text: String,
    why: &'static str,
}

impl Target {
    /// Of raw segments; each is escaped. None may be empty.
    pub fn new(segments: &[&str]) -> Result<Target, BadTarget> {
        let text = segments
            .iter()
            .map(|raw| escape(raw))
            .collect::<Vec<_>>()
            .join("/");
        Target::check(&text)?;
        Ok(Target(text))
    }

    /// The escaped segments.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }

    /// The first segment: the configured source's name, escaped.
    pub fn source(&self) -> &str {
        self.segments().next().unwrap_or_default()
    }

    /// The escaped text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn check(text: &str) -> Result<(), BadTarget> {
        let bad = |why| {
            Err(BadTarget {
                text: text.chars().take(80).collect(),
                why,
            })
        };
        if text.len() > TARGET_BYTES_MAX {
            return bad("it is longer than 1024 bytes");
        }
        for segment in text.split('/') {
            if segment.is_empty() {
                return bad("a segment is empty");
            }
            if segment.bytes().all(is_plain) {
                continue;
            }
            // One spelling: the escape of what it says must be what it says.
            if unescape(segment).is_none_or(|raw| escape_bytes(&raw) != segment) {
                return bad("a segment is not in its escaped form");
            }
        }
        Ok(())
    }
}

/// A segment's escaped form.
pub fn escape(raw: &str) -> String {
    escape_bytes(raw.as_bytes())
}

/// Bytes that stand for themselves.
fn is_plain(byte: u8) -> bool {
    (0x21..=0x7e).contains(&byte) && !matches!(byte, b'/' | b'*' | b'%')
}

fn escape_bytes(raw: &[u8]) -> String {
    use fmt::Write as _;
    raw.iter()
        .fold(String::with_capacity(raw.len()), |mut text, &byte| {
            if is_plain(byte) {
                text.push(char::from(byte));
            } else {
                // Writing to a `String` cannot fail.
                let _ = write!(text, "%{byte:02X}");
            }
            text
        })
}

/// The bytes that an escaped segment stands for; `None` where it is not escaped as it should be.
pub fn unescape(segment: &str) -> Option<Vec<u8>> {
    let mut raw = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digits = [bytes.next()?, bytes.next()?];
            let mut one = [0];
            hex::decode_to_slice(digits, &mut one).ok()?;
            raw.push(one[0]);
        } else {
            raw.push(byte);
        }
    }
    Some(raw)
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(text: &str) -> Result<Target, BadTarget> {
        Target::check(text)?;
        Ok(Target(text.to_owned()))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Target, D::Error> {
        crate::text::deserialize(deserializer)
    }
}

/// The classes of a database session; the second segment of a `database.*` target.
pub const SESSION_CLASSES: [&str; 4] = ["client", "replication", "autovacuum", "internal"];

/// A session's class, from PostgreSQL's `backend_type` alone: nothing a client says counts.
pub fn session_class(backend_type: &str) -> &'static str {
    match backend_type {
        "client backend" => "client",
        "walsender" => "replication",
        "autovacuum launcher" | "autovacuum worker" => "autovacuum",
        // Parallel workers belong to their leader; what is unknown is never a candidate.
        _ => "internal",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_segment_cannot_escape_its_place() {
        let target = Target::new(&["a/b*%", "é\n"]).unwrap();
        assert_eq!(target.as_str(), "a%2Fb%2A%25/%C3%A9%0A");
        assert_eq!(target.segments().count(), 2);
        assert_eq!(target.to_string().parse(), Ok(target));
    }

    #[test]
    fn a_target_has_one_spelling() {
        for bad in ["", "a//b", "a/", "/a", "%61", "%2f", "%", "%2", "a b", "a*"] {
            assert!(bad.parse::<Target>().is_err(), "{bad}");
        }
        assert!(Target::new(&["a", ""]).is_err());
    }

    #[test]
    fn only_a_client_backend_is_a_client() {
        assert_eq!(session_class("client backend"), "client");
        for other in [
            "parallel worker",
            "background writer",
            "",
            "Client backend",
            "client",
        ] {
            assert_eq!(session_class(other), "internal", "{other}");
        }
    }

    proptest! {
        #[test]
        fn different_segments_never_make_one_target(a in prop::collection::vec("[a/%*é ]{1,4}", 1..4),
                                                    b in prop::collection::vec("[a/%*é ]{1,4}", 1..4)) {
            let text = |segments: &[String]| {
                Target::new(&segments.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
            };
            prop_assert_eq!(a == b, text(&a) == text(&b));
        }
    }
}
