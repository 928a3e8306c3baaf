//! The Nezha set: `rca_data/DAY`, `construct_data/DAY`, in its own layout. A bundle a fault.
//!
//! What a run sees of a fault is a window of the metrics of every pod, and what a log and trace
//! pipeline would have counted of every service alike; the fault list goes into the truth alone.
//! The usual period is what the set calls normal, and every minute that lies in no fault's window.

mod calls;
mod day;
mod faults;
mod habits;
mod metrics;
mod pattern;
mod pieces;
mod rows;
mod spans;
mod write;

use std::path::Path;

use interlock_bundle::Folder;

use crate::{Format, ImportError, Imported, Progress};
use day::Day;

/// Where faults are injected.
const FAULTY: &str = "rca_data";
/// Where none are meant to be.
const NORMAL: &str = "construct_data";

/// Reads the set in `dir` and writes its bundles, and a shared usual period a day, into `out`.
pub(crate) fn import(
    dir: &Path,
    out: &Path,
    progress: Progress<'_>,
) -> Result<Imported, ImportError> {
    let root = Folder::open(dir)?;
    let faulty = root.folder(FAULTY)?;
    let normal = root.folder(NORMAL).ok();
    let mut imported = Imported::default();
    let mut found = false;
    for name in faulty.names()? {
        let Ok(folder) = faulty.folder(&name) else {
            continue;
        };
        let Some(faults) = faults::read(&folder, &name)? else {
            continue;
        };
        found = true;
        let usual = normal.as_ref().and_then(|normal| normal.folder(&name).ok());
        let day = Day::read(&name, faults, &folder, usual.as_ref())?;
        write::write(&day, out, &mut imported, progress)?;
    }
    if !found {
        return Err(ImportError::Whole {
            path: dir.to_owned(),
            format: Format::Nezha,
            why: format!("`{FAULTY}` holds no day with a fault list"),
        });
    }
    imported.bundles.sort_unstable();
    Ok(imported)
}

#[cfg(test)]
mod tests;
