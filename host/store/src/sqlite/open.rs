//! Opens the store's file, and refuses one that is not ours, lost its key or was rolled back.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::checkpoint::{CHECKPOINT_BYTES_MAX, HostKey, HostPublic, Signed};
use crate::error::{StoreError, sql};
use crate::lock::PlanLock;
use crate::merkle::{self, TreeHash, TreeHead};
use crate::own_file;

use super::tree::{self, SqlHashes};

/// How long a write waits for another process's transaction.
pub(crate) const BUSY_WAIT: Duration = Duration::from_secs(10);

/// Where things are in the state folder.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub(crate) folder: PathBuf,
}

impl Places {
    /// Makes the folder where it is missing. SQLite follows no link anywhere in a path, so the
    /// folder's own are resolved here, once.
    pub(crate) fn new(folder: &Path) -> Result<Self, StoreError> {
        own_file::private_folder(folder)?;
        let folder = folder
            .canonicalize()
            .map_err(own_file::failed("look at", folder))?;
        Ok(Self { folder })
    }

    /// Makes nothing.
    pub(crate) fn existing(folder: &Path) -> Result<Self, StoreError> {
        let folder = folder
            .canonicalize()
            .map_err(own_file::failed("look at", folder))?;
        Ok(Self { folder })
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("interlock.db")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.folder.join("host.key")
    }

    pub(crate) fn checkpoint(&self) -> PathBuf {
        self.folder.join("checkpoint")
    }

    pub(crate) fn locks(&self) -> PathBuf {
        self.folder.join("locks")
    }

    /// The checkpoint that is kept outside the store; `None` where there is none.
    pub(crate) fn outside(&self, host: &HostPublic) -> Result<Option<Signed>, StoreError> {
        let note = own_file::read(&self.checkpoint(), CHECKPOINT_BYTES_MAX)?;
        Ok(note.map(|note| Signed::verify(&note, host)).transpose()?)
    }

    /// Puts the checkpoint outside the store, synced, unless a longer one is there already: two
    /// processes may come here in either order.
    pub(crate) fn put_outside(&self, new: &Signed, host: &HostPublic) -> Result<(), StoreError> {
        let _one_at_a_time = PlanLock::wait(&self.locks(), "checkpoint")?;
        if self
            .outside(host)?
            .is_some_and(|old| old.head().size >= new.head().size)
        {
            return Ok(());
        }
        Ok(own_file::replace(&self.checkpoint(), new.note())?)
    }
}

/// The key of this host, made at the first start; and what was kept outside the store.
pub(crate) fn key_and_checkpoint(
    places: &Places,
    origin: &str,
) -> Result<(HostKey, Signed), StoreError> {
    let store_exists = own_file::open(&places.database(), own_file::Access::Read)?.is_some();
    let lost = || StoreError::KeyMissing {
        folder: places.folder.clone(),
    };
    let key = match HostKey::load(&places.key(), origin)? {
        Some(key) => key,
        None if store_exists
            || own_file::read(&places.checkpoint(), CHECKPOINT_BYTES_MAX)?.is_some() =>
        {
            return Err(lost());
        }
        None => HostKey::create(&places.key(), origin)?,
    };
    if let Some(outside) = places.outside(key.public())? {
        if !store_exists && outside.head().size > 0 {
            return Err(StoreError::RolledBack {
                checkpoint: outside.head().size,
                store: 0,
            });
        }
        return Ok((key, outside));
    }
    if store_exists {
        return Err(StoreError::CheckpointMissing {
            folder: places.folder.clone(),
        });
    }
    // Before the store: a store beside which no checkpoint was ever put could be any store.
    let empty = TreeHead {
        size: 0,
        root: TreeHash(tlog_tiles::EMPTY_HASH.0),
    };
    let first = key.sign(empty)?;
    own_file::replace(&places.checkpoint(), first.note())?;
    Ok((key, first))
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    Read,
    Write,
}

/// A connection to the store's file.
pub(crate) fn connect(places: &Places, purpose: Use) -> Result<Connection, StoreError> {
    let path = places.database();
    let open = sql("open the store");
    if own_file::open(&path, own_file::Access::Read)?.is_none() {
        if purpose == Use::Read {
            return Err(StoreError::NotAStore { path });
        }
        own_file::create(&path, b"")?;
    }
    let access = match purpose {
        Use::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
        Use::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
    };
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let connection = Connection::open_with_flags(&path, flags).map_err(open)?;
    connection
        .busy_timeout(BUSY_WAIT)
        .map_err(sql("configure the store"))?;
    // One apply asks some thirty different questions, again and again.
    connection.set_prepared_statement_cache_capacity(64);
    if purpose == Use::Write {
        // Many short runs touch the same pages again and again: each is brought home more seldom.
        set(&connection, "wal_autocheckpoint", "4000", "4000")?;
        set(&connection, "cache_size", "-16000", "-16000")?;
        // What a savepoint may have to take back: small, and otherwise a file of its own.
        set(&connection, "temp_store", "MEMORY", "2")?;
        set(&connection, "journal_mode", "WAL", "wal")?;
        // Each commit is synced before it is reported: the promise of `Journal::append`.
        set(&connection, "synchronous", "FULL", "2")?;
        set(&connection, "foreign_keys", "ON", "1")?;
    }
    set(&connection, "trusted_schema", "OFF", "0")?;
    set(&connection, "cell_size_check", "ON", "1")?;
    Ok(connection)
}

/// Sets, and reads back: SQLite passes over settings that it does not take.
pub(crate) fn set(
    connection: &Connection,
    setting: &'static str,
    value: &str,
    expected: &str,
) -> Result<(), StoreError> {
    let configure = |source| StoreError::Sqlite {
        doing: "configure the store",
        source,
    };
    connection
        .pragma_update_and_check(None, setting, value, |_| Ok(()))
        .or_else(|error| match error {
            // Most settings answer nothing when set.
            rusqlite::Error::QueryReturnedNoRows => Ok(()),
            other => Err(other),
        })
        .map_err(configure)?;
    let found = connection
        .pragma_query_value(None, setting, |row| row.get::<_, rusqlite::types::Value>(0))
        .map_err(configure)?;
    let found = match found {
        rusqlite::types::Value::Integer(number) => number.to_string(),
        rusqlite::types::Value::Text(text) => text,
        other => format!("{other:?}"),
    };
    if found == expected {
        Ok(())
    } else {
        Err(StoreError::Setting { setting, found })
    }
}

/// Refuses a store that does not extend the checkpoint kept outside.
pub(crate) fn check_extends(connection: &Connection, outside: &Signed) -> Result<(), StoreError> {
    let (expected, store) = (outside.head(), tree::size(connection)?);
    let rolled_back = StoreError::RolledBack {
        checkpoint: expected.size,
        store,
    };
    if store < expected.size {
        return Err(rolled_back);
    }
    match merkle::root(&SqlHashes(connection), expected.size) {
        Ok(root) if root == expected.root => Ok(()),
        Ok(_) => Err(rolled_back),
        Err(error) => Err(error.into()),
    }
}
