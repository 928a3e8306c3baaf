//! One person's signed word on one plan.
//! Not a decision: the gate weighs tokens, and most that verify still do not count.
//! Start at [`Token::verify`]; [`Payload::to_bytes`] makes what a person signs.
//! Invariant: a [`Token`] was signed by its `signer` over exactly its payload's bytes.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::canonical::{self, NotCanonical};
use crate::ids::{PersonName, PlanDigest, TokenDigest};
use crate::key::{KnownKeys, SignerKey};
use crate::plan::{ActionText, Plan};
use crate::sshsig::{Presence, Sshsig, SshsigError};
use crate::time::Time;

/// The schema that a payload's bytes name.
pub const TOKEN_SCHEMA: &str = "interlock.token.v1";
/// Longest reason, in bytes.
pub const REASON_BYTES_MAX: usize = 1024;
/// Longest life of a token, in seconds.
pub const TOKEN_LIFE_S_MAX: u64 = 24 * 3_600;

const TOKEN_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Of an envelope beside its two texts: names, quotes, a signature's escaped line ends.
const ROOM_BYTES: usize = 64;
const CAUSE_BYTES_MAX: usize = 128;

/// What the person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Carry it out.
    Approve,
    /// Do not, whatever others say.
    Reject,
    /// An approval is taken back; nothing of the plan may be carried out from now on.
    Revoke,
    /// Carry out what takes it back.
    Undo,
}

impl Decision {
    /// Its word in a payload.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Revoke => "revoke",
            Self::Undo => "undo",
        }
    }
}

/// 128 bits that make a token unlike every other: 32 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce([u8; 16]);

impl Nonce {
    /// From 16 random bytes.
    pub fn from_raw(raw: [u8; 16]) -> Self {
        Self(raw)
    }
}

/// A text that is no nonce.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a nonce is 32 lower-case hex digits")]
pub struct BadNonce;

impl FromStr for Nonce {
    type Err = BadNonce;

    fn from_str(text: &str) -> Result<Self, BadNonce> {
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(BadNonce);
        }
        let mut raw = [0; 16];
        hex::decode_to_slice(text, &mut raw).map_err(|_| BadNonce)?;
        Ok(Self(raw))
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Nonce {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize(deserializer)
    }
}

/// What is signed: these fields, in canonical bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload {
    /// Always [`TOKEN_SCHEMA`].
    pub schema: String,
    /// The plan it is about.
    pub plan: PlanDigest,
    /// What was decided.
    pub decision: Decision,
    /// Who decided; the key that signs must be theirs.
    pub approver: PersonName,
    /// Why, in their words; may be empty.
    pub reason: String,
    /// When it was made.
    pub issued_at: Time,
    /// It does not count earlier.
    pub not_before: Time,
    /// From then on it does not count.
    pub expires_at: Time,
    /// Unlike every other of the same key.
    pub nonce: Nonce,
    /// The cause that the person believes in, with a rejection only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub believed_cause: Option<String>,
    /// Each act of the plan, so that the payload alone says what it is about.
    pub actions: Vec<ActionText>,
}

/// The acts of a plan, as payloads carry them: what is skipped is left out.
pub fn acts_of(plan: &Plan) -> Vec<ActionText> {
    plan.act_texts().to_vec()
}

impl Payload {
    /// The canonical bytes, which a person signs.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BadToken> {
        self.check()?;
        canonical::to_bytes(self).map_err(BadToken::Payload)
    }

    /// Reads a payload's canonical bytes.
    pub fn read(bytes: &[u8]) -> Result<Self, BadToken> {
        let payload: Self = canonical::from_bytes(bytes).map_err(BadToken::Payload)?;
        payload.check()?;
        Ok(payload)
    }

    fn check(&self) -> Result<(), BadToken> {
        if self.schema != TOKEN_SCHEMA {
            return Err(BadToken::Schema(self.schema.chars().take(80).collect()));
        }
        if self.reason.len() > REASON_BYTES_MAX {
            return Err(BadToken::LongReason);
        }
        let life_end = self.issued_at.plus_seconds(TOKEN_LIFE_S_MAX);
        if self.expires_at <= self.issued_at || self.expires_at > life_end {
            return Err(BadToken::Life);
        }
        match (self.decision, &self.believed_cause) {
            (_, None) => Ok(()),
            (Decision::Reject, Some(cause)) if cause.len() <= CAUSE_BYTES_MAX => Ok(()),
            (Decision::Approve | Decision::Reject | Decision::Revoke | Decision::Undo, Some(_)) => {
                Err(BadToken::Cause)
            }
        }
    }
}

