//! The installed runbooks as a host that lives on sees them: read again only where they changed.
//! Not what may propose changes: see [`crate::trust`].
//! Invariant: a runbook whose new build is broken stays as it last was whole, and that is said.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    error::chain,
    installed::{self, NotInstalled, Runbook},
    open::Runner,
    stamp::Stamp,
};

/// What is installed at one moment.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    generation: u64,
    runbooks: BTreeMap<String, Arc<Runbook>>,
    problems: Vec<Problem>,
}

/// A folder that does not hold a whole runbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The folder.
    pub folder: PathBuf,
    /// What is wrong with it, with its causes.
    pub why: String,
    /// The runbook that runs as it was before, where it once was whole.
    pub kept: Option<String>,
}

impl Problem {
    /// The folder's name, which is the runbook's that should lie there.
    pub fn name(&self) -> String {
        let name = self.folder.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }
}

impl Catalogue {
    /// Grows with each change of what is installed or of what is wrong with it.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// By name, in order.
    pub fn runbooks(&self) -> impl Iterator<Item = &Arc<Runbook>> {
        self.runbooks.values()
    }

    /// The one of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<Runbook>> {
        self.runbooks.get(name)
    }

    /// What is there and cannot be run as it lies there.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

/// What was read, to be compared with what lies on disk.
#[derive(Default)]
pub(crate) struct Shelf {
    folders: BTreeMap<PathBuf, Folder>,
    now: Arc<Catalogue>,
}

/// One runbook's folder.
#[derive(Default)]
struct Folder {
    /// The files that were read; empty where not all of them could be.
    stamps: Vec<(PathBuf, Stamp)>,
    whole: Option<Arc<Runbook>>,
    problem: Option<String>,
}

impl Folder {
    fn is_as_read(&self) -> bool {
        !self.stamps.is_empty() && self.stamps.iter().all(|(path, stamp)| stamp.still(path))
    }

    fn read(&mut self, folder: &Path) {
        self.stamps.clear();
        match read(folder) {
            Ok((runbook, stamps)) => {
                self.stamps = stamps;
                self.problem = None;
                let same = |old: &Arc<Runbook>| {
                    old.manifest == runbook.manifest && digests(old).eq(digests(&runbook))
                };
                if !self.whole.as_ref().is_some_and(same) {
                    self.whole = Some(Arc::new(runbook));
                }
            }
            Err(error) => self.problem = Some(chain(&error)),
        }
    }
}

fn digests(runbook: &Runbook) -> impl Iterator<Item = interlock_gate::ids::ComponentDigest> + '_ {
    runbook.steps.iter().map(|step| step.digest)
}

fn read(folder: &Path) -> Result<(Runbook, Vec<(PathBuf, Stamp)>), NotInstalled> {
    let stamp = |path: PathBuf| {
        Stamp::of(&path)
            .map(|stamp| (path.clone(), stamp))
            .map_err(|error| NotInstalled::Unreadable {
                path,
                why: error.to_string(),
            })
    };
    let mut stamps = vec![stamp(folder.join("runbook.toml"))?];
    let manifest = installed::manifest(folder)?;
    for step in &manifest.steps {
        let path = installed::component(folder, &step.name);
        // One that is missing is reported by `load`, with what to do.
        stamps.extend(stamp(path));
    }
    Ok((installed::load(folder.to_owned(), manifest)?, stamps))
}

impl Shelf {
    /// Reads what has changed under `roots`.
    fn look(&mut self, roots: &[PathBuf]) -> Arc<Catalogue> {
        let found = installed::list(roots);
        self.folders.retain(|folder, _| found.contains(folder));
        for path in found {
            let folder = self.folders.entry(path.clone()).or_default();
            if !folder.is_as_read() {
                folder.read(&path);
            }
        }
        let (mut runbooks, mut problems) = (BTreeMap::new(), Vec::new());
        for (path, folder) in &self.folders {
            let name = folder
                .whole
                .as_ref()
                .map(|whole| whole.manifest.name.clone());
            let mut problem = |why: String| {
                problems.push(Problem {
                    folder: path.clone(),
                    why,
                    kept: name.clone(),
                });
            };
            if let Some(why) = &folder.problem {
                problem(why.clone());
            }
            if let Some(whole) = &folder.whole {
                let name = whole.manifest.name.clone();
                match runbooks.entry(name) {
                    Entry::Vacant(free) => {
                        free.insert(Arc::clone(whole));
                    }
                    Entry::Occupied(taken) => problem(format!(
                        "another folder holds a runbook `{}`, which is used",
                        taken.key()
                    )),
                }
            }
        }
        let same = problems == self.now.problems
            && runbooks.len() == self.now.runbooks.len()
            && runbooks
                .values()
                .zip(self.now.runbooks.values())
                .all(|(new, old)| Arc::ptr_eq(new, old));
        if !same || self.now.generation == 0 {
            self.now = Arc::new(Catalogue {
                generation: self.now.generation + 1,
                runbooks,
                problems,
            });
        }
        Arc::clone(&self.now)
    }

