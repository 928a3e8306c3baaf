//! Why a bundle cannot be read or written: which file, and which line of it.

use std::io;
use std::path::PathBuf;

use interlock_gate::escape::foreign_short;

/// Why a bundle cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// No such file or folder.
    #[error("`{}` does not exist", path.display())]
    Missing {
        /// What was looked for.
        path: PathBuf,
    },
    /// A link, which whoever made the bundle could point anywhere.
    #[error("`{}` is a link: a bundle holds the files themselves", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A pipe, socket or device, or a folder where a file belongs.
    #[error("`{}` is not a {wanted}", path.display())]
    Kind {
        /// What was found.
        path: PathBuf,
        /// `regular file` or `folder`.
        wanted: &'static str,
    },
    /// Over a bound.
    #[error("`{}` holds more than {most} {what}", path.display())]
    TooMuch {
        /// The file or folder.
        path: PathBuf,
        /// Of what: `bytes`, `series`, ...
        what: &'static str,
        /// The bound.
        most: u64,
    },
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
    /// A name that could leave the folder, or not be typed.
    #[error(
        "`{}` is no name: up to 64 letters, digits, `.`, `_` and `-`, the first a letter or digit",
        foreign_short(text, 80)
    )]
    Name {
        /// The text.
        text: String,
    },
    /// A folder that stands already; nothing is overwritten.
    #[error("`{}` exists already", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused.
    #[error("`{}` cannot be {doing}", path.display())]
    System {
        /// The file or folder.
        path: PathBuf,
        /// `read` or `written`.
        doing: &'static str,
        /// What the system said.
        #[source]
        why: io::Error,
    },
}

impl BundleError {
    /// Whether it is simply not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }

    /// Whether something stands already where it would be written.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Exists { .. })
    }

    /// Whether the system refused, whatever the bundle says.
    pub fn is_of_the_system(&self) -> bool {
        matches!(self, Self::System { .. })
    }
}
