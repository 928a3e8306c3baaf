//! One bundle: read, written, and put before a run.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use interlock_capabilities::{Readers, report};
use interlock_gate::time::Time;

use crate::about::ABOUT_FILE;
use crate::observed::{FILE_BYTES_MAX, new_folder, unwritten, write_new};
use crate::{About, BundleError, Folder, Observed, Room, is_name, serve};

pub(crate) const OBSERVED_FOLDER: &str = "observed";
pub(crate) const SHARED_FOLDER: &str = "shared";

/// Most bytes of all files of a bundle, its shared part among them.
const BUNDLE_BYTES_MAX: u64 = 1 << 30;

/// Most alerts that an incident names; `alerts.list` answers them all.
const INCIDENT_ALERTS_MAX: usize = 256;

/// One incident, read whole. Cheap to clone: what was observed is shared.
#[derive(Clone, Debug)]
pub struct Bundle {
    about: About,
    observed: Arc<Observed>,
    readers: Arc<OnceLock<Readers>>,
}

impl PartialEq for Bundle {
    fn eq(&self, other: &Bundle) -> bool {
        self.about == other.about && self.observed == other.observed
    }
}

impl Bundle {
    /// Of what is known of an incident and what was observed.
    pub fn new(about: About, observed: Observed) -> Bundle {
        Bundle {
            about,
            observed: Arc::new(observed.normal()),
            readers: Arc::default(),
        }
    }

    /// Reads the bundle in a folder, with the shared part that it names. Never its truth.
    pub fn read(path: &Path) -> Result<Bundle, BundleError> {
        let folder = Folder::open(path)?;
        let about = About::read(&folder)?;
        let shared = match &about.shared {
            Some(name) => Some(shared_part(&folder.parent()?, name)?),
            None => None,
        };
        Bundle::from_folder(&folder, about, shared.as_ref())
    }

    pub(crate) fn from_folder(
        folder: &Folder,
        about: About,
        shared: Option<&Observed>,
    ) -> Result<Bundle, BundleError> {
        let mut room = Room::new(FILE_BYTES_MAX.max(BUNDLE_BYTES_MAX));
        let observed = Observed::read(&folder.folder(OBSERVED_FOLDER)?, &mut room)?;
        Ok(Bundle::new(
            about,
            match shared {
                Some(shared) => observed.over(shared),
                None => observed,
            },
        ))
    }

    /// Writes it as a new folder. What it lies on, where it names a shared part, is written too,
    /// unless it was written apart by [`Self::write_shared`]: `observed` is this bundle's own.
    pub fn write(&self, path: &Path) -> Result<(), BundleError> {
        if let Some(why) = self.about.wrong() {
            return Err(BundleError::Line {
                path: path.join(ABOUT_FILE),
                line: 1,
                why: why.to_owned(),
            });
        }
        whole(path, |folder| {
            write_new(&folder.join(ABOUT_FILE), self.about.to_toml().as_bytes())?;
            let observed = folder.join(OBSERVED_FOLDER);
            new_folder(&observed)?;
            self.observed.write(&observed)
        })
    }

    /// Writes a part that bundles of the corpus `corpus` share, for them to name in
    /// [`About::shared`].
    pub fn write_shared(corpus: &Path, name: &str, part: Observed) -> Result<(), BundleError> {
        if !is_name(name) {
            let text = name.to_owned();
            return Err(BundleError::Name { text });
        }
        let shared = corpus.join(SHARED_FOLDER);
        std::fs::create_dir_all(&shared).map_err(|why| unwritten(&shared, why))?;
        whole(&shared.join(name), |folder| part.normal().write(folder))
    }

    /// Which incident it is.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What was observed, shared part and all.
    pub fn observed(&self) -> &Observed {
        &self.observed
    }

    /// When a run of it looks around.
    pub fn now(&self) -> Time {
        self.about.now
    }

    /// What a run of it is about: of its alerts, those that rang by then and had not ended before.
    pub fn incident(&self) -> report::Incident {
        let (begin, now) = (self.about.begin.micros(), self.about.now.micros());
        let all = self.observed.alerts.iter().flatten();
        let alerts = all
            .filter(|a| a.starts_at <= now && a.ends_at.is_none_or(|ends| ends >= begin))
            .take(INCIDENT_ALERTS_MAX)
            .map(|alert| report::Alert {
                name: alert.name.clone(),
                starts_at: alert.starts_at,
                labels: alert.labels.clone(),
                annotations: alert.annotations.clone(),
            });
        report::Incident {
            id: self.about.id.clone(),
            service: self.about.service.clone(),
            severity: self.about.severity.clone(),
            begin,
            end: self.about.end.micros(),
            alerts: alerts.collect(),
        }
    }

    /// What answers a run of it, as the connectors would have. Made once; each clone is a few
    /// counts.
    pub fn readers(&self) -> Readers {
        let make = || serve::readers(&self.observed, self.about.now.micros());
        self.readers.get_or_init(make).clone()
    }
}

/// The shared part `name` of the corpus in `corpus`.
pub(crate) fn shared_part(corpus: &Folder, name: &str) -> Result<Observed, BundleError> {
    let folder = corpus.folder(SHARED_FOLDER)?.folder(name)?;
    Observed::read(&folder, &mut Room::new(BUNDLE_BYTES_MAX))
}

/// Writes a folder beside its place and then moves it there, so that half of one is never found.
fn whole(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), BundleError>,
) -> Result<(), BundleError> {
    if path.symlink_metadata().is_ok() {
        return Err(BundleError::Exists {
            path: path.to_owned(),
        });
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if !is_name(&name) {
        let text = name.into_owned();
        return Err(BundleError::Name { text });
    }
    let part = path.with_file_name(format!(".{name}.part"));
    // Left over from a write that was cut off.
    match std::fs::remove_dir_all(&part) {
        Err(why) if why.kind() != std::io::ErrorKind::NotFound => {
            return Err(unwritten(&part, why));
        }
        Ok(()) | Err(_) => {}
    }
    new_folder(&part)?;
    write(&part)?;
    std::fs::rename(&part, path).map_err(|why| unwritten(path, why))
}
