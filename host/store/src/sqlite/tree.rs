//! The tree's hashes, kept with the entries that added them.

use interlock_gate::ids::RunId;
use interlock_gate::time::Time;
use rusqlite::{Connection, OptionalExtension, params};

use crate::entry::{Stamped, decode};
use crate::error::{StoreError, sql};
use crate::merkle::{self, Hashes, TreeHash, TreeHead};

use super::query;

/// Reads the tree's hashes from the store.
pub(crate) struct SqlHashes<'a>(pub(crate) &'a Connection);

impl Hashes for SqlHashes<'_> {
    fn hash_at(&self, index: u64) -> Result<TreeHash, String> {
        let read = |row: &rusqlite::Row<'_>| row.get::<_, [u8; 32]>(0);
        let (entry, level) = merkle::completes(index);
        self.0
            .prepare_cached("SELECT substr(hashes, ?2, 32) FROM entry WHERE idx = ?1")
            .and_then(|mut statement| {
                statement
                    .query_row(params![entry, 32 * level + 1], read)
                    .optional()
            })
            .map_err(|error| error.to_string())?
            .map(TreeHash)
            .ok_or_else(|| "there is none".to_owned())
    }
}

/// How many entries the store has.
pub(crate) fn size(connection: &Connection) -> Result<u64, StoreError> {
    connection
        .prepare_cached("SELECT coalesce(max(idx) + 1, 0) FROM entry")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(sql("read the journal's size"))
}

/// Size and root.
pub(crate) fn head(connection: &Connection) -> Result<TreeHead, StoreError> {
    let size = size(connection)?;
    Ok(TreeHead {
        size,
        root: merkle::root(&SqlHashes(connection), size)?,
    })
}

/// When the newest entry was taken.
pub(crate) fn newest_at(connection: &Connection) -> Result<Option<Time>, StoreError> {
    let micros: Option<u64> = connection
        .prepare_cached("SELECT at FROM entry ORDER BY idx DESC LIMIT 1")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)).optional())
        .map_err(sql("read the journal's newest entry"))?;
    Ok(micros.and_then(Time::from_micros))
}

/// The hashes that entry `n` with this leaf hash adds to the tree, one behind the other.
pub(crate) fn grown(
    connection: &Connection,
    n: u64,
    leaf: TreeHash,
) -> Result<Vec<u8>, StoreError> {
    let new = merkle::grow(&SqlHashes(connection), n, leaf)?;
    Ok(new.iter().flat_map(|hash| hash.0).collect())
}

/// The last entry.
pub(crate) struct Newest {
    pub(crate) index: u64,
    pub(crate) at: Time,
    pub(crate) run: Option<RunId>,
}

/// The last entry, where there is one.
pub(crate) fn newest(connection: &Connection) -> Result<Option<Newest>, StoreError> {
    connection
        .prepare_cached("SELECT idx, at, run FROM entry ORDER BY idx DESC LIMIT 1")
        .and_then(|mut statement| {
            statement
                .query_row([], |row| {
                    Ok(Newest {
                        index: row.get(0)?,
                        at: Time::from_micros(row.get(1)?).unwrap_or_default(),
                        run: query::optional_run(row, 2)?,
                    })
                })
                .optional()
        })
        .map_err(sql("read the journal's newest entry"))
}

/// One entry's bytes.
pub(crate) fn bytes_at(connection: &Connection, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
    connection
        .prepare_cached("SELECT bytes FROM entry WHERE idx = ?1")
        .and_then(|mut statement| statement.query_row([index], |row| row.get(0)).optional())
        .map_err(sql("read the journal"))
}

/// One entry; `None` where the journal is shorter.
pub(crate) fn entry_at(connection: &Connection, index: u64) -> Result<Option<Stamped>, StoreError> {
    bytes_at(connection, index)?
        .map(|bytes| stamped(index, &bytes))
        .transpose()
}

/// Reads an entry's bytes.
pub(crate) fn stamped(index: u64, bytes: &[u8]) -> Result<Stamped, StoreError> {
    let (at, entry) = decode(bytes).map_err(|source| StoreError::Entry { index, source })?;
    Ok(Stamped { index, at, entry })
}
