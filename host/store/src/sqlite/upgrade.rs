//! Brings a store's file to this version's schema, in one transaction.
//! Not a fold: what older entries say is not judged again.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use crate::error::{StoreError, sql};
use crate::fold::{Change, Facts as _, IncidentRow};
use crate::merkle;

use super::query::{self, About};
use super::rows::Tables;
use super::tree;

/// `Ilck`, so that `file` and we can tell the database from another.
const APPLICATION_ID: i64 = 0x496c_636b;
/// The schema's version, in `user_version`.
pub(crate) const SCHEMA_VERSION: i64 = 3;

fn bring(source: rusqlite::Error) -> StoreError {
    sql("bring the store to this version")(source)
}

/// Brings the file to this version's schema, or refuses one that is not ours or of later.
pub(crate) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    if version(connection, path)? == SCHEMA_VERSION {
        return Ok(());
    }
    // A table that others refer to is made anew. SQLite takes this word outside transactions only.
    connection
        .pragma_update(None, "foreign_keys", false)
        .map_err(bring)?;
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(bring)?;
    // Another process may have been here meanwhile.
    let mut found = version(&transaction, path)?;
    if found == 0 {
        begin(&transaction, path)?;
        found = 1;
    }
    if found == 1 {
        script(&transaction, include_str!("schema_2.sql"))?;
        derive_incidents(&transaction)?;
        found = 2;
    }
    if found == 2 {
        script(&transaction, include_str!("schema_3.sql"))?;
        move_hashes(&transaction)?;
    }
    transaction
        .pragma_update(None, "user_version", SCHEMA_VERSION)
        .map_err(bring)?;
    transaction.commit().map_err(bring)?;
    super::open::set(connection, "foreign_keys", "ON", "1")
}

fn script(connection: &Connection, text: &str) -> Result<(), StoreError> {
    connection.execute_batch(text).map_err(bring)
}

/// The version of its schema; 0 of a file that nobody has written to.
fn version(connection: &Connection, path: &Path) -> Result<i64, StoreError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let (id, version) = (
        number("application_id").map_err(bring)?,
        number("user_version").map_err(bring)?,
    );
    match (id, version) {
        (APPLICATION_ID, found) if found > SCHEMA_VERSION => Err(StoreError::Newer {
            found,
            known: SCHEMA_VERSION,
        }),
        (APPLICATION_ID, 1..) | (0, 0) => Ok(version),
        _ => Err(StoreError::NotAStore {
            path: path.to_owned(),
        }),
    }
}

fn begin(transaction: &Transaction<'_>, path: &Path) -> Result<(), StoreError> {
    let tables: i64 = transaction
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(bring)?;
    if tables > 0 {
        return Err(StoreError::NotAStore {
            path: path.to_owned(),
        });
    }
    script(transaction, include_str!("schema.sql"))?;
    transaction
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(bring)
}

/// Fills version 2's tables from the runs of a store of version 1, which knew no other entry that
/// names an incident.
fn derive_incidents(connection: &Connection) -> Result<(), StoreError> {
    let tables = Tables(connection);
    let opened = query::about(connection, &About::Kind("run_opened"))?;
    for stamped in opened {
        let Some(id) = stamped.entry.incident() else {
            continue;
        };
        if tables.incident(id)?.is_none() {
            let row = IncidentRow {
                index: stamped.index,
                group: None,
                firing: false,
            };
            tables.apply(&Change::Incident(id.to_owned(), row))?;
        }
        tables.apply(&Change::About(stamped.index, id.to_owned()))?;
    }
    Ok(())
}

/// Version 3 keeps the tree's hashes with the entries that added them.
fn move_hashes(connection: &Connection) -> Result<(), StoreError> {
    script(connection, "DROP TRIGGER entry_is_never_changed;")?;
    {
        let mut read = connection
            .prepare("SELECT hash FROM hash WHERE idx >= ?1 AND idx < ?2 ORDER BY idx")
            .map_err(bring)?;
        let mut write = connection
            .prepare("UPDATE entry SET hashes = ?2 WHERE idx = ?1")
            .map_err(bring)?;
        for index in 0..tree::size(connection)? {
            let (from, until) = (
                merkle::first_hash_of(index),
                merkle::first_hash_of(index + 1),
            );
            let hashes = read
                .query_map(params![from, until], |row| row.get::<_, [u8; 32]>(0))
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(bring)?;
            write
                .execute(params![index, hashes.concat()])
                .map_err(bring)?;
        }
    }
    script(
        connection,
        "DROP TABLE hash;
         CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
           BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;",
    )
}
