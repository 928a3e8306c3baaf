//! A journal as one text file, for someone who has it and the host's public key only.
//! Not a backup: kept bytes and derived rows stay in the store.
//!
//! Lines, each ended by `\n`:
//!
//! 1. `{"checkpoints":M,"entries":N,"host":"origin+id+key","schema":"interlock.journal.v1"}`
//! 2. N times: the entry's RFC 6962 leaf hash in 64 hex digits, a space, its canonical bytes
//! 3. M times: a signed checkpoint (a C2SP signed note) as a JSON string
//!
//! The leaf hash of a line is `SHA-256(0x00 || bytes)`; an entry's number is its line's place, from
//! 0. The leaf hashes give the root that each checkpoint signs, so a changed entry is told apart
//! from a changed hash.
//! Start at [`export`] and [`Reader`].

use std::io::{BufRead, Read, Write};
use std::path::Path;

use interlock_gate::canonical::{self, NotCanonical};
use serde::{Deserialize, Serialize};

use crate::checkpoint::{CHECKPOINT_BYTES_MAX, HostPublic};
use crate::entry::ENTRY_BYTES_MAX;
use crate::error::StoreError;
use crate::merkle::TreeHash;
use crate::sqlite::Snapshot;

/// The schema of an export's first line.
pub const EXPORT_SCHEMA: &str = "interlock.journal.v1";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    schema: String,
    host: String,
    entries: u64,
    checkpoints: u64,
}

/// A journal could not be exported, or the file is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be read or written.
    #[error("cannot read or write the export")]
    Io(#[from] std::io::Error),
    /// A line is not as the format says.
    #[error("line {line} of the export is not {expected}")]
    Line {
        /// The line, from 1.
        line: u64,
        /// What should stand there.
        expected: &'static str,
    },
    /// An entry is missing in the store.
    #[error("entry {index} is missing in the store: `journal verify` says more")]
    Missing {
        /// The entry.
        index: u64,
    },
    /// The first line could not be written.
    #[error("the first line cannot be written")]
    Head(#[from] NotCanonical),
}

/// Writes the whole journal of the store in `folder`.
pub fn export(folder: &Path, host: &HostPublic, out: &mut dyn Write) -> Result<(), ExportError> {
    let mut snapshot = Snapshot::open(folder)?;
    let checkpoints = snapshot.checkpoints()?;
    let head = Head {
        schema: EXPORT_SCHEMA.to_owned(),
        host: host.to_text(),
        entries: snapshot.size()?,
        checkpoints: checkpoints.len() as u64,
    };
    out.write_all(&canonical::to_bytes(&head)?)?;
    out.write_all(b"\n")?;
    let mut index = 0;
    snapshot.each_entry(|bytes, leaf| {
        let bytes = bytes.ok_or(ExportError::Missing { index })?;
        index += 1;
        write!(out, "{} ", hex::encode(leaf.0))?;
        out.write_all(bytes)?;
        out.write_all(b"\n")?;
        Ok::<_, ExportError>(())
    })?;
    for note in checkpoints {
        out.write_all(&canonical::to_bytes(&String::from_utf8_lossy(&note))?)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

/// Reads an export, line by line, each within its bound.
pub struct Reader<R> {
    file: R,
    head: Head,
    line: u64,
    entries: u64,
    checkpoints: u64,
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line.
    pub fn new(mut file: R) -> Result<Self, ExportError> {
        let expected = "an export's first line";
        let text = next_line(&mut file, 1, 4096, expected)?;
        let bad = |_| ExportError::Line { line: 1, expected };
        let head: Head = canonical::from_bytes(&text).map_err(bad)?;
        if head.schema != EXPORT_SCHEMA {
            return Err(ExportError::Line { line: 1, expected });
        }
        Ok(Self {
            file,
            head,
            line: 1,
            entries: 0,
            checkpoints: 0,
        })
    }

    /// The host's public key as the file says it. Compare it with the one that you have.
    pub fn host(&self) -> &str {
        &self.head.host
    }

    fn next(&mut self, max: usize, expected: &'static str) -> Result<Vec<u8>, ExportError> {
        self.line += 1;
        next_line(&mut self.file, self.line, max, expected)
    }

    /// The next entry: its leaf hash and bytes.
    pub fn entry(&mut self) -> Result<Option<(TreeHash, Vec<u8>)>, ExportError> {
        if self.entries == self.head.entries {
            return Ok(None);
        }
        self.entries += 1;
        let expected = "an entry (a hash, a space, canonical JSON)";
        let text = self.next(ENTRY_BYTES_MAX + 65, expected)?;
        let bad = ExportError::Line {
            line: self.line,
            expected,
        };
        let Some((hash, [b' ', bytes @ ..])) = text.split_at_checked(64) else {
            return Err(bad);
        };
        let mut leaf = [0; 32];
        let lower = !hash.iter().any(u8::is_ascii_uppercase);
        if !lower || hex::decode_to_slice(hash, &mut leaf).is_err() {
            return Err(bad);
        }
        Ok(Some((TreeHash(leaf), bytes.to_vec())))
    }

    /// The next checkpoint's note, once all entries were read.
    pub fn checkpoint(&mut self) -> Result<Option<Vec<u8>>, ExportError> {
        if self.checkpoints == self.head.checkpoints {
            return Ok(None);
        }
        self.checkpoints += 1;
        let expected = "a checkpoint (a JSON string)";
        let max = usize::try_from(2 * CHECKPOINT_BYTES_MAX).unwrap_or(usize::MAX);
        let text = self.next(max, expected)?;
        let bad = |_| ExportError::Line {
            line: self.line,
            expected,
        };
        let note: String = canonical::from_bytes(&text).map_err(bad)?;
        Ok(Some(note.into_bytes()))
    }

    /// Nothing may follow.
    pub fn end(mut self) -> Result<(), ExportError> {
        let mut one = [0];
        if self.file.read(&mut one)? > 0 {
            return Err(ExportError::Line {
                line: self.line + 1,
                expected: "the end of the file",
            });
        }
        Ok(())
    }
}

fn next_line(
    file: &mut impl BufRead,
    line: u64,
    max: usize,
    expected: &'static str,
) -> Result<Vec<u8>, ExportError> {
    let mut text = Vec::new();
    file.take(max as u64 + 1).read_until(b'\n', &mut text)?;
    match text.pop() {
        Some(b'\n') => Ok(text),
        _ => Err(ExportError::Line { line, expected }),
    }
}
