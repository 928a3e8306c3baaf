//! What a file was like when it was read: whether it must be read again.
//! Not a proof of its bytes: those are hashed when they are read.

use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A file that was written so shortly before it was looked at may be written again without its
/// times telling: the kernel's clock for files is coarse.
const COARSE: Duration = Duration::from_millis(100);

/// A file as the system describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    /// Nothing written after it was taken can have left it the same.
    settled: bool,
}

impl Stamp {
    /// Takes it; to be taken before the file is read.
    pub(crate) fn of(path: &Path) -> io::Result<Stamp> {
        let about = fs::metadata(path)?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let changed = (about.ctime(), about.ctime_nsec());
        let last = Duration::new(
            u64::try_from(changed.0).unwrap_or(0),
            u32::try_from(changed.1).unwrap_or(0),
        );
        Ok(Stamp {
            device: about.dev(),
            inode: about.ino(),
            bytes: about.len(),
            modified: (about.mtime(), about.mtime_nsec()),
            changed,
            settled: now >= last + COARSE,
        })
    }

    /// Whether the file is still what it was.
    pub(crate) fn still(&self, path: &Path) -> bool {
        let as_settled = |now: Stamp| Stamp {
            settled: true,
            ..now
        };
        self.settled && Stamp::of(path).is_ok_and(|now| as_settled(now) == *self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_just_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "1").unwrap();
        let fresh = Stamp::of(&path).unwrap();
        assert!(!fresh.still(&path));
        let old = SystemTime::now() - Duration::from_secs(60);
        let settled = Stamp {
            settled: true,
            ..fresh
        };
        assert!(settled.still(&path));
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(old)
            .unwrap();
        assert!(!settled.still(&path), "its times have changed");
    }
}
