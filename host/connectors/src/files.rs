//! The one opener for files that the host trusts or reads from disk.
//! Not a cache: every call opens anew, and what was checked is what is read.
//! Start at [`read_private`] for policy, configuration, keys and secrets; [`read_plain`] for files
//! that only inform; [`open_log`] for files that are read from their end.
//! Invariant: no link is followed, in no part of the path, and nothing but a regular file is read.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat, fstat, open, openat, statat};
use rustix::io::Errno;

/// Most bytes of a file of people's text: configuration, policy, incident, topology, changes.
pub const TEXT_BYTES_MAX: usize = 1 << 20;

/// Most bytes of a secret: a connection string, a token, a key.
pub const SECRET_BYTES_MAX: usize = 16 << 10;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No such file.
    #[error("`{}` does not exist", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A link in the path, which whoever owns it could turn elsewhere.
    #[error("`{}` is a link: name the file itself", path.display())]
    Link {
        /// The part of the path that is a link.
        path: PathBuf,
    },
    /// A folder, pipe, socket or device.
    #[error("`{}` is not a regular file", path.display())]
    NotRegular {
        /// The file.
        path: PathBuf,
    },
    /// A file that somebody else could change at will.
    #[error("`{}` belongs to uid {owner}, not to root or uid {me}", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who runs this.
        me: u32,
    },
    /// Its mode lets others write.
    #[error("`{}` is writable by others (mode {mode:04o}): `chmod go-w` it", path.display())]
    Writable {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Over the bound.
    #[error("`{}` is longer than {bytes_max} bytes", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The bound.
        bytes_max: usize,
    },
    /// Not UTF-8.
    #[error("`{}` is not UTF-8 text: bad byte at {at}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Offset of the first bad byte.
        at: usize,
    },
    /// The system refused.
    #[error("`{}` cannot be read", path.display())]
    System {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        why: io::Error,
    },
}

impl OpenError {
    /// Whether the file is simply not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }
}

/// The bytes of a file that was checked, and what its mode says of readers.
pub struct Private {
    /// The whole content.
    pub bytes: Vec<u8>,
    /// Whether its mode lets anybody but its owner read.
    pub readable_by_others: bool,
}

/// Reads a file that only root or this user can have written.
pub fn read_private(path: &Path, bytes_max: usize) -> Result<Private, OpenError> {
    let (file, stat) = open_regular(path)?;
    check_owner(path, &stat)?;
    let readable_by_others = stat.st_mode & 0o044 != 0;
    Ok(Private {
        bytes: read_bounded(path, file, bytes_max)?,
        readable_by_others,
    })
}

/// [`read_private`], as text.
pub fn read_private_text(path: &Path, bytes_max: usize) -> Result<String, OpenError> {
    text(path, read_private(path, bytes_max)?.bytes)
}

/// Reads a regular file, whoever owns it, without following links.
pub fn read_plain(path: &Path, bytes_max: usize) -> Result<Vec<u8>, OpenError> {
    let (file, _stat) = open_regular(path)?;
    read_bounded(path, file, bytes_max)
}

/// [`read_plain`], as text.
pub fn read_plain_text(path: &Path, bytes_max: usize) -> Result<String, OpenError> {
    text(path, read_plain(path, bytes_max)?)
}

