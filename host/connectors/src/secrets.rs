//! Secrets from files: connection strings and bearer tokens.
//! Not a vault: a secret lives in memory as long as its connector does.
//! Invariant: a [`Secret`] prints as nothing, and no error that speaks of one holds its text.

use std::fmt;
use std::path::Path;

use crate::files::{self, OpenError, SECRET_BYTES_MAX};

/// One secret line. It has no `Display`, no serde, and its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    text: String,
    readable_by_others: bool,
}

/// Why a secret cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file is not read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The file holds no text, or more than one line.
    #[error("`{path}` must hold one line")]
    NotOneLine {
        /// The file.
        path: String,
    },
}

impl Secret {
    /// Reads the one line of a file that only root or this user can have written.
    pub fn read(path: &Path) -> Result<Self, SecretError> {
        let private = files::read_private(path, SECRET_BYTES_MAX)?;
        let not_one = || SecretError::NotOneLine {
            path: path.display().to_string(),
        };
        let text = String::from_utf8(private.bytes).map_err(|_| not_one())?;
        let line = text.trim();
        if line.is_empty() || line.chars().any(char::is_control) {
            return Err(not_one());
        }
        Ok(Self {
            text: line.to_owned(),
            readable_by_others: private.readable_by_others,
        })
    }

    /// The secret itself, for the one call that needs it.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Whether the file's mode let anybody but its owner read it: `doctor` warns.
    pub fn readable_by_others(&self) -> bool {
        self.readable_by_others
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_never_prints() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("dsn");
        std::fs::write(&path, "postgresql://u:hunter2@h/d\n").unwrap();
        let secret = Secret::read(&path).unwrap();
        assert_eq!(secret.expose(), "postgresql://u:hunter2@h/d");
        assert_eq!(
            format!("{secret:?} {:#?}", Some(&secret))
                .matches("hunter2")
                .count(),
            0
        );
        std::fs::write(&path, "hunter2\nhunter2").unwrap();
        let error = Secret::read(&path).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
