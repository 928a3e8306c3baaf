//! One decision's inclusion proof: that a host's journal holds it, for someone without the journal.
//! Not a proof of what happened: only of what the host has written and signed.
//! Start at [`prove`] and [`check`].

use std::path::Path;

use interlock_gate::canonical::{self, NotCanonical};
use interlock_gate::ids::PlanDigest;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::checkpoint::{CheckpointError, HostPublic, Signed};
use crate::entry::{BadEntry, Entry, Stamped, decode, encode};
use crate::error::StoreError;
use crate::merkle::{self, TreeError, TreeHash};
use crate::sqlite::Snapshot;

/// The schema of a proof.
pub const PROOF_SCHEMA: &str = "interlock.proof.v1";
/// One proof, in bytes: an entry, and some thirty hashes.
pub const PROOF_BYTES_MAX: usize = crate::entry::ENTRY_BYTES_MAX + 64 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofText {
    schema: String,
    plan: PlanDigest,
    /// The entry's place.
    index: u64,
    /// The entry, whole: its canonical bytes are the leaf.
    entry: Value,
    /// The neighbours' hashes from the leaf to the root, `sha256:` and hex.
    hashes: Vec<String>,
    /// The signed checkpoint whose root they lead to.
    checkpoint: String,
}

/// A decision that is shown to stand in a host's journal.
#[derive(Debug)]
pub struct Proved {
    /// The plan it is about.
    pub plan: PlanDigest,
    /// The entry.
    pub entry: Stamped,
    /// The checkpoint that covers it.
    pub checkpoint: Signed,
}

/// A proof could not be made, or does not hold.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing was decided about the plan yet.
    #[error("nothing was decided about plan `{0}` yet")]
    NoDecision(PlanDigest),
    /// The host has not signed that far.
    #[error("no checkpoint covers entry {index} yet")]
    NotSigned {
        /// The entry.
        index: u64,
    },
    /// Not a proof of this version.
    #[error("not a proof: {0}")]
    Form(#[from] NotCanonical),
    /// The entry inside cannot be read.
    #[error("the entry of the proof cannot be read")]
    Entry(#[from] BadEntry),
    /// The checkpoint inside does not hold.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The hashes do not lead to the root.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The entry is about something else.
    #[error("the entry of the proof is not about plan `{0}`")]
    OtherPlan(PlanDigest),
}

/// The proof of the plan's decision: of the intent that redeemed its approvals; without one, of its
/// newest token or refusal.
pub fn prove(folder: &Path, host: &HostPublic, plan: &PlanDigest) -> Result<Vec<u8>, ProofError> {
    let snapshot = Snapshot::open(folder)?;
    let about = snapshot.about(plan)?;
    let redeemed = about.iter().find(|e| {
        matches!(
            e.entry,
            Entry::Intent {
                redeems: Some(_),
                ..
            }
        )
    });
    let decided = |e: &&Stamped| matches!(e.entry, Entry::Token { .. } | Entry::Refused { .. });
    let found = redeemed.or_else(|| about.iter().rev().find(decided));
    let Stamped { index, at, entry } = found.ok_or(ProofError::NoDecision(*plan))?;
    let note = snapshot
        .checkpoint_over(index + 1)?
        .ok_or(ProofError::NotSigned { index: *index })?;
    let head = Signed::verify(&note, host)?.head();
    let hashes = snapshot.prove(head.size, *index)?;
    let bytes = encode(entry, *at)?;
    let proof = ProofText {
        schema: PROOF_SCHEMA.to_owned(),
        plan: *plan,
        index: *index,
        entry: canonical::from_bytes_within(&bytes, PROOF_BYTES_MAX)?,
        hashes: hashes.iter().map(TreeHash::to_string).collect(),
        checkpoint: String::from_utf8_lossy(&note).into_owned(),
    };
    Ok(canonical::to_bytes_within(&proof, PROOF_BYTES_MAX)?)
}

/// Checks a proof with the host's public key alone.
pub fn check(bytes: &[u8], host: &HostPublic) -> Result<Proved, ProofError> {
    let proof: ProofText = canonical::from_bytes_within(bytes, PROOF_BYTES_MAX)?;
    let unread = |what: &str| NotCanonical::Json(serde::de::Error::custom(what));
    if proof.schema != PROOF_SCHEMA {
        return Err(unread("another schema").into());
    }
    let checkpoint = Signed::verify(proof.checkpoint.as_bytes(), host)?;
    let leaf = canonical::to_bytes_within(&proof.entry, PROOF_BYTES_MAX)?;
    let hashes: Option<Vec<TreeHash>> = proof.hashes.iter().map(|h| TreeHash::parse(h)).collect();
    let hashes = hashes.ok_or_else(|| unread("a hash is not `sha256:` and 64 hex digits"))?;
    merkle::check(
        &hashes,
        &checkpoint.head(),
        proof.index,
        TreeHash::of_leaf(&leaf),
    )?;
    let (at, entry) = decode(&leaf)?;
    if entry.plan() != Some(proof.plan) {
        return Err(ProofError::OtherPlan(proof.plan));
    }
    let entry = Stamped {
        index: proof.index,
        at,
        entry,
    };
    Ok(Proved {
        plan: proof.plan,
        entry,
        checkpoint,
    })
}