/// Why bytes are no token.
#[derive(Debug, thiserror::Error)]
pub enum BadToken {
    /// Larger than any token.
    #[error("larger than {TOKEN_BYTES_MAX} bytes")]
    TooLarge,
    /// Not `{"payload": …, "signature": …}` and nothing else.
    #[error("a token is `payload` and `signature`, each once, and nothing else")]
    Form(#[source] serde_json::Error),
    /// The payload is not base64 as everyone writes it.
    #[error("the payload is not base64")]
    Base64,
    /// The payload is not the canonical form of its fields.
    #[error("the payload cannot be read")]
    Payload(#[source] NotCanonical),
    /// Another schema.
    #[error("the payload's `schema` is `{0}`, expected `{TOKEN_SCHEMA}`")]
    Schema(String),
    /// The reason is too long for a screen.
    #[error("the reason is longer than {REASON_BYTES_MAX} bytes")]
    LongReason,
    /// It ends before it begins, or too late.
    #[error("`expires_at` must be after `issued_at`, and at most 24 h after")]
    Life,
    /// A cause where none belongs, or too long.
    #[error("`believed_cause` goes with a rejection, in at most {CAUSE_BYTES_MAX} bytes")]
    Cause,
    /// The signature is damaged or does not match.
    #[error("the signature is refused")]
    Signature(#[source] SshsigError),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenText<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
    signature: Cow<'a, str>,
}

impl TokenText<'_> {
    /// The canonical bytes: two strings in order of their names are that as they stand.
    fn to_bytes(&self) -> Result<Vec<u8>, BadToken> {
        let mut bytes = Vec::with_capacity(self.payload.len() + self.signature.len() + ROOM_BYTES);
        serde_json::to_writer(&mut bytes, self).map_err(BadToken::Form)?;
        if bytes.len() > TOKEN_BYTES_MAX {
            return Err(BadToken::TooLarge);
        }
        Ok(bytes)
    }
}

/// A verified token. [`Token::verify`] is the only way to one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    bytes: Vec<u8>,
    payload: Payload,
    digest: TokenDigest,
    signer: SignerKey,
    presence: Presence,
}

impl Token {
    /// Reads a token file and checks its signature. The envelope may hold spaces between its
    /// words, as hands write it; the payload, which is what is signed, may not.
    pub fn verify(bytes: &[u8]) -> Result<Self, BadToken> {
        Self::verify_knowing(bytes, &KnownKeys::default())
    }

    /// As [`Token::verify`], with keys that were read before.
    pub(crate) fn verify_knowing(bytes: &[u8], known: &KnownKeys) -> Result<Self, BadToken> {
        if bytes.len() > TOKEN_BYTES_MAX {
            return Err(BadToken::TooLarge);
        }
        let text: TokenText = serde_json::from_slice(bytes).map_err(BadToken::Form)?;
        let payload_bytes = STANDARD
            .decode(text.payload.as_bytes())
            .map_err(|_| BadToken::Base64)?;
        let signature =
            Sshsig::parse_knowing(&text.signature, known).map_err(BadToken::Signature)?;
        let presence = signature
            .verify(&payload_bytes)
            .map_err(BadToken::Signature)?;
        let payload = Payload::read(&payload_bytes)?;
        Ok(Self {
            bytes: text.to_bytes()?,
            digest: TokenDigest::of(&payload_bytes),
            payload,
            signer: signature.key().clone(),
            presence,
        })
    }

    /// Puts a token's file together; [`Token::verify`] then says what it is worth.
    pub fn assemble(payload: &[u8], armored_signature: &str) -> Result<Vec<u8>, BadToken> {
        TokenText {
            payload: STANDARD.encode(payload).into(),
            signature: armored_signature.into(),
        }
        .to_bytes()
    }

    /// The token's file, in canonical form.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Of the payload: the exact bytes that were signed.
    pub fn digest(&self) -> TokenDigest {
        self.digest
    }

    /// What was signed.
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The key that signed.
    pub fn signer(&self) -> &SignerKey {
        &self.signer
    }

    /// What the signature shows of a person.
    pub fn presence(&self) -> Presence {
        self.presence
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_written_in_canonical_form() {
        let text = TokenText {
            payload: "e30=".into(),
            signature: "-----BEGIN\n\u{1}\"\\é\n".into(),
        };
        let canonical = canonical::to_bytes(&text).unwrap();
        assert_eq!(text.to_bytes().unwrap(), canonical);
    }
}
