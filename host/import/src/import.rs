//! The two doors: bundles, and timelines.

use std::path::Path;

use interlock_bundle::TimelineLine;

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
    let unread = || ImportError::Whole {
        path: path.to_owned(),
        format,
        why: "this build does not read it into bundles".to_owned(),
    };
    match format {
        Format::Alertmanager => Err(unread()),
        Format::PagerDuty => Err(unread()),
        Format::Slack => Err(unread()),
        Format::Metrics => Err(unread()),
        Format::PetShop => crate::petshop::import(path, out, progress),
        Format::Nezha => crate::nezha::import(path, out, progress),
        Format::ItBench => crate::itbench::import(path, out, progress),
    }
}

/// What people and paging systems wrote, oldest first. `bytes` is one file; a Slack export's folder
/// is [`import`]'s.
pub fn timeline(format: Format, bytes: &[u8]) -> Result<Vec<TimelineLine>, ImportError> {
    let _ = bytes;
    Err(ImportError::NoTimeline { format })
}
