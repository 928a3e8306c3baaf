//! The RFC 6962 tree over the journal's entries.
//! Not a store: hashes are read through [`Hashes`] and handed back to be written.
//! Start at [`grow`], then [`root`].
//! Invariant: a leaf is `SHA-256(0x00 || entry bytes)`, a node `SHA-256(0x01 || left || right)`.

use std::fmt;

use tlog_tiles::{HashReader, tlog};

/// A hash of the tree: of a leaf, of an inner node or of the whole.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeHash(pub [u8; 32]);

impl TreeHash {
    /// The hash of one leaf with these bytes.
    pub fn of_leaf(bytes: &[u8]) -> Self {
        Self(tlog::record_hash(bytes).0)
    }

    /// Reads `sha256:` and 64 lower-case hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix("sha256:")?;
        if digits.bytes().any(|b| b.is_ascii_uppercase()) {
            return None;
        }
        let bytes = hex::decode(digits).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }
}

impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex::encode(self.0))
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Size and root of the tree at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeHead {
    /// How many entries the tree has.
    pub size: u64,
    /// Its root hash.
    pub root: TreeHash,
}

/// A hash could not be read, or a proof does not hold.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The place where hashes are kept could not be read or lacks one.
    #[error("the tree's hash {index} cannot be read: {why}")]
    Unreadable {
        /// The hash's place in the storage order.
        index: u64,
        /// What the storage said.
        why: String,
    },
    /// The proof does not lead from the leaf or the older root to the root.
    #[error("the proof does not hold")]
    NoProof,
    /// The entry or the older tree is not inside the tree.
    #[error("{asked} is outside a tree of {size} entries")]
    Outside {
        /// The entry's index or the older tree's size.
        asked: u64,
        /// The tree's size.
        size: u64,
    },
    /// The tree's arithmetic failed.
    #[error("the tree's hashes do not fit together")]
    Math(#[source] tlog::Error),
}

/// Where the tree's stored hashes are read, in the storage order of `tlog_tiles`.
pub trait Hashes {
    /// The hash at this place; an error says why there is none.
    fn hash_at(&self, index: u64) -> Result<TreeHash, String>;
}

/// Hashes held in memory: for verification of a file.
#[derive(Debug, Default)]
pub struct InMemory(Vec<TreeHash>, u64);

impl InMemory {
    /// How many entries have been added.
    pub fn size(&self) -> u64 {
        self.1
    }

    /// Adds the next entry by its leaf hash.
    pub fn push(&mut self, leaf: TreeHash) -> Result<(), TreeError> {
        let new = grow(self, self.1, leaf)?;
        self.0.extend(new);
        self.1 += 1;
        Ok(())
    }

    /// The root over the first `size` entries.
    pub fn root_at(&self, size: u64) -> Result<TreeHash, TreeError> {
        if size > self.1 {
            return Err(TreeError::Outside {
                asked: size,
                size: self.1,
            });
        }
        root(self, size)
    }
}

impl Hashes for InMemory {
    fn hash_at(&self, index: u64) -> Result<TreeHash, String> {
        usize::try_from(index)
            .ok()
            .and_then(|i| self.0.get(i).copied())
            .ok_or_else(|| "there is none".to_owned())
    }
}

/// Lets `tlog_tiles` read our hashes and keeps the first failure, which its own error type cannot
/// carry.
struct Adapter<'a, H: Hashes + ?Sized> {
    hashes: &'a H,
    failed: std::cell::RefCell<Option<(u64, String)>>,
}

impl<H: Hashes + ?Sized> HashReader for Adapter<'_, H> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        let mut found = Vec::with_capacity(indexes.len());
        for &index in indexes {
            match self.hashes.hash_at(index) {
                Ok(hash) => found.push(tlog::Hash(hash.0)),
                Err(why) => {
                    *self.failed.borrow_mut() = Some((index, why));
                    return Err(tlog::Error::IndexesNotInTree);
                }
            }
        }
        Ok(found)
    }
}

