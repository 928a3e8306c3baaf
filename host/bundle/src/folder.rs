//! The one opener for bundles: no link is followed, only regular files are read, and what may still
//! be read is counted.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::{CWD, Dir, FileType, Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use crate::BundleError;

/// Longest name of a bundle, a shared part or a log source.
const NAME_BYTES_MAX: usize = 64;

/// Most names in one folder that are looked at.
const NAMES_MAX: usize = 100_000;

/// Whether `text` may name a bundle, a shared part or a log source: it stays in its folder, and it
/// can be typed.
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_alphanumeric());
    first
        && text.len() <= NAME_BYTES_MAX
        && bytes.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// How many bytes may still be read, over several files.
#[derive(Debug)]
pub struct Room {
    left: u64,
    most: u64,
}

impl Room {
    /// Room for `bytes`.
    pub fn new(bytes: u64) -> Room {
        Room {
            left: bytes,
            most: bytes,
        }
    }
}

/// An open folder.
#[derive(Debug)]
pub struct Folder {
    fd: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens the folder that somebody named. Its own last part may not be a link.
    pub fn open(path: &Path) -> Result<Folder, BundleError> {
        Folder::at(CWD, path.as_os_str(), path.to_owned())
    }

    /// Opens a folder in this one.
    pub fn folder(&self, name: &str) -> Result<Folder, BundleError> {
        Folder::at(&self.fd, OsStr::new(name), self.path.join(name))
    }

    /// The folder that this one lies in.
    pub(crate) fn parent(&self) -> Result<Folder, BundleError> {
        Folder::at(&self.fd, OsStr::new(".."), self.path.join(".."))
    }

    fn at(from: impl rustix::fd::AsFd, name: &OsStr, path: PathBuf) -> Result<Folder, BundleError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(from, name, flags, Mode::empty()) {
            Ok(fd) => Ok(Folder { fd, path }),
            Err(errno) => Err(failed(path, errno, "folder")),
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its names, sorted; those that begin with a dot, and those that are no UTF-8, are left out.
    pub fn names(&self) -> Result<Vec<String>, BundleError> {
        let failed = |errno| failed(self.path.clone(), errno, "folder");
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.fd).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if let Ok(name) = entry.file_name().to_str()
                && !name.starts_with('.')
            {
                names.push(name.to_owned());
            }
            if names.len() > NAMES_MAX {
                return Err(BundleError::TooMuch {
                    path: self.path.clone(),
                    what: "names",
                    most: NAMES_MAX as u64,
                });
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Whether `name` is a folder; a link to one is not.
    pub fn has_folder(&self, name: &str) -> bool {
        self.folder(name).is_ok()
    }

    /// Whether `name` stands in it, as whatever.
    pub fn has(&self, name: &str) -> bool {
        rustix::fs::statat(&self.fd, name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW).is_ok()
    }

    /// Reads a whole file; `None`: there is none.
    pub fn read(&self, name: &str, room: &mut Room) -> Result<Option<Vec<u8>>, BundleError> {
        let path = self.path.join(name);
        // Without NONBLOCK, opening a pipe would wait for its writer.
        let flags =
            OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let fd = match openat(&self.fd, name, flags, Mode::empty()) {
            Ok(fd) => fd,
            Err(Errno::NOENT) => return Ok(None),
            Err(errno) => return Err(failed(path, errno, "regular file")),
        };
        let stat = fstat(&fd).map_err(|errno| failed(path.clone(), errno, "regular file"))?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(BundleError::Kind {
                path,
                wanted: "regular file",
            });
        }
        let mut bytes = Vec::new();
        // One byte more than there is room for, so that a file which is too long is noticed.
        File::from(fd)
            .take(room.left.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|why| BundleError::System {
                path: path.clone(),
                doing: "read",
                why,
            })?;
        let Some(left) = room.left.checked_sub(bytes.len() as u64) else {
            return Err(BundleError::TooMuch {
                path,
                what: "bytes",
                most: room.most,
            });
        };
        room.left = left;
        Ok(Some(bytes))
    }

    /// [`Self::read`] of at most `most` bytes, as text.
    pub fn read_text(&self, name: &str, most: u64) -> Result<Option<String>, BundleError> {
        let Some(bytes) = self.read(name, &mut Room::new(most))? else {
            return Ok(None);
        };
        let path = self.path.join(name);
        String::from_utf8(bytes).map(Some).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let before = error.as_bytes().get(..good).unwrap_or_default();
            let line = 1 + before.iter().filter(|b| **b == b'\n').count() as u64;
            BundleError::Line {
                path,
                line,
                why: "it is not UTF-8 text".to_owned(),
            }
        })
    }
}

fn failed(path: PathBuf, errno: Errno, wanted: &'static str) -> BundleError {
    match errno {
        Errno::NOENT => BundleError::Missing { path },
        Errno::LOOP => BundleError::Link { path },
        // With DIRECTORY and NOFOLLOW, a link is told as something that is no folder.
        Errno::NOTDIR => match path.symlink_metadata() {
            Ok(it) if it.file_type().is_symlink() => BundleError::Link { path },
            Ok(_) | Err(_) => BundleError::Kind { path, wanted },
        },
        errno => BundleError::System {
            path,
            doing: "read",
            why: errno.into(),
        },
    }
}
