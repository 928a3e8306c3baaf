//! The host's signed statement of how far its journal reaches: a C2SP checkpoint in a signed note.
//! Not the journal: it proves nothing about entries after its size.
//! Start at [`HostKey`], then [`Signed`].
//! Invariant: a [`Signed`] was verified with the key it is asked about, or made by it.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{SigningKey, VerifyingKey};
use interlock_gate::ids::HostId;
use signed_note::{
    Note, NoteError, Signer as _, StandardSigner, StandardVerifier, VerifierError, VerifierList,
};
use tlog_tiles::Checkpoint;

use crate::merkle::{TreeHash, TreeHead};
use crate::own_file::{self, FileError};

/// The largest checkpoint that is read, in bytes: origin, size, root and a few signatures.
pub const CHECKPOINT_BYTES_MAX: u64 = 16 * 1024;

/// C2SP's number for ed25519 in front of a note key.
const ALGORITHM_ED25519: u8 = 1;

/// A host key or a checkpoint cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note that holds a checkpoint.
    #[error("not a signed checkpoint")]
    Malformed,
    /// The signature of the host is missing or wrong.
    #[error("the checkpoint is not signed by `{host}`")]
    NotSigned {
        /// The key asked for, as `name+id+key`.
        host: String,
        /// What the check said.
        #[source]
        source: NoteError,
    },
    /// It speaks of another journal.
    #[error("the checkpoint is of the journal `{found}`, not of `{expected}`")]
    OtherOrigin {
        /// The origin inside.
        found: String,
        /// The origin asked about.
        expected: String,
    },
    /// The text is not a verifier key.
    #[error("`{text}` is not a host's public key (`origin+id+key`)")]
    NotAKey {
        /// The text.
        text: String,
        /// What is wrong with it.
        #[source]
        source: VerifierError,
    },
    /// The name cannot be the origin of a journal.
    #[error(
        "`{origin}` cannot name a journal: printable ASCII without spaces and `+`, 1 to 200 bytes"
    )]
    BadOrigin {
        /// The name.
        origin: String,
    },
    /// The key file holds something else.
    #[error("the host's key file is damaged")]
    DamagedKey,
    /// The key file is for another origin.
    #[error("the host's key is for `{found}`, not for `{expected}`")]
    KeyOfAnotherOrigin {
        /// The origin in the key file.
        found: String,
        /// The origin configured.
        expected: String,
    },
    /// The system gave no random bytes.
    #[error("no random bytes for a new key")]
    Random(#[source] getrandom::Error),
    /// Signing failed.
    #[error("cannot sign a checkpoint")]
    Signing(#[source] NoteError),
    /// The file cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Whether this text can name a journal.
pub fn check_origin(origin: &str) -> Result<(), CheckpointError> {
    let good = (1..=200).contains(&origin.len())
        && origin.bytes().all(|b| b.is_ascii_graphic() && b != b'+');
    if good {
        Ok(())
    } else {
        Err(CheckpointError::BadOrigin {
            origin: origin.to_owned(),
        })
    }
}

/// The public half: who a checkpoint must be signed by.
#[derive(Clone)]
pub struct HostPublic {
    origin: String,
    key: VerifyingKey,
}

impl HostPublic {
    /// Reads C2SP's `origin+id+key`.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let text = text.trim();
        StandardVerifier::new(text).map_err(|source| CheckpointError::NotAKey {
            text: text.chars().take(300).collect(),
            source,
        })?;
        // `StandardVerifier` keeps its key to itself; it has just checked this very form.
        let not_a_key = || CheckpointError::NotAKey {
            text: text.chars().take(300).collect(),
            source: VerifierError::Format,
        };
        let mut parts = text.splitn(3, '+');
        let origin = parts.next().ok_or_else(not_a_key)?;
        let encoded = parts.nth(1).ok_or_else(not_a_key)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| not_a_key())?;
        Self::from_parts(origin, bytes.get(1..).unwrap_or_default()).ok_or_else(not_a_key)
    }

    fn from_parts(origin: &str, key: &[u8]) -> Option<Self> {
        let key = VerifyingKey::from_bytes(key.try_into().ok()?).ok()?;
        if key.is_weak() {
            return None;
        }
        Some(Self {
            origin: origin.to_owned(),
            key,
        })
    }

    /// The journal's origin.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The form in which plans name their host.
    pub fn id(&self) -> HostId {
        HostId {
            origin: self.origin.clone(),
            key: STANDARD.encode(self.key.as_bytes()),
        }
    }

    /// C2SP's text form, `origin+id+key`: what an auditor is given.
    pub fn to_text(&self) -> String {
        signed_note::new_ed25519_verifier_key(&self.origin, &self.key)
    }

    fn verifiers(&self) -> Result<VerifierList, CheckpointError> {
        let text = self.to_text();
        let verifier = StandardVerifier::new(&text)
            .map_err(|source| CheckpointError::NotAKey { text, source })?;
        Ok(VerifierList::new(vec![Box::new(verifier)]))
    }
}

