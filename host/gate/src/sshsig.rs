//! Armored SSH signatures (SSHSIG), read strictly: one namespace, two hashes, nothing reserved,
//! nothing left over. Stock `ssh-keygen -Y sign -n approval.v1@interlock` makes them.
//! Not a key store: who may sign is the policy's matter.
//! Invariant: [`Sshsig::verify`] passes only with `verify_strict`, and reads a security key's
//! flags itself, because the usual verifiers accept a signature that nobody touched a key for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use sha2::{Digest as _, Sha256, Sha512};

use crate::key::{ED25519, KeyError, KnownKeys, SK_ED25519, SignerKey};
use crate::wire::{Reader, put_string};

/// The namespace that every approval is signed under.
pub const NAMESPACE: &str = "approval.v1@interlock";

const MAGIC: &[u8] = b"SSHSIG";
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const LINE_CHARS: usize = 70;
const ARMOR_BYTES_MAX: usize = 4096;
/// What is signed with a plain key is no longer: names and a digest.
const SIGNED_BYTES_MAX: usize = 128;
const FLAG_TOUCHED: u8 = 0x01;
const FLAG_VERIFIED: u8 = 0x04;

/// The hash that the signature is made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashName {
    /// What `ssh-keygen` uses.
    Sha512,
    /// Accepted as well.
    Sha256,
}

impl HashName {
    fn name(self) -> &'static str {
        match self {
            Self::Sha512 => "sha512",
            Self::Sha256 => "sha256",
        }
    }

    fn digest(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha512 => Sha512::digest(message).to_vec(),
            Self::Sha256 => Sha256::digest(message).to_vec(),
        }
    }
}

/// What a signature shows of the person behind it, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// A software key, or a security key that nobody touched: shows nothing.
    Unproven,
    /// A security key that was touched.
    Touch,
    /// A security key that was touched by a user it verified (PIN or finger).
    Verified,
}

/// Why a signature was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SshsigError {
    /// Not an armored signature, or something besides one.
    #[error("not one armored SSH signature and nothing else")]
    Armor,
    /// The blob ends early, has bytes after its end, or the wrong magic or version.
    #[error("the signature's bytes are damaged")]
    Damaged,
    /// Signed for something else.
    #[error("signed under namespace `{found}`, not `{NAMESPACE}`")]
    Namespace {
        /// The namespace in the signature, its first 64 printable characters.
        found: String,
    },
    /// The reserved field is not empty.
    #[error("the reserved field is not empty")]
    Reserved,
    /// Neither sha512 nor sha256.
    #[error("the hash is neither sha512 nor sha256")]
    Hash,
    /// The key cannot be used.
    #[error("the signing key cannot be used")]
    Key(#[source] KeyError),
    /// The signature is of another type than the key.
    #[error("the signature is not of its key's type")]
    Algorithm,
    /// The signature does not match the message.
    #[error("the signature does not match what it is said to sign")]
    Mismatch,
}

/// One parsed signature. Parsing proves nothing: [`Sshsig::verify`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sshsig {
    key: SignerKey,
    // Of `key`, refused when weak.
    verifies: VerifyingKey,
    hash: HashName,
    signature: [u8; 64],
    // Flags and counter, for a security key only.
    device: Option<(u8, u32)>,
}

impl Sshsig {
    /// Reads an armored signature: header, base64 lines, footer, at most one newline after it.
    pub fn parse(armored: &str) -> Result<Self, SshsigError> {
        Self::parse_knowing(armored, &KnownKeys::default())
    }

    /// As [`Sshsig::parse`], with keys that were read before.
    pub(crate) fn parse_knowing(armored: &str, known: &KnownKeys) -> Result<Self, SshsigError> {
        Self::from_blob(&unarmor(armored)?, known)
    }

    fn from_blob(blob: &[u8], known: &KnownKeys) -> Result<Self, SshsigError> {
        let mut reader = Reader::new(blob);
        if reader.take(MAGIC.len()) != Some(MAGIC) || reader.u32() != Some(1) {
            return Err(SshsigError::Damaged);
        }
        let mut field = || reader.string().ok_or(SshsigError::Damaged);
        let (key, namespace, reserved, hash, signature) =
            (field()?, field()?, field()?, field()?, field()?);
        if !reader.is_empty() {
            return Err(SshsigError::Damaged);
        }
        if namespace != NAMESPACE.as_bytes() {
            let found = String::from_utf8_lossy(namespace);
            let found = found
                .chars()
                .filter(|c| c.is_ascii_graphic())
                .take(64)
                .collect();
            return Err(SshsigError::Namespace { found });
        }
        if !reserved.is_empty() {
            return Err(SshsigError::Reserved);
        }
        let hash = match hash {
            b"sha512" => HashName::Sha512,
            b"sha256" => HashName::Sha256,
            _other => return Err(SshsigError::Hash),
        };
        let (key, verifies) = SignerKey::read(key, known).map_err(SshsigError::Key)?;
        let (signature, device) = read_signature(&key, signature)?;
        Ok(Self {
            key,
            verifies,
            hash,
            signature,
            device,
        })
    }

    /// The key that is said to have signed; believe it after [`Sshsig::verify`].
    pub fn key(&self) -> &SignerKey {
        &self.key
    }

