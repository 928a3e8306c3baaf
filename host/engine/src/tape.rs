//! The record of a run: every call with its answer, the clock, the seed, the writes, the notes.
//!
//! The same component run on its cassette does the same; where it does not, [`Difference`] says
//! what was expected and what came, at the first place where they part.

use std::fmt;

use interlock_capabilities::{
    Ask, Recorded,
    report::Input,
    write::{Planned, Refusal, Seen},
};
use interlock_gate::{
    canonical::{self, NotCanonical},
    ids::{CallId, CassetteDigest, ComponentDigest},
    time::Time,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;

/// The schema that a cassette's bytes name.
pub const CASSETTE_SCHEMA: &str = "interlock.cassette.v1";
/// Bytes of a cassette's canonical form: above the largest that a policy's limit can allow, since
/// canonical text is a little longer than what the limit counts.
pub const CASSETTE_BYTES_MAX: usize = 2 * 1024 * 1024 * 1024 - 1;

/// Every call of a run, in order, with the clock and the random values it saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cassette {
    /// Always [`CASSETTE_SCHEMA`].
    pub schema: String,
    /// The bytes that ran.
    pub component: ComponentDigest,
    /// What the step was given.
    pub input: Input,
    /// The id of its first call.
    pub first_call: CallId,
    /// What its random values grow from.
    pub seed: Seed,
    /// Each reading of the clock, the start first.
    pub clock: Vec<Time>,
    /// Each read, in the order of asking.
    pub calls: Vec<Recorded>,
    /// Each write call, in order.
    pub writes: Vec<RecordedWrite>,
    /// What the step said of itself; untrusted text.
    pub notes: Vec<Note>,
}

/// One write call: what the step asked for and what it was answered. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedWrite {
    /// Its capability, such as `database.terminate`.
    pub capability: String,
    /// The cited item.
    pub cites: Seen,
    /// The step's own arguments.
    pub arguments: Value,
    /// Its place in the plan; null where it was refused.
    pub planned: Option<Planned>,
    /// Why it was refused; null where it was planned.
    pub refused: Option<Refusal>,
}

/// One text of the step: untrusted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Where it came from.
    pub level: NoteLevel,
    /// Its text.
    pub text: String,
}

/// Where a [`Note`] came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteLevel {
    /// `log` at debug.
    Debug,
    /// `log` at info.
    Info,
    /// `log` at warn.
    Warn,
    /// WASI's standard output.
    Stdout,
    /// WASI's standard error.
    Stderr,
}

/// 32 bytes that a run's random values grow from; 64 hex digits as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub [u8; 32]);

impl Seed {
    /// From the machine's random source.
    pub fn fresh() -> Result<Seed, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Seed(bytes))
    }
}

impl Serialize for Seed {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Seed, D::Error> {
        let text = String::deserialize(from)?;
        let mut bytes = [0; 32];
        hex::decode_to_slice(&text, &mut bytes)
            .map_err(|_| D::Error::custom("not 64 hex digits"))?;
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(D::Error::custom("not lower-case hex digits"));
        }
        Ok(Seed(bytes))
    }
}

impl Cassette {
    /// The bytes that its digest is taken of.
    pub fn canonical(&self) -> Result<Vec<u8>, NotCanonical> {
        canonical::to_bytes_within(self, CASSETTE_BYTES_MAX)
    }

    /// SHA-256 of [`Self::canonical`].
    pub fn digest(&self) -> Result<CassetteDigest, NotCanonical> {
        Ok(CassetteDigest::of(&self.canonical()?))
    }

    /// Reads what [`Self::canonical`] writes, and nothing else.
    pub fn read(bytes: &[u8]) -> Result<Cassette, NotCanonical> {
        let cassette: Cassette = canonical::from_bytes_within(bytes, CASSETTE_BYTES_MAX)?;
        if cassette.schema == CASSETTE_SCHEMA {
            Ok(cassette)
        } else {
            let message = format!("its schema is not `{CASSETTE_SCHEMA}`");
            Err(NotCanonical::Json(serde_json::Error::custom(message)))
        }
    }