impl std::fmt::Debug for HostPublic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_text())
    }
}

/// The host's private key. Not printable, not cloneable.
pub struct HostKey {
    signer: StandardSigner,
    public: HostPublic,
}

impl HostKey {
    /// Reads the key file; `None` where there is none.
    pub fn load(path: &Path, origin: &str) -> Result<Option<Self>, CheckpointError> {
        check_origin(origin)?;
        let Some(bytes) = own_file::read_secret(path, 1024)? else {
            return Ok(None);
        };
        let text = std::str::from_utf8(&bytes).map_err(|_| CheckpointError::DamagedKey)?;
        Self::parse(text.trim_end(), origin).map(Some)
    }

    fn parse(text: &str, origin: &str) -> Result<Self, CheckpointError> {
        let signer = StandardSigner::new(text).map_err(|_| CheckpointError::DamagedKey)?;
        if signer.name() != origin {
            return Err(CheckpointError::KeyOfAnotherOrigin {
                found: signer.name().to_owned(),
                expected: origin.to_owned(),
            });
        }
        // As above: the signer has checked the form and keeps the key to itself.
        let secret = text
            .splitn(5, '+')
            .nth(4)
            .and_then(|encoded| STANDARD.decode(encoded).ok())
            .and_then(|bytes| <[u8; 32]>::try_from(bytes.get(1..)?).ok())
            .ok_or(CheckpointError::DamagedKey)?;
        let key = SigningKey::from_bytes(&secret).verifying_key();
        Ok(Self {
            signer,
            public: HostPublic {
                origin: origin.to_owned(),
                key,
            },
        })
    }

    /// Makes a key and its file, 0600, synced. The file must not exist.
    pub fn create(path: &Path, origin: &str) -> Result<Self, CheckpointError> {
        let text = fresh(origin)?;
        own_file::create(path, format!("{text}\n").as_bytes())?;
        Self::parse(&text, origin)
    }

    /// Makes a key that is gone with the process.
    pub(crate) fn unkept(origin: &str) -> Result<Self, CheckpointError> {
        Self::parse(&fresh(origin)?, origin)
    }

    /// The public half.
    pub fn public(&self) -> &HostPublic {
        &self.public
    }

    /// Signs the statement that the journal reaches this far.
    pub fn sign(&self, head: TreeHead) -> Result<Signed, CheckpointError> {
        let root = tlog_tiles::Hash(head.root.0);
        let text = Checkpoint::new(&self.public.origin, head.size, root, "")
            .map_err(|_| CheckpointError::Malformed)?
            .to_bytes();
        let mut note = Note::new(&text, &[]).map_err(CheckpointError::Signing)?;
        note.add_sigs(&[&self.signer])
            .map_err(CheckpointError::Signing)?;
        Ok(Signed {
            head,
            note: note.to_bytes(),
        })
    }
}

fn fresh(origin: &str) -> Result<String, CheckpointError> {
    check_origin(origin)?;
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(CheckpointError::Random)?;
    Ok(secret_text(&secret, origin))
}

