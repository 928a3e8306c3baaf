//! Names of things, each a type of its own, so that none passes for another.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// A text that is not the id it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}")]
pub struct BadId {
    text: String,
    what: &'static str,
}

impl BadId {
    fn new(text: &str, what: &'static str) -> BadId {
        BadId {
            text: text.chars().take(80).collect(),
            what,
        }
    }
}

macro_rules! digests {
    ($($(#[$doc:meta])* $Name:ident),* $(,)?) => {$(
        $(#[$doc])*
        ///
        /// Written `sha256:` and 64 lower-case hex digits.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $Name([u8; 32]);

        impl $Name {
            /// Of these exact bytes.
            pub fn of(bytes: &[u8]) -> $Name {
                $Name(Sha256::digest(bytes).into())
            }

            /// From the 32 bytes of a SHA-256.
            pub fn from_raw(raw: [u8; 32]) -> $Name {
                $Name(raw)
            }

            /// The 32 bytes.
            pub fn raw(&self) -> &[u8; 32] {
                &self.0
            }

            /// The first 12 hex digits: for people, never for a decision.
            pub fn short(&self) -> String {
                hex::encode(&self.0[..6])
            }

            /// All 64 hex digits, without the prefix.
            pub fn hex(&self) -> String {
                hex::encode(self.0)
            }
        }

        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "sha256:{}", hex::encode(self.0))
            }
        }

        impl fmt::Debug for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($Name), self.short())
            }
        }

        impl FromStr for $Name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<$Name, BadId> {
                let bad = || BadId::new(text, "a digest (`sha256:` and 64 lower-case hex digits)");
                let digits = text.strip_prefix("sha256:").ok_or_else(bad)?;
                if digits.bytes().any(|b| b.is_ascii_uppercase()) {
                    return Err(bad());
                }
                let mut raw = [0; 32];
                hex::decode_to_slice(digits, &mut raw).map_err(|_| bad())?;
                Ok($Name(raw))
            }
        }

        text_serde!($Name);
    )*};
}

macro_rules! text_serde {
    ($Name:ident) => {
        impl Serialize for $Name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $Name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$Name, D::Error> {
                crate::text::deserialize(deserializer)
            }
        }
    };
}

digests! {
    /// A plan's id: of its canonical bytes, so that `sha256sum PLAN.json` prints it.
    PlanDigest,
    /// Of a policy file's exact text.
    PolicyDigest,
    /// Of one write rule's canonical form.
    RuleDigest,
    /// Of a token file's payload: the exact bytes that were signed.
    TokenDigest,
    /// Of a component's bytes.
    ComponentDigest,
    /// Of one recorded call's canonical form.
    CallDigest,
    /// Of a report's canonical form.
    ReportDigest,
    /// Of a cassette's canonical form.
    CassetteDigest,
    /// Of any other kept bytes.
    BlobDigest,
}

/// One run: `r-` and 4 to 32 lower-case letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(String);

impl FromStr for RunId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<RunId, BadId> {
        let good = text.strip_prefix("r-").is_some_and(|rest| {
            (4..=32).contains(&rest.len())
                && rest
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        if good {
            Ok(RunId(text.to_owned()))
        } else {
            Err(BadId::new(text, "a run's id (such as r-k7qd)"))
        }
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl RunId {
    /// The id's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_serde!(RunId);

/// One call of a run, counted from 1 over all its steps; written `c3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

impl FromStr for CallId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<CallId, BadId> {
        text.strip_prefix('c')
            .and_then(|digits| digits.parse().ok())
            .map(CallId)
            // One spelling: no sign, no leading zero.
            .filter(|id| id.to_string() == text)
            .ok_or_else(|| BadId::new(text, "a call's id (such as c3)"))
    }
}

text_serde!(CallId);

/// A person: an approver or an owner. `[a-z0-9][a-z0-9._-]*`, at most 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonName(String);

impl FromStr for PersonName {
    type Err = BadId;

    fn from_str(text: &str) -> Result<PersonName, BadId> {
        let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let good = text.len() <= 64
            && text.bytes().next().is_some_and(word)
            && text
                .bytes()
                .all(|b| word(b) || matches!(b, b'.' | b'_' | b'-'));
        if good {
            Ok(PersonName(text.to_owned()))
        } else {
            Err(BadId::new(
                text,
                "a person's name (`[a-z0-9][a-z0-9._-]*`, at most 64 bytes)",
            ))
        }
    }
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PersonName {
    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_serde!(PersonName);

/// The one host that applies a plan.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostId {
    /// The journal's origin, such as `interlock.demo`.
    pub origin: String,
    /// The host's ed25519 public key, base64 of its 32 bytes.
    pub key: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_spelling() {
        let digest = PlanDigest::of(b"");
        let text = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest.to_string(), text);
        assert_eq!(text.parse(), Ok(digest));
        assert!(text.to_uppercase().parse::<PlanDigest>().is_err());
        assert!(text[..70].parse::<PlanDigest>().is_err());
    }

    #[test]
    fn ids_refuse_what_is_not_one() {
        for bad in ["c", "c01", "c+1", "3", "c-1", "c99999999999999999999"] {
            assert!(bad.parse::<CallId>().is_err(), "{bad}");
        }
        for bad in ["", "Alice", "-a", "a b", "é", &"a".repeat(65)] {
            assert!(bad.parse::<PersonName>().is_err(), "{bad}");
        }
        for bad in ["r-", "r-ABCD", "k7qd", "r-abc", "r-../../etc"] {
            assert!(bad.parse::<RunId>().is_err(), "{bad}");
        }
    }
}
