//! Where a journal is read from: the store itself, or an export of it.

use std::collections::BTreeSet;
use std::io::BufRead;
use std::path::Path;

use interlock_gate::ids::BlobDigest;

use super::{Verdict, Verifier};
use crate::checkpoint::{CheckpointError, HostKey, HostPublic};
use crate::entry::decode;
use crate::error::StoreError;
use crate::export::{ExportError, Reader};
use crate::merkle::TreeError;
use crate::sqlite::Snapshot;

/// What somebody kept outside the host: a name to print, and the file's bytes.
#[derive(Debug, Clone, Default)]
pub struct Anchors {
    /// Signed checkpoints.
    pub checkpoints: Vec<(String, Vec<u8>)>,
    /// Token files.
    pub tokens: Vec<(String, Vec<u8>)>,
}

/// The journal could not be read far enough to say anything.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The export cannot be read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The tree cannot be built.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The host's key cannot be read.
    #[error(transparent)]
    Key(#[from] CheckpointError),
    /// Without the host's key, nobody can say what it signed.
    #[error("`{folder}` has no `host.key`: the host's public key is needed to verify its journal")]
    NoKey {
        /// The state folder.
        folder: std::path::PathBuf,
    },
}

/// Verifies the store in a state folder. Takes no lock and writes nothing, so that a store that is
/// refused for use can still be looked at.
pub fn verify_store(
    folder: &Path,
    origin: &str,
    anchors: &Anchors,
) -> Result<Verdict, VerifyError> {
    let host = HostKey::load(&folder.join("host.key"), origin)?
        .ok_or_else(|| VerifyError::NoKey {
            folder: folder.to_owned(),
        })?
        .public()
        .clone();
    let mut snapshot = Snapshot::open(folder)?;
    let mut verifier = Verifier::new(host.clone());
    let mut kept: BTreeSet<BlobDigest> = BTreeSet::new();
    snapshot.each_entry(|bytes, leaf| {
        if let Some(Ok((_, entry))) = bytes.map(decode) {
            kept.extend(entry.blobs());
        }
        verifier.entry(bytes, leaf).map_err(VerifyError::from)
    })?;
    let mut lost = 0u64;
    for digest in &kept {
        lost += u64::from(!snapshot.keeps(digest)?);
    }
    if lost > 0 {
        let line = format!("{lost} of {} kept documents: needs their bytes", kept.len());
        verifier.unverifiable.push(line);
    }
    for note in snapshot.checkpoints()? {
        verifier.checkpoint(&note);
    }
    match snapshot.outside()? {
        Some(note) => verifier.checkpoint(&note),
        None => verifier.problem("the checkpoint outside the store is missing".to_owned()),
    }
    if verifier.first_bad.is_none() {
        for problem in snapshot.differences(verifier.root()?, verifier.rows())? {
            verifier.problem(problem);
        }
    }
    Ok(finish(verifier, anchors))
}

/// Verifies an export with the host's public key alone.
pub fn verify_export(
    file: impl BufRead,
    host: &HostPublic,
    anchors: &Anchors,
) -> Result<Verdict, VerifyError> {
    let mut reader = Reader::new(file)?;
    let mut verifier = Verifier::new(host.clone());
    if reader.host() != host.to_text() {
        verifier.problem(format!(
            "the file says that it is of another host: `{}`",
            reader.host()
        ));
    }
    while let Some((leaf, bytes)) = reader.entry()? {
        verifier.entry(Some(&bytes), leaf)?;
    }
    while let Some(note) = reader.checkpoint()? {
        verifier.checkpoint(&note);
    }
    reader.end()?;
    if verifier.rows().size > 0 {
        let line = "the kept bytes of cassettes and reports: needs the store".to_owned();
        verifier.unverifiable.push(line);
    }
    Ok(finish(verifier, anchors))
}

fn finish(mut verifier: Verifier, anchors: &Anchors) -> Verdict {
    for (name, note) in &anchors.checkpoints {
        verifier.anchor_checkpoint(name, note);
    }
    for (name, bytes) in &anchors.tokens {
        verifier.anchor_token(name, bytes);
    }
    verifier.finish()
}