/// C2SP's text of a private note key.
fn secret_text(secret: &[u8; 32], origin: &str) -> String {
    let public = SigningKey::from_bytes(secret).verifying_key();
    let with_algorithm = |key: &[u8; 32]| [&[ALGORITHM_ED25519], key.as_slice()].concat();
    let id = signed_note::key_id(origin, &with_algorithm(public.as_bytes()));
    format!(
        "PRIVATE+KEY+{origin}+{id:08x}+{}",
        STANDARD.encode(with_algorithm(secret))
    )
}

/// A checkpoint whose signature by the host holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    head: TreeHead,
    note: Vec<u8>,
}

impl Signed {
    /// Verifies a signed note against the host it should be from. Signatures of others, such as
    /// witnesses, may stand beside the host's.
    pub fn verify(note: &[u8], host: &HostPublic) -> Result<Self, CheckpointError> {
        if note.len() as u64 > CHECKPOINT_BYTES_MAX {
            return Err(CheckpointError::Malformed);
        }
        let parsed = Note::from_bytes(note).map_err(|_| CheckpointError::Malformed)?;
        parsed
            .verify(&host.verifiers()?)
            .map_err(|source| CheckpointError::NotSigned {
                host: host.to_text(),
                source,
            })?;
        let checkpoint =
            Checkpoint::from_bytes(parsed.text()).map_err(|_| CheckpointError::Malformed)?;
        if checkpoint.origin() != host.origin {
            return Err(CheckpointError::OtherOrigin {
                found: checkpoint.origin().to_owned(),
                expected: host.origin.clone(),
            });
        }
        let head = TreeHead {
            size: checkpoint.size(),
            root: TreeHash(checkpoint.hash().0),
        };
        Ok(Self {
            head,
            note: note.to_vec(),
        })
    }

    /// What is stated.
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// The signed note's exact bytes.
    pub fn note(&self) -> &[u8] {
        &self.note
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(folder: &Path) -> HostKey {
        HostKey::create(&folder.join("host.key"), "interlock.demo").unwrap()
    }

    fn head() -> TreeHead {
        TreeHead {
            size: 83,
            root: TreeHash([7; 32]),
        }
    }

    #[test]
    fn a_key_is_read_back_as_it_was_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("host.key");
        let made = key(folder.path());
        let read = HostKey::load(&path, "interlock.demo").unwrap().unwrap();
        assert_eq!(made.public().to_text(), read.public().to_text());
        assert_eq!(made.public().id(), read.public().id());
        assert!(matches!(
            HostKey::load(&path, "other"),
            Err(CheckpointError::KeyOfAnotherOrigin { .. })
        ));
        assert!(
            HostKey::create(&path, "interlock.demo").is_err(),
            "a key is never overwritten"
        );
    }

    #[test]
    fn a_checkpoint_is_text_in_the_c2sp_form() {
        let folder = tempfile::tempdir().unwrap();
        let signed = key(folder.path()).sign(head()).unwrap();
        let text = String::from_utf8(signed.note().to_vec()).unwrap();
        assert!(
            text.starts_with(
                "interlock.demo\n83\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n\n\u{2014} interlock.demo "
            ),
            "{text}"
        );
    }

    #[test]
    fn only_the_host_s_own_untouched_checkpoint_is_believed() {
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (ours, theirs) = (key(ours.path()), key(theirs.path()));
        let signed = ours.sign(head()).unwrap();
        assert_eq!(
            Signed::verify(signed.note(), ours.public()).unwrap(),
            signed
        );
        assert!(Signed::verify(signed.note(), theirs.public()).is_err());
        let public = HostPublic::parse(&ours.public().to_text()).unwrap();
        assert!(Signed::verify(signed.note(), &public).is_ok());
        for at in 0..signed.note().len() {
            let mut bad = signed.note().to_vec();
            bad[at] ^= 1;
            if let Ok(found) = Signed::verify(&bad, ours.public()) {
                panic!("byte {at} may be changed: {found:?}");
            }
        }
    }

    #[test]
    fn an_origin_that_breaks_the_note_s_format_is_refused() {
        for bad in ["", "a b", "a+b", "a\nb", "é"] {
            assert!(check_origin(bad).is_err(), "{bad}");
        }
    }
}
