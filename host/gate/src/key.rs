//! An approver's public key: what it is, and how it is written.
//! Not a private key, and not a signature: see [`crate::sshsig`].

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha256};

use crate::wire::{Reader, put_string};

/// The two kinds of key that may sign, by the name SSH gives them.
pub const ED25519: &str = "ssh-ed25519";
/// An ed25519 key that never leaves its security key.
pub const SK_ED25519: &str = "sk-ssh-ed25519@openssh.com";

/// Longest application of a security key that is read, in bytes.
const APPLICATION_BYTES_MAX: usize = 256;

/// A public key that may sign an approval. Two are equal only if their bytes are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignerKey {
    /// A software key, `ssh-ed25519`.
    Ed25519 {
        /// The curve point.
        point: [u8; 32],
    },
    /// A security key, `sk-ssh-ed25519@openssh.com`.
    SkEd25519 {
        /// The curve point.
        point: [u8; 32],
        /// What the key was made for; begins `ssh:`.
        application: String,
    },
}

/// Why a public key was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The line is not `TYPE BASE64 [COMMENT]`.
    #[error("a key is written `TYPE BASE64 [COMMENT]`")]
    NotALine,
    /// RSA, ECDSA, DSA, certificates and everything else that is not ed25519.
    #[error("keys of type `{name}` are not accepted")]
    Type {
        /// The type as written.
        name: String,
    },
    /// The type in front of the line and the type inside the key differ.
    #[error("the line says one type and the key inside it another")]
    TypeMismatch,
    /// The bytes are not one key and nothing else.
    #[error("the key's bytes are damaged")]
    Damaged,
    /// The point is not on the curve, or of small order: anyone could sign for it.
    #[error("the key is weak")]
    Weak,
    /// A security key made for something else than SSH.
    #[error("the security key's application does not begin with `ssh:`")]
    Application,
}

impl SignerKey {
    /// Reads the SSH wire form; refuses weak points, other types and anything left over.
    pub fn from_wire(bytes: &[u8]) -> Result<Self, KeyError> {
        Self::read(bytes, &KnownKeys::default()).map(|(key, _)| key)
    }

    /// As [`SignerKey::from_wire`], and the key that verifies.
    pub(crate) fn read(bytes: &[u8], known: &KnownKeys) -> Result<(Self, VerifyingKey), KeyError> {
        let mut reader = Reader::new(bytes);
        let name = reader.string().ok_or(KeyError::Damaged)?;
        let is_security_key = match std::str::from_utf8(name) {
            Ok(ED25519) => false,
            Ok(SK_ED25519) => true,
            Ok(other) => {
                return Err(KeyError::Type {
                    name: other.chars().take(64).collect(),
                });
            }
            Err(_) => return Err(KeyError::Damaged),
        };
        let point: [u8; 32] = reader
            .string()
            .and_then(|point| point.try_into().ok())
            .ok_or(KeyError::Damaged)?;
        let key = if is_security_key {
            let application = reader
                .string()
                .filter(|bytes| bytes.len() <= APPLICATION_BYTES_MAX)
                .and_then(|bytes| std::str::from_utf8(bytes).ok())
                .ok_or(KeyError::Damaged)?;
            if !application.starts_with("ssh:") {
                return Err(KeyError::Application);
            }
            Self::SkEd25519 {
                point,
                application: application.to_owned(),
            }
        } else {
            Self::Ed25519 { point }
        };
        if !reader.is_empty() {
            return Err(KeyError::Damaged);
        }
        let verifies = match known.0.get(key.point()) {
            Some(verifies) => *verifies,
            None => key.verifying_key()?,
        };
        Ok((key, verifies))
    }

    /// Reads one line as in `id_ed25519.pub`. No options may stand in front of it.
    pub fn from_line(line: &str) -> Result<Self, KeyError> {
        let mut words = line.trim().splitn(3, ' ');
        let (Some(name), Some(encoded)) = (words.next(), words.next()) else {
            return Err(KeyError::NotALine);
        };
        if name != ED25519 && name != SK_ED25519 {
            return Err(KeyError::Type {
                name: name.chars().take(64).collect(),
            });
        }
        let bytes = STANDARD.decode(encoded).map_err(|_| KeyError::Damaged)?;
        let key = Self::from_wire(&bytes)?;
        if key.type_name() != name {
            return Err(KeyError::TypeMismatch);
        }
        Ok(key)
    }

