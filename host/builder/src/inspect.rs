//! Reads built components: one file, or a runbook's folder.

use crate::BuildError;
use crate::facts::{self, Facts};
use crate::package::manifest_steps;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// No component may be larger. A Python step is 18 MB.
const COMPONENT_BYTES_MAX: u64 = 256 << 20;

/// One built step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The step's name: the file's, without `.wasm`.
    pub name: String,
    /// Where the component is.
    pub path: PathBuf,
    /// `sha256:` and 64 hex digits, over the file's bytes.
    pub digest: String,
    /// The file's size.
    pub size_bytes: u64,
    /// What the bytes say.
    #[serde(flatten)]
    pub facts: Facts,
}

/// Reads the component at `path`, or every component of the runbook folder at `path`, in the
/// manifest's order.
pub fn inspect(path: &Path) -> Result<Vec<Step>, BuildError> {
    let meta = std::fs::metadata(path).map_err(BuildError::io("read", path))?;
    if !meta.is_dir() {
        return Ok(vec![inspect_file(path)?]);
    }
    let not_built = || BuildError::NotBuilt { dir: path.into() };
    let folder = path.join("components");
    let entries = std::fs::read_dir(&folder).map_err(|_| not_built())?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|file| file.extension().is_some_and(|e| e == "wasm"))
        .collect();
    files.sort();
    let mut ordered = Vec::new();
    for step in manifest_steps(path)? {
        let expected = folder.join(format!("{step}.wasm"));
        let Some(at) = files.iter().position(|f| *f == expected) else {
            return Err(BuildError::MissingStep { step, expected });
        };
        ordered.push(files.remove(at));
    }
    ordered.extend(files);
    if ordered.is_empty() {
        return Err(not_built());
    }
    ordered.iter().map(|file| inspect_file(file)).collect()
}

fn inspect_file(path: &Path) -> Result<Step, BuildError> {
    let size = std::fs::metadata(path)
        .map_err(BuildError::io("read", path))?
        .len();
    if size > COMPONENT_BYTES_MAX {
        let why = format!("{size} bytes are more than the {COMPONENT_BYTES_MAX} that are read");
        return Err(BuildError::NotAComponent {
            path: path.into(),
            why,
        });
    }
    let bytes = std::fs::read(path).map_err(BuildError::io("read", path))?;
    inspect_bytes(path, &bytes)
}

/// The same for bytes that were read from `path`, or are about to be written there.
pub fn inspect_bytes(path: &Path, bytes: &[u8]) -> Result<Step, BuildError> {
    let facts = facts::read(bytes).map_err(|why| BuildError::NotAComponent {
        path: path.into(),
        why,
    })?;
    let name = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Step {
        name,
        path: path.into(),
        digest: format!("sha256:{}", hex::encode(Sha256::digest(bytes))),
        size_bytes: bytes.len() as u64,
        facts,
    })
}
