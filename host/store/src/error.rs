//! Why the store could not be opened or read.

use std::path::PathBuf;

use interlock_gate::ids::{HostId, PlanDigest};

use crate::checkpoint::CheckpointError;
use crate::entry::BadEntry;
use crate::fold::Illegal;
use crate::lock::HeldBy;
use crate::merkle::TreeError;
use crate::own_file::FileError;

/// The store cannot be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file of the store cannot be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// SQLite said no.
    #[error("cannot {doing}")]
    Sqlite {
        /// What was being done.
        doing: &'static str,
        /// SQLite's reason.
        #[source]
        source: rusqlite::Error,
    },
    /// The key or a checkpoint cannot be used.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The tree's hashes cannot be read or do not fit.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A lock of the store's own cannot be had.
    #[error(transparent)]
    Lock(#[from] HeldBy),
    /// There is a journal, and the key that signs for it is gone.
    #[error("the store in `{folder}` has lost its key: `host.key` is missing")]
    KeyMissing {
        /// The state folder.
        folder: PathBuf,
    },
    /// There is a journal, and nothing outside it says how long it was.
    #[error("`{folder}/checkpoint` is missing: nothing says that the store was not rolled back")]
    CheckpointMissing {
        /// The state folder.
        folder: PathBuf,
    },
    /// The store does not extend the checkpoint that was kept outside of it.
    #[error(
        "the store was rolled back or replaced: its last signed checkpoint is of {checkpoint} \
         entries, and the store's {store} entries do not extend it"
    )]
    RolledBack {
        /// Entries of the checkpoint outside.
        checkpoint: u64,
        /// Entries of the store.
        store: u64,
    },
    /// The journal was begun by another host.
    #[error("the journal belongs to `{}`, not to `{}`", found.origin, expected.origin)]
    OtherHost {
        /// Who began it.
        found: HostId,
        /// Who opens it.
        expected: HostId,
    },
    /// SQLite did not take a setting that durability depends on.
    #[error("the database refuses `{setting}`: it says `{found}`")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// What it reads back as.
        found: String,
    },
    /// The file is a database of something else.
    #[error("`{path}` is not an Interlock store")]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// A later version of Interlock has written this store.
    #[error("the store is of version {found}; this program knows up to version {known}")]
    Newer {
        /// The store's version.
        found: i64,
        /// The newest known here.
        known: i64,
    },
    /// An entry of the journal cannot be read.
    #[error("entry {index} of the journal cannot be read")]
    Entry {
        /// Its place.
        index: u64,
        /// What is wrong with it.
        #[source]
        source: BadEntry,
    },
    /// An entry of the journal cannot follow those in front of it.
    #[error("entry {index} of the journal cannot stand where it does")]
    OutOfPlace {
        /// Its place.
        index: u64,
        /// Why not.
        #[source]
        source: Illegal,
    },
    /// A row does not say what the entries say.
    #[error(
        "the rows of {table} differ from the journal at `{key}`: they say {row}, it says {fold}"
    )]
    RowDiffers {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
        /// What the row says.
        row: String,
        /// What a fold over the entries says.
        fold: String,
    },
    /// The journal does not hold it.
    #[error("no plan `{0}` in this store")]
    NoPlan(PlanDigest),
    /// The short form fits none or several.
    #[error("`{prefix}` fits {count} {what}s of this store")]
    NotOne {
        /// `plan` or `run`.
        what: &'static str,
        /// What was given.
        prefix: String,
        /// How many it fits.
        count: usize,
    },
    /// A blob is larger than the store keeps.
    #[error("{bytes} bytes are more than the store keeps of one file ({max})")]
    BlobTooLarge {
        /// Its size.
        bytes: usize,
        /// The bound, in bytes.
        max: usize,
    },
    /// A kept blob's bytes are no longer those of its digest.
    #[error("the kept bytes of `{digest}` are damaged")]
    BlobDamaged {
        /// The digest it was kept under.
        digest: String,
    },
    /// The first entry could not be written.
    #[error("the journal cannot be begun: {why}")]
    NotBegun {
        /// Why not.
        why: String,
        /// Whether only the medium is at fault.
        medium: bool,
    },
    /// No checkpoint was ever signed: the store was never opened whole.
    #[error("the store has no signed checkpoint")]
    NoCheckpoint,
    /// The writing thread has ended.
    #[error("the store no longer writes")]
    Closed,
}

impl StoreError {
    /// Whether only the medium is at fault: it is full, read-only or failing. What is recorded is
    /// as it should be, as far as can be told; a run that only reads can do without.
    pub fn is_of_the_medium(&self) -> bool {
        match self {
            StoreError::Sqlite {
                source: rusqlite::Error::SqliteFailure(error, _),
                ..
            } => {
                use rusqlite::ErrorCode::{DiskFull, ReadOnly, SystemIoFailure};
                matches!(error.code, DiskFull | ReadOnly | SystemIoFailure)
            }
            StoreError::File(error)
            | StoreError::Checkpoint(CheckpointError::File(error))
            | StoreError::Lock(HeldBy::Unusable { source: error, .. }) => error.is_of_the_medium(),
            StoreError::NotBegun { medium, .. } => *medium,
            _ => false,
        }
    }
}

/// For `map_err`: says what was being done.
pub(crate) fn sql(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> StoreError {
    move |source| StoreError::Sqlite { doing, source }
}