/// Opens a log file of any size; the reader bounds what it takes from it.
pub fn open_log(path: &Path) -> Result<(File, u64), OpenError> {
    let (file, stat) = open_regular(path)?;
    Ok((file, u64::try_from(stat.st_size).unwrap_or(0)))
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, OpenError> {
    String::from_utf8(bytes).map_err(|error| OpenError::NotText {
        path: path.to_owned(),
        at: error.utf8_error().valid_up_to(),
    })
}

fn check_owner(path: &Path, stat: &Stat) -> Result<(), OpenError> {
    let me = rustix::process::geteuid().as_raw();
    if stat.st_uid != 0 && stat.st_uid != me {
        return Err(OpenError::Owner {
            path: path.to_owned(),
            owner: stat.st_uid,
            me,
        });
    }
    let mode = stat.st_mode & 0o7777;
    if mode & 0o022 != 0 {
        return Err(OpenError::Writable {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

fn read_bounded(path: &Path, file: File, bytes_max: usize) -> Result<Vec<u8>, OpenError> {
    let mut bytes = Vec::new();
    // One byte more than allowed, so that a file which grows meanwhile is noticed too.
    let most = u64::try_from(bytes_max)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    file.take(most)
        .read_to_end(&mut bytes)
        .map_err(|why| OpenError::System {
            path: path.to_owned(),
            why,
        })?;
    if bytes.len() > bytes_max {
        return Err(OpenError::TooLarge {
            path: path.to_owned(),
            bytes_max,
        });
    }
    Ok(bytes)
}

/// Opens part by part, each without following a link: `O_NOFOLLOW` on the whole path would guard
/// its last part only.
fn open_regular(path: &Path) -> Result<(File, Stat), OpenError> {
    let missing = || OpenError::Missing {
        path: path.to_owned(),
    };
    let mut parts: Vec<Component<'_>> = path.components().collect();
    let Some(Component::Normal(name)) = parts.pop() else {
        return Err(if path.as_os_str().is_empty() {
            missing()
        } else {
            OpenError::NotRegular {
                path: path.to_owned(),
            }
        });
    };
    let folder = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mut so_far = PathBuf::new();
    let mut at: OwnedFd = open(".", folder, Mode::empty()).map_err(|e| failed(path, e))?;
    for part in parts {
        so_far.push(part);
        at = openat(&at, part.as_os_str(), folder, Mode::empty())
            .map_err(|errno| blame(&at, part.as_os_str(), &so_far, path, errno))?;
    }
    so_far.push(name);
    // Without NONBLOCK, opening a pipe would wait for its writer.
    let flags =
        OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = openat(&at, name, flags, Mode::empty())
        .map_err(|errno| blame(&at, name, &so_far, path, errno))?;
    let stat = fstat(&fd).map_err(|errno| failed(path, errno))?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err(OpenError::NotRegular {
            path: path.to_owned(),
        });
    }
    Ok((File::from(fd), stat))
}

fn failed(path: &Path, errno: Errno) -> OpenError {
    OpenError::System {
        path: path.to_owned(),
        why: io::Error::from(errno),
    }
}

/// Says why one part did not open. It looks again only to word the refusal.
fn blame(
    folder: &OwnedFd,
    part: &std::ffi::OsStr,
    so_far: &Path,
    whole: &Path,
    errno: Errno,
) -> OpenError {
    let is_link = || {
        statat(folder, part, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Symlink)
    };
    match errno {
        Errno::LOOP | Errno::NOTDIR if is_link() => OpenError::Link {
            path: so_far.to_owned(),
        },
        Errno::NOENT | Errno::NOTDIR => OpenError::Missing {
            path: whole.to_owned(),
        },
        Errno::NXIO | Errno::NODEV => OpenError::NotRegular {
            path: whole.to_owned(),
        },
        other => failed(whole, other),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn write(path: &Path, mode: u32) {
        fs::write(path, "text").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_link_is_not_followed_wherever_it_stands_in_the_path() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real");
        fs::create_dir(&real).unwrap();
        write(&real.join("file"), 0o644);
        symlink(real.join("file"), dir.path().join("last")).unwrap();
        symlink(&real, dir.path().join("folder")).unwrap();
        assert!(read_private(&real.join("file"), 9).is_ok());
        for path in ["last", "folder/file"] {
            let error = read_private(&dir.path().join(path), 9).err().unwrap();
            assert!(matches!(error, OpenError::Link { .. }), "{path}: {error}");
            assert!(matches!(
                open_log(&dir.path().join(path)),
                Err(OpenError::Link { .. })
            ));
        }
    }

    #[test]
    fn what_others_can_write_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        for (mode, good) in [(0o600, true), (0o644, true), (0o664, false), (0o646, false)] {
            write(&path, mode);
            assert_eq!(read_private(&path, 9).is_ok(), good, "{mode:o}");
            assert!(read_plain(&path, 9).is_ok());
        }
    }

    #[test]
    fn what_somebody_else_owns_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        write(&path, 0o644);
        let nobody = rustix::fs::Uid::from_raw(65534);
        match rustix::fs::chown(&path, Some(nobody), None) {
            Ok(()) => {
                let error = read_private(&path, 9).err().unwrap();
                assert!(
                    matches!(error, OpenError::Owner { owner: 65534, .. }),
                    "{error}"
                );
                assert!(read_plain(&path, 9).is_ok());
            }
            // Only root can give a file away; what root owns is accepted by everybody.
            Err(_) => assert!(read_private(Path::new("/etc/passwd"), 1 << 20).is_ok()),
        }
    }

    #[test]
    fn who_may_read_a_secret_is_reported() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        write(&path, 0o640);
        assert!(read_private(&path, 9).unwrap().readable_by_others);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(!read_private(&path, 9).unwrap().readable_by_others);
    }

    #[test]
    fn only_regular_files_within_the_bound_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        write(&path, 0o600);
        assert_eq!(read_private_text(&path, 4).unwrap(), "text");
        assert!(matches!(
            read_private(&path, 3),
            Err(OpenError::TooLarge { bytes_max: 3, .. })
        ));
        assert!(matches!(
            read_private(dir.path(), 9),
            Err(OpenError::NotRegular { .. })
        ));
        assert!(matches!(
            read_private(Path::new("/dev/zero"), 9),
            Err(OpenError::NotRegular { .. })
        ));
        assert!(matches!(
            read_private(Path::new("/"), 9),
            Err(OpenError::NotRegular { .. })
        ));
        assert!(
            read_private(&dir.path().join("none/file"), 9)
                .err()
                .unwrap()
                .is_missing()
        );
        assert!(
            read_private(&path.join("below"), 9)
                .err()
                .unwrap()
                .is_missing()
        );
        fs::write(&path, [b'a', 0xff]).unwrap();
        assert!(matches!(
            read_plain_text(&path, 9),
            Err(OpenError::NotText { at: 1, .. })
        ));
    }

    #[test]
    fn a_pipe_is_refused_without_waiting_for_its_writer() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        assert!(matches!(
            read_private(&path, 9),
            Err(OpenError::NotRegular { .. })
        ));
    }
}
