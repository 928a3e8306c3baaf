//! One holder at a time for a plan or a run, kept by the operating system.
//! Not a record: the lock ends with its holder's process, however that ends.
//! Start at [`PlanLock::take`], then [`HeldBy`].
//! Invariant: while a [`PlanLock`] lives, no other open file on this machine holds the same name.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rustix::fs::OFlags;

use crate::own_file::{self, FileError, failed};

/// A held lock; dropping it lets go.
#[derive(Debug)]
#[must_use = "the lock is let go when this is dropped"]
pub struct PlanLock {
    file: File,
    /// Removed with the lock: only where nobody takes the name again.
    once: Option<PathBuf>,
}

#[derive(Clone, Copy)]
enum Patience {
    None,
    Waits,
}

/// Why a lock was not given.
#[derive(Debug, thiserror::Error)]
pub enum HeldBy {
    /// A process that lives holds it.
    #[error("`{name}` is held by process {pid}")]
    Process {
        /// The plan's or run's name.
        name: String,
        /// The holder's process id; 0 where it has not written it yet.
        pid: u32,
        /// The boot it runs in, as `/proc/sys/kernel/random/boot_id` names it.
        boot_id: String,
    },
    /// Nobody can say: the lock's file cannot be used.
    #[error("the lock of `{name}` cannot be taken")]
    Unusable {
        /// The plan's or run's name.
        name: String,
        /// Why.
        #[source]
        source: FileError,
    },
}

/// This boot's id; empty where the system has none.
pub fn boot_id() -> String {
    static ID: OnceLock<String> = OnceLock::new();
    let read = || {
        fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .map(|text| text.trim().to_owned())
            .unwrap_or_default()
    };
    ID.get_or_init(read).clone()
}

impl PlanLock {
    /// Takes the lock of `name`, kept in `folder`, or says who has it. Never waits.
    pub fn take(folder: &Path, name: &str) -> Result<Self, HeldBy> {
        Self::get(folder, name, Patience::None)
    }

    /// As [`PlanLock::take`], of a name that one holder takes and others only try, to learn whether
    /// that one lives: its file goes with the lock, so that they do not pile up.
    pub(crate) fn take_once(folder: &Path, name: &str) -> Result<Self, HeldBy> {
        let mut lock = Self::take(folder, name)?;
        lock.once = Some(folder.join(name));
        Ok(lock)
    }

    /// Waits for the lock: only for names that are held for the length of a file operation.
    pub(crate) fn wait(folder: &Path, name: &str) -> Result<Self, HeldBy> {
        Self::get(folder, name, Patience::Waits)
    }

    fn get(folder: &Path, name: &str, patience: Patience) -> Result<Self, HeldBy> {
        let unusable = |source| HeldBy::Unusable {
            name: name.to_owned(),
            source,
        };
        own_file::private_folder(folder).map_err(unusable)?;
        let path = folder.join(name);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed())
            .open(&path)
            .map_err(failed("open", &path))
            .map_err(unusable)?;
        let got = match patience {
            Patience::None => file.try_lock(),
            Patience::Waits => file.lock().map_err(TryLockError::Error),
        };
        match got {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(holder(name, file)),
            Err(TryLockError::Error(error)) => return Err(unusable(failed("lock", &path)(error))),
        }
        let mut lock = Self { file, once: None };
        lock.sign()
            .map_err(failed("write", &path))
            .map_err(unusable)?;
        Ok(lock)
    }

    /// Writes who holds it, for the message that others print.
    fn sign(&mut self) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        writeln!(self.file, "{} {}", std::process::id(), boot_id())
    }
}

/// The file stays, empty: removing it would let two processes lock two files of one name.
impl Drop for PlanLock {
    fn drop(&mut self) {
        if let Some(path) = &self.once {
            // Left behind it is only clutter.
            drop(fs::remove_file(path));
            return;
        }
        // Only the message for others depends on this; the lock itself ends with the file.
        drop(self.file.set_len(0));
    }
}

fn holder(name: &str, file: File) -> HeldBy {
    let mut text = String::new();
    // Unreadable is as good as not written yet: the lock itself has answered already.
    drop(file.take(128).read_to_string(&mut text));
    let mut words = text.split_whitespace();
    HeldBy::Process {
        name: name.to_owned(),
        pid: words.next().and_then(|word| word.parse().ok()).unwrap_or(0),
        boot_id: words.next().unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_and_told_who_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let locks = folder.path().join("locks");
        let first = PlanLock::take(&locks, "9f3a").unwrap();
        match PlanLock::take(&locks, "9f3a") {
            Err(HeldBy::Process { name, pid, boot_id }) => {
                assert_eq!((name.as_str(), pid), ("9f3a", std::process::id()));
                assert_eq!(boot_id, super::boot_id());
            }
            other => panic!("{other:?}"),
        }
        let _other = PlanLock::take(&locks, "b704").unwrap();
        drop(first);
        assert!(PlanLock::take(&locks, "9f3a").is_ok());
    }

    #[test]
    fn a_lock_that_is_taken_once_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let locks = folder.path().join("locks");
        let held = PlanLock::take_once(&locks, "r-k7qd").unwrap();
        assert!(PlanLock::take_once(&locks, "r-k7qd").is_err());
        assert!(locks.join("r-k7qd").exists(), "a try takes nothing away");
        drop(held);
        assert!(!locks.join("r-k7qd").exists());
    }
}
