//! The two doors: bundles, and timelines.

use std::path::Path;

use interlock_bundle::{BundleError, TimelineLine};

use crate::source::file;
use crate::{Format, ImportError};

/// What an import has made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// The bundles' names, sorted, each a folder of `out`.
    pub bundles: Vec<String>,
    /// How many of them have a truth beside them.
    pub truths: usize,
    /// What was left out on purpose, and why, a line each.
    pub notes: Vec<String>,
}

/// Told of each bundle: how many are done, of how many where that is known, and its name.
pub type Progress<'a> = &'a mut dyn FnMut(usize, Option<usize>, &str);

/// Reads `path`, a file or a folder of `format`, and writes bundles into the folder `out`, which is
/// made where it does not stand. Nothing there is overwritten.
pub fn import(
    format: Format,
    path: &Path,
    out: &Path,
    progress: Progress<'_>,
) -> Result<Imported, ImportError> {
    std::fs::create_dir_all(out).map_err(|why| BundleError::System {
        path: out.to_owned(),
        doing: "written",
        why,
    })?;
    match format {
        Format::Alertmanager => crate::alertmanager::import(path, out, progress),
        Format::PagerDuty => crate::pagerduty::import(path, out, progress),
        Format::Slack => crate::slack::import(path, out, progress),
        Format::Metrics => crate::metrics::import(path, out, progress),
        Format::PetShop => crate::petshop::import(path, out, progress),
        Format::Nezha => crate::nezha::import(path, out, progress),
        Format::ItBench => crate::itbench::import(path, out, progress),
    }
}

/// What people and paging systems wrote, oldest first. `bytes` is one file; of a file on disk, or
/// of a Slack channel's folder, [`timeline_of`] names the place of a mistake.
pub fn timeline(format: Format, bytes: &[u8]) -> Result<Vec<TimelineLine>, ImportError> {
    lines(format, Path::new(format.name()), bytes)
}

/// [`timeline`] of a file, or of a folder where the format is one of folders.
pub fn timeline_of(format: Format, path: &Path) -> Result<Vec<TimelineLine>, ImportError> {
    match format {
        Format::Slack => crate::slack::timeline_of(path),
        other if other.has_timeline() => lines(other, path, &file(path)?),
        other => Err(ImportError::NoTimeline { format: other }),
    }
}

fn lines(format: Format, path: &Path, bytes: &[u8]) -> Result<Vec<TimelineLine>, ImportError> {
    match format {
        Format::Alertmanager => crate::alertmanager::timeline(path, bytes),
        Format::PagerDuty => crate::pagerduty::timeline(path, bytes),
        Format::Slack => crate::slack::timeline(path, bytes),
        Format::Metrics | Format::PetShop | Format::Nezha | Format::ItBench => {
            Err(ImportError::NoTimeline { format })
        }
    }
}