fn with<H: Hashes + ?Sized, T>(
    hashes: &H,
    work: impl FnOnce(&Adapter<'_, H>) -> Result<T, tlog::Error>,
) -> Result<T, TreeError> {
    let adapter = Adapter {
        hashes,
        failed: std::cell::RefCell::new(None),
    };
    work(&adapter).map_err(|error| match adapter.failed.take() {
        Some((index, why)) => TreeError::Unreadable { index, why },
        None => TreeError::Math(error),
    })
}

/// Where the hashes of entry `n` begin in the storage order.
pub fn first_hash_of(n: u64) -> u64 {
    tlog::stored_hash_index(0, n)
}

/// The entry that adds the hash at this place, and the hash's place among those it adds: its level.
pub fn completes(index: u64) -> (u64, u64) {
    let (level, n) = tlog::split_stored_hash_index(index);
    (((n + 1) << level) - 1, u64::from(level))
}

/// The hashes to store, from [`first_hash_of`]`(n)` on, when entry `n` with this leaf hash is
/// appended to a tree of `n` entries. The first is the leaf's.
pub fn grow<H: Hashes + ?Sized>(
    hashes: &H,
    n: u64,
    leaf: TreeHash,
) -> Result<Vec<TreeHash>, TreeError> {
    let leaf = tlog::Hash(leaf.0);
    let new = with(hashes, |reader| {
        tlog::stored_hashes_for_record_hash(n, leaf, reader)
    })?;
    Ok(new.into_iter().map(|h| TreeHash(h.0)).collect())
}

/// The root of the tree of the first `size` entries; for none, the hash of the empty string.
pub fn root<H: Hashes + ?Sized>(hashes: &H, size: u64) -> Result<TreeHash, TreeError> {
    Ok(TreeHash(
        with(hashes, |reader| tlog::tree_hash(size, reader))?.0,
    ))
}

/// The proof that entry `n` stands in the tree of `size` entries, leaf's neighbour first.
pub fn prove<H: Hashes + ?Sized>(
    hashes: &H,
    size: u64,
    n: u64,
) -> Result<Vec<TreeHash>, TreeError> {
    if n >= size {
        return Err(TreeError::Outside { asked: n, size });
    }
    let proof = with(hashes, |reader| tlog::prove_record(size, n, reader))?;
    Ok(proof.into_iter().map(|h| TreeHash(h.0)).collect())
}

/// Checks an inclusion proof made by [`prove`].
pub fn check(proof: &[TreeHash], head: &TreeHead, n: u64, leaf: TreeHash) -> Result<(), TreeError> {
    // A proof in a tree of 2^63 entries has 63 hashes; anything longer is not ours to walk.
    if n >= head.size || proof.len() > 64 {
        return Err(TreeError::Outside {
            asked: n,
            size: head.size,
        });
    }
    let proof = proof.iter().map(|h| tlog::Hash(h.0)).collect();
    tlog::check_record(
        &proof,
        head.size,
        tlog::Hash(head.root.0),
        n,
        tlog::Hash(leaf.0),
    )
    .map_err(|_| TreeError::NoProof)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    /// The recursive definition of RFC 6962, section 2.1, word for word: slow and obvious.
    fn by_the_book(leaves: &[Vec<u8>]) -> [u8; 32] {
        match leaves.len() {
            0 => Sha256::digest([]).into(),
            1 => Sha256::digest([&[0], leaves[0].as_slice()].concat()).into(),
            n => {
                let k = n.next_power_of_two() / 2;
                let (left, right) = (by_the_book(&leaves[..k]), by_the_book(&leaves[k..]));
                Sha256::digest([&[1], left.as_slice(), right.as_slice()].concat()).into()
            }
        }
    }

    fn tree(leaves: &[Vec<u8>]) -> InMemory {
        let mut tree = InMemory::default();
        for leaf in leaves {
            tree.push(TreeHash::of_leaf(leaf))
                .expect("memory holds every hash");
        }
        tree
    }

    proptest! {
        #[test]
        fn the_tree_is_the_one_of_the_rfc(
            leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..70)
        ) {
            let tree = tree(&leaves);
            for size in 0..=leaves.len() {
                prop_assert_eq!(
                    tree.root_at(size as u64).unwrap().0,
                    by_the_book(&leaves[..size])
                );
            }
        }

        #[test]
        fn every_entry_is_provable_and_only_as_itself(
            leaves in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 1..40),
            pick in any::<prop::sample::Index>(),
            flip in any::<prop::sample::Index>(),
        ) {
            let tree = tree(&leaves);
            let size = leaves.len() as u64;
            let head = TreeHead { size, root: tree.root_at(size).unwrap() };
            let n = pick.index(leaves.len());
            let leaf = TreeHash::of_leaf(&leaves[n]);
            let mut proof = prove(&tree, size, n as u64).unwrap();
            prop_assert!(check(&proof, &head, n as u64, leaf).is_ok());
            let other = TreeHash::of_leaf(&[leaves[n].as_slice(), b"x"].concat());
            prop_assert!(check(&proof, &head, n as u64, other).is_err());
            if !proof.is_empty() {
                let i = flip.index(proof.len());
                proof[i].0[0] ^= 1;
                prop_assert!(check(&proof, &head, n as u64, leaf).is_err());
            }
        }
    }

    #[test]
    fn every_hash_is_found_with_the_entry_that_adds_it() {
        for n in 0..300 {
            let places = first_hash_of(n)..first_hash_of(n + 1);
            for (level, place) in (0..).zip(places) {
                assert_eq!(completes(place), (n, level));
            }
        }
    }

    #[test]
    fn a_missing_hash_is_named() {
        let error = root(&InMemory::default(), 3).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the tree's hash 2 cannot be read: there is none"
        );
    }

    #[test]
    fn an_entry_outside_the_tree_has_no_proof() {
        let tree = tree(&[b"a".to_vec()]);
        assert!(matches!(
            prove(&tree, 1, 1),
            Err(TreeError::Outside { asked: 1, size: 1 })
        ));
        assert!(tree.root_at(2).is_err());
    }
}
