//! A folder of bundles.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use interlock_gate::ids::BlobDigest;

use crate::about::ABOUT_FILE;
use crate::bundle::{SHARED_FOLDER, shared_part};
use crate::{About, Bundle, BundleError, Folder, Observed, Room, Truth, is_name};

/// Most bundles of a corpus.
const BUNDLES_MAX: usize = 20_000;

/// Most folders in each other that a digest goes into.
const DEPTH_MAX: usize = 4;

/// Most bytes of one file that a digest is taken of.
const DIGEST_BYTES_MAX: u64 = 256 << 20;

/// A folder of bundles, each read when it is asked for.
#[derive(Debug)]
pub struct Corpus {
    path: PathBuf,
    folder: Folder,
    names: Vec<String>,
    shared: Mutex<HashMap<String, Arc<Observed>>>,
}

impl Corpus {
    /// Opens the folder and finds its bundles: every folder in it but `shared` that holds a
    /// `bundle.toml`.
    pub fn open(path: &Path) -> Result<Corpus, BundleError> {
        let folder = Folder::open(path)?;
        let mut names = Vec::new();
        for name in folder.names()? {
            if name == SHARED_FOLDER || !is_name(&name) || !folder.has_folder(&name) {
                continue;
            }
            if folder.folder(&name)?.has(ABOUT_FILE) {
                names.push(name);
            }
            if names.len() > BUNDLES_MAX {
                return Err(BundleError::TooMuch {
                    path: path.to_owned(),
                    what: "bundles",
                    most: BUNDLES_MAX as u64,
                });
            }
        }
        Ok(Corpus {
            path: path.to_owned(),
            folder,
            names,
            shared: Mutex::default(),
        })
    }

    /// Its bundles' names, sorted.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the bundle `name` lies.
    pub fn place(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Reads one bundle; a part that several share is read once.
    pub fn bundle(&self, name: &str) -> Result<Bundle, BundleError> {
        let folder = self.folder.folder(name)?;
        let about = About::read(&folder)?;
        let shared = match &about.shared {
            Some(name) => Some(self.shared(name)?),
            None => None,
        };
        Bundle::from_folder(&folder, about, shared.as_deref())
    }

    /// Reads the truth beside one bundle; `None`: nobody has told it.
    pub fn truth(&self, name: &str) -> Result<Option<Truth>, BundleError> {
        Truth::read(&self.place(name))
    }

    fn shared(&self, name: &str) -> Result<Arc<Observed>, BundleError> {
        let mut known = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(part) = known.get(name) {
            return Ok(part.clone());
        }
        let part = Arc::new(shared_part(&self.folder, name)?);
        known.insert(name.to_owned(), part.clone());
        Ok(part)
    }

    /// SHA-256 of the list of all files with theirs: the same for the same files, wherever they lie.
    pub fn digest(&self) -> Result<BlobDigest, BundleError> {
        let mut list = String::new();
        let all = self.names.iter().map(String::as_str);
        for name in all.chain([SHARED_FOLDER]) {
            match self.folder.folder(name) {
                Ok(folder) => listed(&folder, name, DEPTH_MAX, &mut list)?,
                Err(error) if name == SHARED_FOLDER && error.is_missing() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(BlobDigest::of(list.as_bytes()))
    }
}

fn listed(
    folder: &Folder,
    place: &str,
    depth: usize,
    list: &mut String,
) -> Result<(), BundleError> {
    for name in folder.names()? {
        let place = format!("{place}/{name}");
        if depth > 0 && folder.has_folder(&name) {
            listed(&folder.folder(&name)?, &place, depth - 1, list)?;
            continue;
        }
        let bytes = folder.read(&name, &mut Room::new(DIGEST_BYTES_MAX))?;
        let digest = BlobDigest::of(&bytes.unwrap_or_default());
        // A name may hold what would look like another line.
        *list += &format!("{digest} {place:?}\n");
    }
    Ok(())
}
