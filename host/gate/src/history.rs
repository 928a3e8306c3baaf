//! What the journal already holds of a plan, as the gate needs to know it.
//! Not the journal: the store folds its entries into this, at one size of the tree.

use serde::{Deserialize, Serialize};

use crate::ids::{BlobDigest, PlanDigest, TokenDigest};
use crate::key::SignerKey;
use crate::plan::StepBytes;
use crate::revision::Revision;
use crate::state::PlanState;
use crate::time::Time;
use crate::token::Nonce;

/// What may be redeemed of a plan, each once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Carry it out.
    Apply,
    /// Take it back.
    Undo,
}

impl Kind {
    /// Its word in entries and documents.
    pub fn word(self) -> &'static str {
        match self {
            Self::Apply => "apply",
            Self::Undo => "undo",
        }
    }
}

/// The journal's view of one plan, at one size of its tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// Entries of the journal when this was read.
    pub size: u64,
    /// The time of its last entry; time never runs back behind it.
    pub last_entry_at: Option<Time>,
    /// Where the plan stands.
    pub state: PlanState,
    /// The plan was redeemed for carrying it out: when, and by which tokens.
    pub applied: Option<Redemption>,
    /// The plan was redeemed for taking it back: when, and by which tokens.
    pub undone: Option<Redemption>,
    /// When the last outcome of carrying it out was recorded; the undo window runs from here.
    pub ended_at: Option<Time>,
    /// Acts that were `done`, in the order of their acting.
    pub done: Vec<DoneAct>,
    /// Every token that any plan redeemed, by key and nonce; those of the tokens at hand suffice.
    pub spent: Vec<SpentToken>,
    /// Intents of all runs within the last hour; more do no harm.
    pub intents: Vec<PastIntent>,
    /// Backtests of the plan's runbook that were kept, the newest last; of others do no harm.
    pub backtests: Vec<PastBacktest>,
}

/// What a kept backtest came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastBacktest {
    /// The runbook.
    pub runbook: String,
    /// The reading steps that ran, with their bytes.
    pub components: Vec<StepBytes>,
    /// The digest of the incidents that they ran on.
    pub corpus: BlobDigest,
    /// Incidents whose cause is known.
    pub cases: u32,
    /// Those where the first cause named is right.
    pub right: u32,
    /// Those where the first cause named was held with confidence.
    pub confident: u32,
    /// Those of the confident where it is wrong.
    pub confident_wrong: u32,
}

/// One redemption of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redemption {
    /// When.
    pub at: Time,
    /// The tokens that were redeemed.
    pub tokens: Vec<TokenDigest>,
}

/// An act whose outcome was `done`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoneAct {
    /// Its place in the plan's list of actions, from 0.
    pub index: u16,
    /// The revision after it, which its undo expects to find.
    pub after: Revision,
}

/// A token that was redeemed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpentToken {
    /// The key that signed it.
    pub signer: SignerKey,
    /// Its nonce.
    pub nonce: Nonce,
    /// Of its payload: another payload under the same nonce is another token.
    pub token: TokenDigest,
    /// The plan it was redeemed for.
    pub plan: PlanDigest,
}

/// An intent that some run recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastIntent {
    /// The name of the write rule that permitted it.
    pub rule: String,
    /// When.
    pub at: Time,
}

impl History {
    /// Of a plan that was only just recorded, in a journal of `size` entries.
    pub fn fresh(size: u64) -> Self {
        Self {
            size,
            last_entry_at: None,
            state: PlanState::Waiting,
            applied: None,
            undone: None,
            ended_at: None,
            done: Vec::new(),
            spent: Vec::new(),
            intents: Vec::new(),
            backtests: Vec::new(),
        }
    }
}
