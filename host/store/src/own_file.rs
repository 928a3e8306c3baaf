//! The host's own files: opened once, no link followed, written so that a crash leaves old or new.
//! Not a reader of other people's files.
//! Invariant: what is returned was regular, owned by root or this user, writable by nobody else.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// A file or folder of the host's own could not be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system said no.
    #[error("cannot {doing} `{path}`")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// Somebody else could have written it.
    #[error("`{path}` is not safe to use: {why}")]
    Unsafe {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// Larger than anything this host writes there.
    #[error("`{path}` is larger than {max} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound, in bytes.
        max: u64,
    },
}

impl FileError {
    /// See [`is_of_the_medium`].
    pub fn is_of_the_medium(&self) -> bool {
        matches!(self, FileError::Io { source, .. } if is_of_the_medium(source))
    }
}

/// Whether the medium is full, read-only or failing, or lets this process write no more.
pub fn is_of_the_medium(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let medium = [
        Errno::NOSPC,
        Errno::DQUOT,
        Errno::ROFS,
        Errno::IO,
        Errno::FBIG,
    ];
    error
        .raw_os_error()
        .is_some_and(|code| medium.iter().any(|errno| errno.raw_os_error() == code))
}

/// For `map_err`: names the file and what was being done with it.
pub(crate) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError::Io {
        doing,
        path,
        source,
    }
}

/// Makes the folder, 0700, where it is missing; refuses one that others may write to.
pub fn private_folder(path: &Path) -> Result<(), FileError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {
            let parent = path.parent().filter(|p| !p.as_os_str().is_empty());
            sync_folder(parent.unwrap_or(Path::new(".")))?;
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(failed("make the folder", path)(error)),
    }
    let found = fs::metadata(path).map_err(failed("look at", path))?;
    if !found.is_dir() {
        return Err(FileError::Unsafe {
            path: path.to_owned(),
            why: "it is not a folder",
        });
    }
    check_owner(path, &found)
}

fn check_owner(path: &Path, found: &fs::Metadata) -> Result<(), FileError> {
    let us = rustix::process::geteuid().as_raw();
    let why = if found.uid() != 0 && found.uid() != us {
        "it is owned by another user"
    } else if found.mode() & 0o022 != 0 {
        "others may write to it"
    } else {
        return Ok(());
    };
    Err(FileError::Unsafe {
        path: path.to_owned(),
        why,
    })
}

/// Opens a file that should exist; `None` where it does not.
pub fn open(path: &Path, writable: Access) -> Result<Option<File>, FileError> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .write(matches!(writable, Access::ReadWrite));
    // Non-blocking, so that a pipe put in the file's place cannot hang us before it is refused.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    options.custom_flags(flags.bits().cast_signed());
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
            return Err(FileError::Unsafe {
                path: path.to_owned(),
                why: "it is a link",
            });
        }
        Err(error) => return Err(failed("open", path)(error)),
    };
    let found = file.metadata().map_err(failed("look at", path))?;
    if !found.is_file() {
        return Err(FileError::Unsafe {
            path: path.to_owned(),
            why: "it is not a regular file",
        });
    }
    check_owner(path, &found)?;
    Ok(Some(file))
}

/// What a file is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Only read.
    Read,
    /// Read and written.
    ReadWrite,
}

/// The whole file, at most `max` bytes; `None` where there is none.
pub fn read(path: &Path, max: u64) -> Result<Option<Vec<u8>>, FileError> {
    match open(path, Access::Read)? {
        Some(file) => read_whole(path, file, max).map(Some),
        None => Ok(None),
    }
}

/// As [`read`], of a file that nobody else may even read.
pub fn read_secret(path: &Path, max: u64) -> Result<Option<Vec<u8>>, FileError> {
    let Some(file) = open(path, Access::Read)? else {
        return Ok(None);
    };
    let found = file.metadata().map_err(failed("look at", path))?;
    if found.mode() & 0o077 != 0 {
        return Err(FileError::Unsafe {
            path: path.to_owned(),
            why: "others may read it; its mode must be 0600",
        });
    }
    read_whole(path, file, max).map(Some)
}

fn read_whole(path: &Path, file: File, max: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    file.take(max.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed("read", path))?;
    if bytes.len() as u64 > max {
        return Err(FileError::TooLarge {
            path: path.to_owned(),
            max,
        });
    }
    Ok(bytes)
}

/// Creates a file that must not exist yet, 0600, synced with its folder.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed("create", path))?;
    file.write_all(bytes).map_err(failed("write", path))?;
    file.sync_all().map_err(failed("sync", path))?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Puts `bytes` in the file's place, synced: after a crash the file holds the old or the new.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
        .open(&new)
        .map_err(failed("create", &new))?;
    file.write_all(bytes).map_err(failed("write", &new))?;
    file.sync_all().map_err(failed("sync", &new))?;
    fs::rename(&new, path).map_err(failed("replace", path))?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Makes the names in a folder durable.
pub fn sync_folder(path: &Path) -> Result<(), FileError> {
    File::open(path)
        .and_then(|f| f.sync_all())
        .map_err(failed("sync the folder", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        create(&real, b"x").unwrap();
        let link = folder.path().join("link");
        symlink(&real, &link).unwrap();
        let error = read(&link, 10).unwrap_err();
        assert!(
            matches!(
                error,
                FileError::Unsafe {
                    why: "it is a link",
                    ..
                }
            ),
            "{error}"
        );
    }

    #[test]
    fn a_file_others_may_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path, b"x").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o620)).unwrap();
        assert!(matches!(read(&path, 10), Err(FileError::Unsafe { .. })));
    }

    #[test]
    fn reading_is_bounded_and_a_missing_file_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        assert!(read(&path, 10).unwrap().is_none());
        create(&path, b"0123456789").unwrap();
        assert_eq!(read(&path, 10).unwrap().unwrap(), b"0123456789");
        assert!(matches!(
            read(&path, 9),
            Err(FileError::TooLarge { max: 9, .. })
        ));
        assert!(create(&path, b"again").is_err());
        replace(&path, b"new").unwrap();
        assert_eq!(read(&path, 10).unwrap().unwrap(), b"new");
    }
}
