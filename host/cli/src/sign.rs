//! Signs a token's payload with the SSH keys that people have.
//!
//! An unencrypted ed25519 file is used here; everything else (a passphrase, ssh-agent, a security
//! key to be touched) is left to stock `ssh-keygen -Y sign`, which knows how to ask for it.

use std::{
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use interlock_connectors::files;
use interlock_gate::{key::SignerKey, sshsig::NAMESPACE};
use ssh_key::{HashAlg, LineEnding, PrivateKey};

/// A key to sign with.
#[derive(Debug)]
pub(crate) struct Signer {
    path: PathBuf,
    public: SignerKey,
    how: How,
}

#[derive(Debug)]
enum How {
    Here(Box<PrivateKey>),
    /// By `ssh-keygen`: a passphrase or a security key.
    Program,
    /// By `ssh-keygen` and the agent that it asks: only the public half is a file.
    Agent,
}

/// Why nothing was signed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignError {
    #[error("there is no key to sign with: {} does not exist", .looked.display())]
    NoKey { looked: PathBuf },
    #[error("the key {} cannot be used: {why}", .path.display())]
    BadKey { path: PathBuf, why: String },
    #[error(
        "`--confirm` never uses a software key from ssh-agent: whoever can run this could sign"
    )]
    ScriptedAgent,
    #[error("`ssh-keygen -Y sign` failed: {why}")]
    Program { why: String },
}

impl Signer {
    /// The key at `path`, else the usual one of this user.
    pub(crate) fn open(path: Option<&Path>) -> Result<Signer, SignError> {
        let path = match path {
            Some(path) => path.to_owned(),
            None => usual()?,
        };
        let bad = |why: String| SignError::BadKey {
            path: path.clone(),
            why,
        };
        let read = files::read_private(&path, files::SECRET_BYTES_MAX).map_err(|error| {
            if error.is_missing() {
                SignError::NoKey {
                    looked: path.clone(),
                }
            } else {
                bad(error.to_string())
            }
        })?;
        let public_half = path.extension().is_some_and(|extension| extension == "pub");
        if read.readable_by_others && !public_half {
            return Err(bad("others can read it: `chmod 600` it".to_owned()));
        }
        let text = String::from_utf8(read.bytes).map_err(|_| bad("not text".to_owned()))?;
        if public_half {
            let public = SignerKey::from_line(text.trim()).map_err(|why| bad(why.to_string()))?;
            return Ok(Signer {
                path,
                public,
                how: How::Agent,
            });
        }
        let key = PrivateKey::from_openssh(&text).map_err(|why| bad(why.to_string()))?;
        let wire = key
            .public_key()
            .to_bytes()
            .map_err(|why| bad(why.to_string()))?;
        let public = SignerKey::from_wire(&wire).map_err(|why| bad(why.to_string()))?;
        let how = if key.is_encrypted() || public.is_security_key() {
            How::Program
        } else {
            How::Here(Box::new(key))
        };
        Ok(Signer { path, public, how })
    }

    /// Its public half.
    pub(crate) fn public(&self) -> &SignerKey {
        &self.public
    }

    /// The armored SSHSIG over `payload`. `scripted`: nobody answers a question.
    pub(crate) fn sign(&self, payload: &[u8], scripted: bool) -> Result<String, SignError> {
        match &self.how {
            How::Here(key) => {
                let bad = |why: ssh_key::Error| SignError::BadKey {
                    path: self.path.clone(),
                    why: why.to_string(),
                };
                let signature = key.sign(NAMESPACE, HashAlg::Sha512, payload).map_err(bad)?;
                signature.to_pem(LineEnding::LF).map_err(bad)
            }
            How::Agent if scripted && !self.public.is_security_key() => {
                Err(SignError::ScriptedAgent)
            }
            How::Program | How::Agent => self.by_program(payload, scripted),
        }
    }

    fn by_program(&self, payload: &[u8], scripted: bool) -> Result<String, SignError> {
        let failed = |why: String| SignError::Program { why };
        let mut command = Command::new("ssh-keygen");
        command
            .args(["-q", "-Y", "sign", "-n", NAMESPACE, "-f"])
            .arg(&self.path);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        if scripted && !self.public.is_security_key() {
            // A public file beside the key would make ssh-keygen ask the agent for it.
            command.env_remove("SSH_AUTH_SOCK");
        }
        let mut child = command.spawn().map_err(|error| {
            failed(format!(
                "it cannot be started ({error}); Debian's package is openssh-client"
            ))
        })?;
        if let Some(mut input) = child.stdin.take() {
            input
                .write_all(payload)
                .map_err(|error| failed(error.to_string()))?;
        }
        let mut armored = String::new();
        if let Some(output) = child.stdout.take() {
            let read = output.take(64 * 1024).read_to_string(&mut armored);
            read.map_err(|error| failed(error.to_string()))?;
        }
        let status = child.wait().map_err(|error| failed(error.to_string()))?;
        if status.success() {
            Ok(armored)
        } else {
            Err(failed(status.to_string()))
        }
    }
}

/// `~/.ssh/id_ed25519_sk`, else `~/.ssh/id_ed25519`: a key that proves presence first.
fn usual() -> Result<PathBuf, SignError> {
    let folder = std::env::var_os("HOME")
        .map(PathBuf::from)
        .unwrap_or_default()
        .join(".ssh");
    let security_key = folder.join("id_ed25519_sk");
    if security_key.is_file() {
        return Ok(security_key);
    }
    let software = folder.join("id_ed25519");
    if software.is_file() {
        Ok(software)
    } else {
        Err(SignError::NoKey { looked: software })
    }
}