    /// The SSH wire form, as it stands in signatures and, base64, in key files.
    pub fn to_wire(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_string(&mut out, self.type_name().as_bytes());
        put_string(&mut out, self.point());
        match self {
            Self::Ed25519 { .. } => {}
            Self::SkEd25519 { application, .. } => put_string(&mut out, application.as_bytes()),
        }
        out
    }

    /// The line of a public key file, without a comment.
    pub fn to_line(&self) -> String {
        format!("{} {}", self.type_name(), STANDARD.encode(self.to_wire()))
    }

    /// `SHA256:` and the unpadded base64 that `ssh-keygen -l` prints.
    pub fn fingerprint(&self) -> String {
        format!(
            "SHA256:{}",
            STANDARD_NO_PAD.encode(Sha256::digest(self.to_wire()))
        )
    }

    /// The key's type, as SSH names it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Ed25519 { .. } => ED25519,
            Self::SkEd25519 { .. } => SK_ED25519,
        }
    }

    /// Whether the private half lives in a security key.
    pub fn is_security_key(&self) -> bool {
        match self {
            Self::Ed25519 { .. } => false,
            Self::SkEd25519 { .. } => true,
        }
    }

    /// The point on the curve, 32 bytes.
    pub fn point(&self) -> &[u8; 32] {
        match self {
            Self::Ed25519 { point } | Self::SkEd25519 { point, .. } => point,
        }
    }

    /// The key that verifies, refused when weak.
    fn verifying_key(&self) -> Result<VerifyingKey, KeyError> {
        match VerifyingKey::from_bytes(self.point()) {
            Ok(key) if !key.is_weak() => Ok(key),
            Ok(_) | Err(_) => Err(KeyError::Weak),
        }
    }
}

/// Keys that were read before, by their points: to take a point apart costs a tenth of a
/// verification. A cache and no more: who may sign is not asked here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct KnownKeys(BTreeMap<[u8; 32], VerifyingKey>);

impl KnownKeys {
    /// Of these keys; what cannot be read is left out.
    pub(crate) fn of<'a>(keys: impl Iterator<Item = &'a SignerKey>) -> Self {
        let read = |key: &SignerKey| Some((*key.point(), key.verifying_key().ok()?));
        Self(keys.filter_map(read).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";

    #[test]
    fn a_line_reads_back_as_it_was_written() {
        let key = SignerKey::from_line(&format!("{LINE} user@example.com")).unwrap();
        assert_eq!(key.to_line(), LINE);
        assert_eq!(
            key.fingerprint(),
            "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"
        );
    }

    #[test]
    fn a_weak_point_is_refused() {
        let mut wire = SignerKey::from_line(LINE).unwrap().to_wire();
        let start = wire.len() - 32;
        wire[start..].fill(0);
        wire[start] = 1;
        assert_eq!(SignerKey::from_wire(&wire), Err(KeyError::Weak));
    }

    #[test]
    fn bytes_after_the_key_are_refused() {
        let mut wire = SignerKey::from_line(LINE).unwrap().to_wire();
        wire.push(0);
        assert_eq!(SignerKey::from_wire(&wire), Err(KeyError::Damaged));
    }

    #[test]
    fn a_security_key_for_a_web_site_is_refused() {
        let point = *SignerKey::from_line(LINE).unwrap().point();
        let web = SignerKey::SkEd25519 {
            point,
            application: "https://example.com".into(),
        };
        assert_eq!(
            SignerKey::from_wire(&web.to_wire()),
            Err(KeyError::Application)
        );
        let ssh = SignerKey::SkEd25519 {
            point,
            application: "ssh:".into(),
        };
        assert_eq!(SignerKey::from_line(&ssh.to_line()), Ok(ssh));
    }

    #[test]
    fn other_types_are_named_and_refused() {
        let error = SignerKey::from_line("ssh-rsa AAAA bob").unwrap_err();
        assert_eq!(error.to_string(), "keys of type `ssh-rsa` are not accepted");
    }
}
