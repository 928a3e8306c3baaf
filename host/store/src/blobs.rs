//! Bytes kept by their digest: cassettes, reports, evidence.
//! Not part of the tree: entries hold the digests, so a changed blob is found out.

use interlock_gate::ids::BlobDigest;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{StoreError, sql};
use crate::store::{BLOB_BYTES_MAX, Blob};

/// Puts bytes into an open transaction. Those that are there already are not written again.
pub(crate) fn put(connection: &Connection, blob: &Blob) -> Result<(), StoreError> {
    let (digest, bytes) = (blob.digest(), blob.bytes());
    if bytes.len() > BLOB_BYTES_MAX {
        return Err(StoreError::BlobTooLarge {
            bytes: bytes.len(),
            max: BLOB_BYTES_MAX,
        });
    }
    connection
        .prepare_cached("INSERT INTO blob (digest, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
        .and_then(|mut statement| statement.execute(params![digest.raw(), bytes]))
        .map_err(sql("write the store"))?;
    Ok(())
}

/// Kept bytes, checked.
pub(crate) fn get(
    connection: &Connection,
    digest: &BlobDigest,
) -> Result<Option<Vec<u8>>, StoreError> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT bytes FROM blob WHERE digest = ?1")
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