    /// Checks the signature over exactly `message`, and says what it shows of a person.
    pub fn verify(&self, message: &[u8]) -> Result<Presence, SshsigError> {
        let signed = to_be_signed(message, self.hash);
        let signature = Signature::from_bytes(&self.signature);
        match (&self.key, self.device) {
            (SignerKey::Ed25519 { .. }, None) => {
                self.verifies
                    .verify_strict(&signed, &signature)
                    .map_err(|_| SshsigError::Mismatch)?;
                Ok(Presence::Unproven)
            }
            (SignerKey::SkEd25519 { application, .. }, Some((flags, counter))) => {
                let signed = device_message(application, flags, counter, &signed);
                self.verifies
                    .verify_strict(&signed, &signature)
                    .map_err(|_| SshsigError::Mismatch)?;
                Ok(presence(flags))
            }
            (SignerKey::Ed25519 { .. }, Some(_)) | (SignerKey::SkEd25519 { .. }, None) => {
                Err(SshsigError::Algorithm)
            }
        }
    }
}

fn presence(flags: u8) -> Presence {
    let touched = flags & FLAG_TOUCHED != 0;
    let verified = flags & FLAG_VERIFIED != 0;
    match (touched, verified) {
        (true, true) => Presence::Verified,
        (true, false) => Presence::Touch,
        // A PIN that was typed once may be cached by software: without a touch it shows nothing.
        (false, true | false) => Presence::Unproven,
    }
}

/// The bytes that the key signs (a security key wraps them once more, see [`device_message`]).
pub fn to_be_signed(message: &[u8], hash: HashName) -> Vec<u8> {
    let mut out = Vec::with_capacity(SIGNED_BYTES_MAX);
    out.extend_from_slice(MAGIC);
    put_string(&mut out, NAMESPACE.as_bytes());
    put_string(&mut out, b"");
    put_string(&mut out, hash.name().as_bytes());
    put_string(&mut out, &hash.digest(message));
    out
}

/// What a security key signs: its application, its flags and counter, and the message, hashed.
pub fn device_message(application: &str, flags: u8, counter: u32, signed: &[u8]) -> Vec<u8> {
    let mut out = Sha256::digest(application.as_bytes()).to_vec();
    out.push(flags);
    out.extend_from_slice(&counter.to_be_bytes());
    out.extend_from_slice(&Sha256::digest(signed));
    out
}

/// The wire form of a plain ed25519 signature, as an agent returns it.
pub fn signature_wire(signature: &[u8; 64]) -> Vec<u8> {
    let mut out = Vec::new();
    put_string(&mut out, ED25519.as_bytes());
    put_string(&mut out, signature);
    out
}

/// The wire form of a security key's signature.
pub fn device_signature_wire(signature: &[u8; 64], flags: u8, counter: u32) -> Vec<u8> {
    let mut out = Vec::new();
    put_string(&mut out, SK_ED25519.as_bytes());
    put_string(&mut out, signature);
    out.push(flags);
    out.extend_from_slice(&counter.to_be_bytes());
    out
}

/// Armors a signature over [`to_be_signed`] bytes. `signature` is in SSH wire form, as an agent
/// returns it or [`signature_wire`] makes it. The result is not verified here.
pub fn armor(key: &SignerKey, hash: HashName, signature: &[u8]) -> String {
    let mut blob = MAGIC.to_vec();
    blob.extend_from_slice(&1_u32.to_be_bytes());
    put_string(&mut blob, &key.to_wire());
    put_string(&mut blob, NAMESPACE.as_bytes());
    put_string(&mut blob, b"");
    put_string(&mut blob, hash.name().as_bytes());
    put_string(&mut blob, signature);
    let mut out = format!("{BEGIN}\n");
    let encoded = STANDARD.encode(blob);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE_CHARS));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out.push_str(END);
    out.push('\n');
    out
}

fn unarmor(text: &str) -> Result<Vec<u8>, SshsigError> {
    if text.len() > ARMOR_BYTES_MAX {
        return Err(SshsigError::Armor);
    }
    let body = text
        .strip_prefix(BEGIN)
        .and_then(|rest| rest.strip_prefix('\n'))
        .map(|rest| rest.strip_suffix('\n').unwrap_or(rest))
        .and_then(|rest| rest.strip_suffix(END))
        .and_then(|rest| rest.strip_suffix('\n'))
        .ok_or(SshsigError::Armor)?;
    let mut encoded = String::with_capacity(body.len());
    for line in body.split('\n') {
        if line.is_empty() {
            return Err(SshsigError::Armor);
        }
        encoded.push_str(line);
    }
    STANDARD.decode(encoded).map_err(|_| SshsigError::Armor)
}

type Device = Option<(u8, u32)>;

fn read_signature(key: &SignerKey, bytes: &[u8]) -> Result<([u8; 64], Device), SshsigError> {
    let mut reader = Reader::new(bytes);
    if reader.string().ok_or(SshsigError::Damaged)? != key.type_name().as_bytes() {
        return Err(SshsigError::Algorithm);
    }
    let signature: [u8; 64] = reader
        .string()
        .and_then(|s| s.try_into().ok())
        .ok_or(SshsigError::Damaged)?;
    let device = if key.is_security_key() {
        let flags = reader.byte().ok_or(SshsigError::Damaged)?;
        Some((flags, reader.u32().ok_or(SshsigError::Damaged)?))
    } else {
        None
    };
    if !reader.is_empty() {
        return Err(SshsigError::Damaged);
    }
    Ok((signature, device))
}
