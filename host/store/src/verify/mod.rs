//! Says whether a journal is what its host signed, and names the first entry that is not.
//! Not an opinion about the world: what no signature covers is called unverifiable.
//! Start at [`Verifier`]; [`verify_store`] and [`verify_export`] feed it.
//! Invariant: only entries, checkpoints and the host's public key go in.

mod approvals;
mod sources;
mod statements;
mod verdict;

pub(crate) use approvals::approver_signed;
pub use sources::{Anchors, VerifyError, verify_export, verify_store};
pub use verdict::{Assurance, Bad, Counts, FirstBad, Verdict};

use std::collections::BTreeSet;

use approvals::{Approvals, Checked};
use interlock_gate::ids::PlanDigest;
use interlock_gate::token::Token;

use crate::checkpoint::{HostPublic, Signed};
use crate::entry::{Entry, Stamped, decode};
use crate::fold::{Fold, Rows};
use crate::merkle::{InMemory, TreeError, TreeHash};

/// Reads a journal once, from its first entry, then its checkpoints, then what was kept outside.
pub struct Verifier {
    host: HostPublic,
    /// By the leaf hashes that the source claims: signed roots tell which of those are true.
    tree: InMemory,
    fold: Fold,
    approvals: Approvals,
    first_bad: Option<FirstBad>,
    problems: Vec<String>,
    unverifiable: Vec<String>,
    counts: Counts,
    /// Sizes of the checkpoints that hold, and of the oldest that does not.
    good: BTreeSet<u64>,
    oldest_bad: Option<u64>,
    outside: u64,
}

impl Verifier {
    /// For the journal of this host.
    pub fn new(host: HostPublic) -> Self {
        Self {
            approvals: Approvals::new(host.id()),
            host,
            tree: InMemory::default(),
            fold: Fold::default(),
            first_bad: None,
            problems: Vec::new(),
            unverifiable: Vec::new(),
            counts: Counts::default(),
            good: BTreeSet::new(),
            oldest_bad: None,
            outside: 0,
        }
    }

    fn bad(&mut self, first: u64, last: u64, what: Bad) {
        if self.first_bad.as_ref().is_none_or(|bad| first < bad.first) {
            self.first_bad = Some(FirstBad { first, last, what });
        }
    }

    /// Says that something is wrong which is no entry's fault.
    pub fn problem(&mut self, what: String) {
        self.problems.push(what);
    }

    /// The next entry: its bytes, `None` where they are missing, and the leaf hash kept for it.
    pub fn entry(&mut self, bytes: Option<&[u8]>, leaf: TreeHash) -> Result<(), TreeError> {
        let index = self.tree.size();
        self.tree.push(leaf)?;
        let found = match bytes {
            None => Err(Bad::Missing),
            Some(bytes) if TreeHash::of_leaf(bytes) != leaf => Err(Bad::Changed),
            Some(bytes) => decode(bytes).map_err(Bad::Entry),
        };
        // What follows a bad entry cannot be judged by what is in front of it.
        if self.first_bad.is_some() {
            return Ok(());
        }
        let taken = found.and_then(|(at, entry)| self.take(Stamped { index, at, entry }));
        if let Err(what) = taken {
            self.bad(index, index, what);
        }
        Ok(())
    }

    fn take(&mut self, next: Stamped) -> Result<(), Bad> {
        if let Entry::StoreOpened { host, .. } = &next.entry
            && *host != self.host.id()
        {
            return Err(Bad::OtherHost {
                origin: host.origin.clone(),
            });
        }
        self.check_plan_s_checkpoint(&next)?;
        let state = next
            .entry
            .plan()
            .and_then(|plan| self.fold.rows().plans.get(&plan));
        match self.approvals.check(&next, state.map(|row| row.state)) {
            Checked::Nothing => {}
            Checked::Holds(approvals) => self.counts.redeemed += approvals,
            Checked::Fails(reasons) => return Err(Bad::Approval { reasons }),
            Checked::Needs(what) => {
                self.unverifiable.push(format!(
                    "the approvals of entry {}: needs {what}",
                    next.index
                ));
            }
        }
        statements::check(&next.entry, self.approvals.policy()).map_err(Bad::Statement)?;
        self.fold.push(&next).map_err(Bad::OutOfPlace)?;
        self.approvals.push(&next).map_err(|_| Bad::Outcome)?;
        self.counts.add(&next.entry);
        Ok(())
    }

