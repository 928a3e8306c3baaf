//! One unchanging view of a store, for those who only look.
//! Not an open store: it takes no lock, checks nothing and writes nothing.

use std::path::Path;

use interlock_gate::ids::{BlobDigest, PlanDigest};
use rusqlite::{Connection, OptionalExtension};

use crate::blobs;
use crate::checkpoint::CHECKPOINT_BYTES_MAX;
use crate::entry::Stamped;
use crate::error::{StoreError, sql};
use crate::fold::Rows;
use crate::merkle::{self, Hashes as _, TreeHash};
use crate::own_file;

use super::open::{self, Places, Use};
use super::query::{self, About, first_difference};
use super::rows::Tables;
use super::tree::{self, SqlHashes};

/// A read transaction over a store's file.
pub(crate) struct Snapshot {
    places: Places,
    connection: Connection,
}

impl Snapshot {
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        let places = Places::existing(folder)?;
        let connection = open::connect(&places, Use::Read)?;
        connection
            .execute_batch("BEGIN")
            .map_err(sql("read the store"))?;
        Ok(Self { places, connection })
    }

    pub(crate) fn size(&self) -> Result<u64, StoreError> {
        tree::size(&self.connection)
    }

    /// Every entry in order: its bytes where they are there, and the leaf hash kept for it. Where
    /// that is missing too, the bytes' own hash stands for it, and the roots will tell.
    pub(crate) fn each_entry<E: From<StoreError>>(
        &mut self,
        mut take: impl FnMut(Option<&[u8]>, TreeHash) -> Result<(), E>,
    ) -> Result<(), E> {
        for index in 0..self.size()? {
            let bytes = tree::bytes_at(&self.connection, index)?;
            let kept = SqlHashes(&self.connection).hash_at(merkle::first_hash_of(index));
            let own = || TreeHash::of_leaf(bytes.as_deref().unwrap_or_default());
            take(bytes.as_deref(), kept.unwrap_or_else(|_| own()))?;
        }
        Ok(())
    }

    /// Whether the bytes of this digest are kept, and are those.
    pub(crate) fn keeps(&self, digest: &BlobDigest) -> Result<bool, StoreError> {
        Ok(matches!(blobs::get(&self.connection, digest), Ok(Some(_))))
    }

    /// The signed checkpoints, shortest tree first.
    pub(crate) fn checkpoints(&self) -> Result<Vec<Vec<u8>>, StoreError> {
        self.connection
            .prepare("SELECT note FROM checkpoint ORDER BY size")
            .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
            .map_err(sql("read the store"))
    }

    /// The shortest checkpoint that covers this many entries.
    pub(crate) fn checkpoint_over(&self, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.connection
            .prepare("SELECT note FROM checkpoint WHERE size >= ?1 ORDER BY size LIMIT 1")
            .and_then(|mut statement| statement.query_row([size], |row| row.get(0)).optional())
            .map_err(sql("read the store"))
    }

    /// The checkpoint outside the store.
    pub(crate) fn outside(&self) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(own_file::read(
            &self.places.checkpoint(),
            CHECKPOINT_BYTES_MAX,
        )?)
    }

    /// Every entry about a plan, in order.
    pub(crate) fn about(&self, plan: &PlanDigest) -> Result<Vec<Stamped>, StoreError> {
        query::about(&self.connection, &About::Plan(plan))
    }

    /// The proof that entry `n` stands in the tree of `size` entries.
    pub(crate) fn prove(&self, size: u64, n: u64) -> Result<Vec<TreeHash>, StoreError> {
        Ok(merkle::prove(&SqlHashes(&self.connection), size, n)?)
    }

    /// Where the store differs from what its entries give: its tree, its rows, its kept bytes.
    pub(crate) fn differences(
        &self,
        root: TreeHash,
        rows: &Rows,
    ) -> Result<Vec<String>, StoreError> {
        let mut found = Vec::new();
        match merkle::root(&SqlHashes(&self.connection), self.size()?) {
            Ok(stored) if stored == root => {}
            Ok(_) => found.push("the store's inner hashes do not give the journal's root".into()),
            Err(error) => found.push(error.to_string()),
        }
        let differs = Tables(&self.connection)
            .load()
            .and_then(|held| first_difference(&held, rows));
        if let Err(error) = differs {
            found.push(error.to_string());
        }
        let mut statement = self
            .connection
            .prepare("SELECT digest, bytes FROM blob UNION ALL SELECT digest, bytes FROM fresh")
            .map_err(sql("read the store"))?;
        let mut blobs = statement.query([]).map_err(sql("read the store"))?;
        while let Some(row) = blobs.next().map_err(sql("read the store"))? {
            let read = || Ok((row.get::<_, [u8; 32]>(0)?, row.get::<_, Vec<u8>>(1)?));
            let (digest, bytes) = read().map_err(sql("read the store"))?;
            let digest = BlobDigest::from_raw(digest);
            if BlobDigest::of(&bytes) != digest {
                let damaged = StoreError::BlobDamaged {
                    digest: digest.to_string(),
                };
                found.push(damaged.to_string());
            }
        }
        Ok(found)
    }
}