    /// The runbook, if its own files are as they were read: asked for at each run.
    fn unchanged(&self, name: &str) -> Option<Arc<Runbook>> {
        let runbook = self.now.get(name)?;
        let folder = self.folders.get(&runbook.folder)?;
        (folder.problem.is_none() && folder.is_as_read()).then(|| Arc::clone(runbook))
    }
}

impl Runner {
    /// What is installed now. Looks at every file's times, and reads only what has changed.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        self.shelf_of().look(&self.config().runbooks)
    }

    /// As [`Self::catalogue`] last said, without a look; empty before the first.
    pub fn catalogue_seen(&self) -> Arc<Catalogue> {
        Arc::clone(&self.shelf_of().now)
    }

    /// The runbook of that name, as it lies on disk now, or as it last was whole.
    pub fn runbook(&self, name: &str) -> Result<Arc<Runbook>, NotInstalled> {
        let mut shelf = self.shelf_of();
        if let Some(runbook) = shelf.unchanged(name) {
            return Ok(runbook);
        }
        match shelf.look(&self.config().runbooks).get(name) {
            Some(runbook) => Ok(Arc::clone(runbook)),
            // It says best what is there instead, and what is wrong with it.
            None => installed::find(&self.config().runbooks, name).map(Arc::new),
        }
    }

    fn shelf_of(&self) -> std::sync::MutexGuard<'_, Shelf> {
        // A panic while reading leaves what was read before.
        self.shelf().lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Behind a lock of its own: nothing waits while it is held but for files.
pub(crate) type Shelved = Mutex<Shelf>;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const MANIFEST: &str = include_str!("../../../runbooks/postgres-connections/runbook.toml");

    fn install(root: &Path, bytes: &[u8]) -> PathBuf {
        let folder = root.join("postgres-connections");
        fs::create_dir_all(folder.join("components")).unwrap();
        fs::write(folder.join("runbook.toml"), MANIFEST).unwrap();
        for step in ["diagnose", "remediate", "verify"] {
            let path = installed::component(&folder, step);
            fs::write(&path, bytes).unwrap();
        }
        folder
    }

    #[test]
    fn a_broken_build_is_reported_and_does_not_unload_the_old() {
        let root = tempfile::tempdir().unwrap();
        let roots = [root.path().to_owned()];
        let mut shelf = Shelf::default();
        let folder = install(root.path(), b"one");
        let first = shelf.look(&roots);
        assert_eq!(first.generation(), 1);
        assert!(first.problems().is_empty(), "{:?}", first.problems());
        let old = Arc::clone(first.get("postgres-connections").unwrap());
        assert_eq!(shelf.look(&roots).generation(), 1, "nothing has changed");

        fs::write(folder.join("runbook.toml"), "name = ").unwrap();
        let broken = shelf.look(&roots);
        assert_eq!(broken.generation(), 2);
        assert!(Arc::ptr_eq(
            &old,
            broken.get("postgres-connections").unwrap()
        ));
        let problem = &broken.problems()[0];
        assert_eq!(problem.kept.as_deref(), Some("postgres-connections"));

        install(root.path(), b"two");
        let mended = shelf.look(&roots);
        assert_eq!(mended.generation(), 3);
        assert!(mended.problems().is_empty());
        let new = mended.get("postgres-connections").unwrap();
        assert_ne!(new.steps[0].digest, old.steps[0].digest);

        fs::remove_dir_all(&folder).unwrap();
        assert!(shelf.look(&roots).get("postgres-connections").is_none());
    }
}