    /// A plan says how far the journal reached when it was made; its signer vouches for that.
    fn check_plan_s_checkpoint(&self, next: &Stamped) -> Result<(), Bad> {
        let Entry::Planned { plan } = &next.entry else {
            return Ok(());
        };
        let said = &plan.body().checkpoint;
        let root = self.tree.root_at(said.size).map(|root| hex::encode(root.0));
        if said.size <= next.index && root.is_ok_and(|root| root == said.root) {
            return Ok(());
        }
        Err(Bad::PlanCheckpoint { size: said.size })
    }

    /// A checkpoint of the journal's own.
    pub fn checkpoint(&mut self, note: &[u8]) {
        match Signed::verify(note, &self.host) {
            Ok(signed) => drop(self.weigh(&signed)),
            Err(error) => self.problem(format!("a checkpoint of the journal: {error}")),
        }
    }

    /// Whether the tree has this root at this size.
    fn weigh(&mut self, signed: &Signed) -> bool {
        let head = signed.head();
        let holds = self
            .tree
            .root_at(head.size)
            .is_ok_and(|root| root == head.root);
        if holds {
            self.good.insert(head.size);
        } else {
            self.oldest_bad = Some(self.oldest_bad.map_or(head.size, |old| old.min(head.size)));
        }
        holds
    }

    /// A checkpoint that somebody kept outside the host.
    pub fn anchor_checkpoint(&mut self, name: &str, note: &[u8]) {
        match Signed::verify(note, &self.host) {
            Err(error) => self.problem(format!("`{name}`: {error}")),
            Ok(signed) => {
                let size = signed.head().size;
                if self.weigh(&signed) {
                    self.outside = self.outside.max(size);
                } else {
                    self.problem(format!(
                        "`{name}`: the journal does not extend this checkpoint of {size} entries"
                    ));
                }
            }
        }
    }

    /// What the entries add up to, to be compared with what a store says.
    pub(crate) fn rows(&self) -> &Rows {
        self.fold.rows()
    }

    /// The root by the leaf hashes, to be compared with what a store says.
    pub(crate) fn root(&self) -> Result<TreeHash, TreeError> {
        self.tree.root_at(self.tree.size())
    }

    /// A token that somebody kept outside the host: the journal must hold it, and the plan it signs
    /// names a root that the journal had.
    pub fn anchor_token(&mut self, name: &str, bytes: &[u8]) {
        let token = match Token::verify(bytes) {
            Ok(token) => token,
            Err(error) => return self.problem(format!("`{name}`: {error}")),
        };
        let plan = token.payload().plan;
        match self.place_of(&token, plan) {
            Some(reached) => self.outside = self.outside.max(reached),
            None => self.problem(format!("`{name}`: the journal does not hold this token")),
        }
    }

    /// How far the journal is shown to reach by a token that it holds.
    fn place_of(&self, token: &Token, plan: PlanDigest) -> Option<u64> {
        let rows = self.fold.rows();
        rows.tokens.get(&token.digest())?;
        rows.plans.get(&plan)?;
        self.approvals.checkpoint_size_of(&plan)
    }

    /// The verdict.
    pub fn finish(mut self) -> Verdict {
        let size = self.tree.size();
        let signed = self.good.last().copied().unwrap_or(0);
        match self.oldest_bad {
            Some(bad) if bad > size => self.problem(format!(
                "the journal has {size} entries, and its host has signed {bad}: it was cut"
            )),
            Some(bad) => {
                // After the newest checkpoint below it that holds.
                let first = self.good.range(..bad).next_back().copied().unwrap_or(0);
                self.bad(
                    first,
                    bad.saturating_sub(1).max(first),
                    Bad::NotSigned { size: bad },
                );
            }
            None => {}
        }
        if signed < size {
            let more = size - signed;
            let line = format!("the last {more} of {size} entries: needs a later checkpoint");
            self.unverifiable.push(line);
        }
        let newest_at = usize::try_from(signed)
            .ok()
            .and_then(|size| self.approvals.time_of(size.checked_sub(1)?));
        let assurance = match (signed, self.outside) {
            (0, _) => Assurance::None,
            (_, 0) => Assurance::Local,
            (_, size) => Assurance::Witnessed { size },
        };
        self.counts.in_doubt = self
            .fold
            .rows()
            .intents
            .values()
            .filter(|row| {
                row.outcome
                    .as_deref()
                    .is_none_or(|outcome| outcome == "unknown")
            })
            .count() as u64;
        Verdict {
            entries: size,
            root: self.tree.root_at(size).ok(),
            signed,
            signed_at: newest_at,
            first_bad: self.first_bad,
            problems: self.problems,
            unverifiable: self.unverifiable,
            counts: self.counts,
            assurance,
        }
    }
}
