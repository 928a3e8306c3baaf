//! An entry's canonical bytes, and back.

use interlock_gate::canonical::{self, NotCanonical};
use interlock_gate::time::Time;
use serde_json::{Map, Value};

use super::Entry;

/// The schema that every entry names.
pub const ENTRY_SCHEMA: &str = "interlock.entry.v1";
/// One entry, in bytes: a document inside, with room for what stands around it.
pub const ENTRY_BYTES_MAX: usize = canonical::DOCUMENT_BYTES_MAX + 64 * 1024;

/// Bytes that are no entry, or an entry that has no bytes.
#[derive(Debug, thiserror::Error)]
pub enum BadEntry {
    /// Not canonical JSON, or fields that this version does not know.
    #[error("not an entry: {0}")]
    Form(#[from] NotCanonical),
    /// Another schema.
    #[error("`schema` is not `{ENTRY_SCHEMA}`")]
    Schema,
    /// `at` is missing or no time.
    #[error("`at` is not a time")]
    At,
    /// The fields are of no kind of entry.
    #[error("not an entry of this version: {0}")]
    Fields(serde_json::Error),
    /// It says the same in other words than this version would.
    #[error("the entry is not in the form in which it would be written")]
    Spelling,
}

/// The bytes of `entry`, taken at `at`.
pub fn encode(entry: &Entry, at: Time) -> Result<Vec<u8>, BadEntry> {
    let Value::Object(mut fields) = serde_json::to_value(entry).map_err(BadEntry::Fields)? else {
        return Err(BadEntry::Schema);
    };
    fields.insert("schema".to_owned(), Value::from(ENTRY_SCHEMA));
    fields.insert("at".to_owned(), Value::from(at.to_string()));
    Ok(canonical::to_bytes_within(
        &Value::Object(fields),
        ENTRY_BYTES_MAX,
    )?)
}

/// Reads an entry and its time; accepts nothing but what [`encode`] writes.
pub fn decode(bytes: &[u8]) -> Result<(Time, Entry), BadEntry> {
    let mut fields: Map<String, Value> = canonical::from_bytes_within(bytes, ENTRY_BYTES_MAX)?;
    if fields.remove("schema") != Some(Value::from(ENTRY_SCHEMA)) {
        return Err(BadEntry::Schema);
    }
    let at = match fields.remove("at") {
        Some(Value::String(text)) => text.parse().map_err(|_| BadEntry::At)?,
        _ => return Err(BadEntry::At),
    };
    let entry = serde_json::from_value(Value::Object(fields)).map_err(BadEntry::Fields)?;
    // A field left out that means null, or one dropped unread, would give one fact two hashes.
    if encode(&entry, at)? == bytes {
        Ok((at, entry))
    } else {
        Err(BadEntry::Spelling)
    }
}

/// A plan inside an entry: the object whose canonical bytes are the plan's.
pub(super) mod whole_plan {
    use interlock_gate::{canonical, plan::Plan};
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    pub(in super::super) fn serialize<S: Serializer>(
        plan: &Plan,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let value: Value = serde_json::from_slice(plan.bytes()).map_err(S::Error::custom)?;
        value.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Box<Plan>, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let bytes = canonical::to_bytes(&value).map_err(D::Error::custom)?;
        Plan::read(&bytes).map(Box::new).map_err(D::Error::custom)
    }
}

/// A token inside an entry: the object that its file holds. Reading one checks its signature, so
/// no token stands in the journal whose signature does not hold.
pub(super) mod whole_token {
    use interlock_gate::{canonical, token::Token};
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    pub(in super::super) fn serialize<S: Serializer>(
        token: &Token,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let value: Value = serde_json::from_slice(token.bytes()).map_err(S::Error::custom)?;
        value.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Box<Token>, D::Error> {
        read(&Value::deserialize(deserializer)?).map(Box::new)
    }

    pub(super) fn read<E: serde::de::Error>(value: &Value) -> Result<Token, E> {
        let bytes = canonical::to_bytes_within(value, super::ENTRY_BYTES_MAX).map_err(E::custom)?;
        Token::verify(&bytes).map_err(|error| {
            let cause = std::error::Error::source(&error);
            E::custom(cause.map_or(error.to_string(), |cause| format!("{error}: {cause}")))
        })
    }
}

/// Several tokens, or null.
pub(super) mod whole_tokens {
    use interlock_gate::token::Token;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    pub(in super::super) fn serialize<S: Serializer>(
        tokens: &Option<Vec<Token>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let read = |token: &Token| serde_json::from_slice(token.bytes());
        let values: Option<Vec<Value>> = tokens
            .as_ref()
            .map(|tokens| tokens.iter().map(read).collect::<Result<_, _>>())
            .transpose()
            .map_err(S::Error::custom)?;
        values.serialize(serializer)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Vec<Token>>, D::Error> {
        Option::<Vec<Value>>::deserialize(deserializer)?
            .map(|values| {
                values
                    .iter()
                    .map(super::whole_token::read::<D::Error>)
                    .collect()
            })
            .transpose()
    }
}

/// Forward or back, by the gate's word for it.
pub(super) mod kind_word {
    use interlock_gate::history::Kind;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in super::super) fn serialize<S: Serializer>(
        kind: &Kind,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind.word())
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Kind, D::Error> {
        let word = String::deserialize(deserializer)?;
        [Kind::Apply, Kind::Undo]
            .into_iter()
            .find(|kind| kind.word() == word)
            .ok_or_else(|| D::Error::custom("`for` is neither `apply` nor `undo`"))
    }
}
