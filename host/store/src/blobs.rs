//! Bytes kept by their digest: cassettes, reports, evidence.
//! Not part of the tree: entries hold the digests, so a changed blob is found out.

use interlock_gate::ids::BlobDigest;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{StoreError, sql};
use crate::store::{BLOB_BYTES_MAX, Blob};

/// Larger ones go to their place at once: to move them costs more than a page of the index.
const FRESH_BYTES_MAX: usize = 64 * 1024;
/// So many lie apart from the index at most: bytes that are asked for are looked for among them.
pub(crate) const FRESH_MAX: u64 = 1_024;

/// Puts bytes into an open transaction. Those that are there already are not written again.
pub(crate) fn put(connection: &Connection, blob: &Blob) -> Result<(), StoreError> {
    let (digest, bytes) = (blob.digest(), blob.bytes());
    if bytes.len() > BLOB_BYTES_MAX {
        return Err(StoreError::BlobTooLarge {
            bytes: bytes.len(),
            max: BLOB_BYTES_MAX,
        });
    }
    let text = if bytes.len() > FRESH_BYTES_MAX {
        "INSERT INTO blob (digest, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
    } else {
        // A page of the index for each digest, which is any page, is most of what a short run would
        // write: here they lie one behind the other.
        "INSERT INTO fresh (digest, bytes) VALUES (?1, ?2)"
    };
    connection
        .prepare_cached(text)
        .and_then(|mut statement| statement.execute(params![digest.raw(), bytes]))
        .map_err(sql("write the store"))?;
    Ok(())
}

/// How many lie apart from the index.
pub(crate) fn fresh(connection: &Connection) -> Result<u64, StoreError> {
    connection
        .prepare_cached("SELECT coalesce(max(id), 0) FROM fresh")
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(sql("read the store"))
}

/// Moves those that lie apart to their places.
pub(crate) fn settle(connection: &Connection) -> Result<(), StoreError> {
    connection
        .execute_batch(
            "INSERT INTO blob (digest, bytes) SELECT digest, bytes FROM fresh WHERE true \
             ORDER BY digest ON CONFLICT DO NOTHING; DELETE FROM fresh;",
        )
        .map_err(sql("write the store"))
}

/// Whether these bytes are kept.
pub(crate) fn held(connection: &Connection, digest: &BlobDigest) -> Result<bool, StoreError> {
    connection
        .prepare_cached(
            "SELECT 1 FROM blob WHERE digest = ?1 UNION ALL \
             SELECT 1 FROM fresh WHERE digest = ?1 LIMIT 1",
        )
        .and_then(|mut statement| statement.exists([digest.raw()]))
        .map_err(sql("read the store"))
}

/// Kept bytes, checked.
pub(crate) fn get(
    connection: &Connection,
    digest: &BlobDigest,
) -> Result<Option<Vec<u8>>, StoreError> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached(
            "SELECT bytes FROM blob WHERE digest = ?1 UNION ALL \
             SELECT bytes FROM fresh WHERE digest = ?1 LIMIT 1",
        )
        .and_then(|mut statement| {
            statement
                .query_row([digest.raw()], |row| row.get(0))
                .optional()
        })
        .map_err(sql("read the store"))?;
    match bytes {
        Some(bytes) if BlobDigest::of(&bytes) != *digest => Err(StoreError::BlobDamaged {
            digest: digest.to_string(),
        }),
        other => Ok(other),
    }
}
