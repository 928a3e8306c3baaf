//! The runbooks that this host can run: folders with a manifest and built components.
//! Not the builder: what is not built is reported, never compiled here.

use std::path::{Path, PathBuf};

use interlock_connectors::files;
use interlock_gate::ids::ComponentDigest;

use crate::{
    document::DocumentError,
    manifest::{MANIFEST_BYTES_MAX, Manifest},
};

/// A component's most bytes; a Python component is 18 MB.
pub const COMPONENT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Folders looked at under one `runbooks` entry.
const RUNBOOKS_MAX: usize = 1000;

/// One runbook as it lies on disk.
#[derive(Clone, Debug)]
pub struct Runbook {
    /// Its folder.
    pub folder: PathBuf,
    /// What its manifest says.
    pub manifest: Manifest,
    /// One of each step of the manifest, in its order.
    pub steps: Vec<StepFile>,
}

/// A step's component.
#[derive(Clone, Debug)]
pub struct StepFile {
    /// The step.
    pub name: String,
    /// Of `bytes`.
    pub digest: ComponentDigest,
    /// The component.
    pub bytes: Vec<u8>,
}

/// A runbook that cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum NotInstalled {
    /// No folder of that name.
    #[error("no runbook `{name}` is installed")]
    Unknown {
        /// The name as given.
        name: String,
        /// The names that are.
        known: Vec<String>,
        /// Where they were looked for.
        folders: Vec<PathBuf>,
    },
    /// Its manifest is wrong.
    #[error("the manifest is wrong")]
    Manifest(#[from] DocumentError),
    /// Its manifest names another runbook than its folder.
    #[error("{} is named `{found}` in its manifest", .folder.display())]
    OtherName {
        /// The folder.
        folder: PathBuf,
        /// The manifest's name.
        found: String,
    },
    /// A step has not been built.
    #[error("step `{step}` of {runbook} is not built: {} cannot be read: {why}", .path.display())]
    NotBuilt {
        /// The runbook.
        runbook: String,
        /// The step.
        step: String,
        /// Where its component should be.
        path: PathBuf,
        /// Why it is not.
        why: String,
    },
    /// The folder or the manifest cannot be read.
    #[error("{} cannot be read: {why}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: String,
    },
}

/// The folders under `roots` that hold a manifest, by name.
pub fn list(roots: &[PathBuf]) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = roots
        .iter()
        .flat_map(|root| {
            // A root may itself be a runbook: handy while writing one.
            let own = is_runbook(root).then(|| root.clone());
            let inside = std::fs::read_dir(root).into_iter().flatten().flatten();
            let inside = inside
                .map(|entry| entry.path())
                .filter(|path| is_runbook(path));
            own.into_iter()
                .chain(inside.take(RUNBOOKS_MAX))
                .collect::<Vec<_>>()
        })
        .collect();
    found.sort();
    found.dedup();
    found
}

fn is_runbook(folder: &Path) -> bool {
    folder.join("runbook.toml").is_file()
}

/// Reads the manifest of a runbook's folder.
pub fn manifest(folder: &Path) -> Result<Manifest, NotInstalled> {
    let path = folder.join("runbook.toml");
    let unreadable = |why: String| NotInstalled::Unreadable {
        path: path.clone(),
        why,
    };
    let bytes = files::read_private(&path, MANIFEST_BYTES_MAX)
        .map(|private| private.bytes)
        .map_err(|error| unreadable(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("not UTF-8".to_owned()))?;
    Manifest::parse(&text).map_err(|error| NotInstalled::Manifest(error.in_file(&path)))
}

/// The runbook called `name` under `roots`, with every step's bytes.
pub fn find(roots: &[PathBuf], name: &str) -> Result<Runbook, NotInstalled> {
    let folders = list(roots);
    let mut known = Vec::new();
    let mut broken = None;
    for folder in &folders {
        match manifest(folder) {
            Ok(found) if found.name == name => return load(folder.clone(), found),
            Ok(found) => known.push(found.name),
            // A broken manifest matters only where it may be the one that was asked for.
            Err(error) if folder.file_name().is_some_and(|file| file == name) => {
                broken = Some(error);
            }
            Err(_) => {}
        }
    }
    Err(broken.unwrap_or_else(|| NotInstalled::Unknown {
        name: name.to_owned(),
        known,
        folders: roots.to_vec(),
    }))
}

/// Where a step's component lies in its runbook's folder.
pub(crate) fn component(folder: &Path, step: &str) -> PathBuf {
    folder.join("components").join(format!("{step}.wasm"))
}

/// Reads every step's component.
pub fn load(folder: PathBuf, manifest: Manifest) -> Result<Runbook, NotInstalled> {
    let steps = manifest
        .steps
        .iter()
        .map(|step| {
            let path = component(&folder, &step.name);
            let bytes = files::read_private(&path, COMPONENT_BYTES_MAX)
                .map(|private| private.bytes)
                .map_err(|error| NotInstalled::NotBuilt {
                    runbook: manifest.name.clone(),
                    step: step.name.clone(),
                    path: path.clone(),
                    why: error.to_string(),
                })?;
            Ok(StepFile {
                name: step.name.clone(),
                digest: ComponentDigest::of(&bytes),
                bytes,
            })
        })
        .collect::<Result<_, NotInstalled>>()?;
    Ok(Runbook {
        folder,
        manifest,
        steps,
    })
}
