//! Why something cannot be imported: which file, and which line of it.

use std::path::PathBuf;

use interlock_bundle::BundleError;
use interlock_gate::escape::foreign_short;

use crate::Format;

/// Why something cannot be imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be opened, or a bundle not be written.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A line that says nothing that can be understood.
    #[error("{}:{line}: {}", path.display(), foreign_short(why, 300))]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
    /// The whole is not of that format.
    #[error("`{}` is not of the format {format}: {}", path.display(), foreign_short(why, 300))]
    Whole {
        /// The file or folder.
        path: PathBuf,
        /// The format that was named.
        format: Format,
        /// What is missing or wrong.
        why: String,
    },
    /// Over a bound.
    #[error("`{}` holds more than {most} {what}", path.display())]
    TooMuch {
        /// The file or folder.
        path: PathBuf,
        /// Of what.
        what: &'static str,
        /// The bound.
        most: u64,
    },
    /// A format without a timeline.
    #[error("the format {format} tells no timeline: it makes bundles, with --out")]
    NoTimeline {
        /// The format.
        format: Format,
    },
}
