//! What was told, kept beside the journal, so that a restart does not tell it again.
//!
//! Not part of the journal: who was told what proves nothing about a decision. Without the file, or
//! with one that cannot be read, plans that still wait are told of again.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use interlock_connectors::files;
use interlock_gate::ids::PlanDigest;

use super::memory::{Memory, PLANS_MAX, Told};

const FILE: &str = "told";
const BYTES_MAX: usize = 512 * 1024;

/// The file `told` of the state folder: a line for each plan, with its run, the state that was told
/// and the number of its tokens then.
pub(super) struct Kept {
    path: PathBuf,
}

impl Kept {
    pub(super) fn open(state_dir: &Path) -> Kept {
        Kept {
            path: state_dir.join(FILE),
        }
    }

    /// What an earlier process told.
    pub(super) fn memory(&self) -> Memory {
        match files::read_private_text(&self.path, BYTES_MAX) {
            Ok(text) => {
                let told: Option<Vec<_>> = text.lines().take(PLANS_MAX).map(read).collect();
                if told.is_none() {
                    tracing::warn!("the list of what was told is damaged: plans are told of again");
                }
                Memory::of(told.unwrap_or_default())
            }
            Err(error) => {
                if !error.is_missing() {
                    tracing::warn!("the list of what was told cannot be read: {error}");
                }
                Memory::default()
            }
        }
    }

    /// Writes it anew beside the old one, which it then replaces.
    pub(super) fn keep(&self, memory: &Memory) -> io::Result<()> {
        let mut text = String::new();
        for (plan, told) in memory.told() {
            text.push_str(&format!(
                "{plan} {} {} {}\n",
                told.run, told.state, told.tokens
            ));
        }
        let new = self.path.with_extension("new");
        let mut file: File = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&new)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&new, &self.path)
    }
}

fn read(line: &str) -> Option<(PlanDigest, Told)> {
    let mut words = line.split(' ');
    let plan = words.next()?.parse().ok()?;
    let told = Told {
        run: words.next()?.parse().ok()?,
        state: words.next()?.to_owned(),
        tokens: words.next()?.parse().ok()?,
    };
    words.next().is_none().then_some((plan, told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_damage_forgets_it() {
        let dir = tempfile::tempdir().unwrap();
        let kept = Kept::open(dir.path());
        assert_eq!(kept.memory().told(), []);
        let told = vec![
            (
                PlanDigest::of(b"1"),
                Told {
                    run: "r-aaaaaaaa".parse().unwrap(),
                    state: "waiting".to_owned(),
                    tokens: 1,
                },
            ),
            (
                PlanDigest::of(b"2"),
                Told {
                    run: "r-bbbbbbbb".parse().unwrap(),
                    state: "applied".to_owned(),
                    tokens: 0,
                },
            ),
        ];
        kept.keep(&Memory::of(told.clone())).unwrap();
        assert_eq!(kept.memory().told(), told);
        std::fs::write(dir.path().join(FILE), "sha256:0 r-1 waiting\n").unwrap();
        assert_eq!(kept.memory().told(), []);
    }
}