    /// The recorded call of this id.
    pub fn call(&self, id: CallId) -> Option<&Recorded> {
        let at = id.0.checked_sub(self.first_call.0)?;
        self.calls.get(usize::try_from(at).ok()?)
    }
}

/// The first place where a run parts from its record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where: a call (`c3`), a write (`write 0`), a note (`note 0`), `clock`, `input`.
    pub at: String,
    /// What the record holds; `nothing` where it has ended.
    pub expected: String,
    /// What the run did; `nothing` where it has ended.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "at {}: expected {}, found {}",
            self.at, self.expected, self.found
        )
    }
}

/// Characters of a value that a difference shows.
const SHOWN_CHARS_MAX: usize = 400;

impl Difference {
    pub(crate) fn new(
        at: impl fmt::Display,
        expected: Option<String>,
        found: Option<String>,
    ) -> Difference {
        let text = |side: Option<String>| match side {
            None => "nothing".to_owned(),
            Some(text) if text.chars().count() > SHOWN_CHARS_MAX => text
                .chars()
                .take(SHOWN_CHARS_MAX)
                .chain("...".chars())
                .collect(),
            Some(text) => text,
        };
        Difference {
            at: at.to_string(),
            expected: text(expected),
            found: text(found),
        }
    }

    pub(crate) fn clock(expected: Option<usize>, found: Option<usize>) -> Difference {
        let text = |n: Option<usize>| n.map(|n| format!("{n} readings"));
        Difference::new("clock", text(expected), text(found))
    }

    /// The run asked something else, or something more.
    pub(crate) fn asked(expected: Option<&Recorded>, found: &Ask, id: CallId) -> Difference {
        Difference::new(
            id,
            expected.map(|call| question(&call.ask)),
            Some(question(found)),
        )
    }

    /// The record holds a call that the run did not make.
    pub(crate) fn not_asked(expected: &Recorded) -> Difference {
        Difference::new(expected.id, Some(question(&expected.ask)), None)
    }

    /// The same question, not waited for or answered otherwise.
    pub(crate) fn answer(expected: &Recorded, found: &Recorded) -> Difference {
        let text = |call: &Recorded| match &call.answer {
            Ok(answer) => serde_json::to_string(answer).unwrap_or_default(),
            Err(gap) => gap.to_string(),
        };
        Difference::new(expected.id, Some(text(expected)), Some(text(found)))
    }

    /// The step said something else of itself.
    pub(crate) fn notes(expected: &[Note], found: &[Note]) -> Difference {
        let parts = expected
            .iter()
            .zip(found)
            .take_while(|(e, f)| e == f)
            .count();
        let text = |notes: &[Note]| notes.get(parts).map(|note| note.text.clone());
        Difference::new(format_args!("note {parts}"), text(expected), text(found))
    }

    /// Of two writes at the same place.
    pub(crate) fn write(
        at: usize,
        expected: Option<&RecordedWrite>,
        found: Option<&RecordedWrite>,
    ) -> Difference {
        let text = |write: Option<&RecordedWrite>| write.map(wrote);
        Difference::new(format_args!("write {at}"), text(expected), text(found))
    }
}

/// A question as one line: `database.sessions {"server":"orders-db"}`.
fn question(ask: &Ask) -> String {
    format!(
        "{} {}",
        ask.call(),
        serde_json::to_string(ask).unwrap_or_default()
    )
}

fn wrote(write: &RecordedWrite) -> String {
    let answer = match (&write.planned, &write.refused) {
        (Some(planned), _) => format!("planned {}", planned.action),
        (None, Some(refusal)) => serde_json::to_string(refusal).unwrap_or_default(),
        (None, None) => "no answer".to_owned(),
    };
    let Seen { call, item } = write.cites;
    format!(
        "{} c{call}[{item}] {} -> {answer}",
        write.capability, write.arguments
    )
}
