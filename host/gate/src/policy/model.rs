//! What a policy says, once it has been read. Nothing here decides anything.

use std::collections::BTreeMap;

use super::glob::Pattern;
use crate::action::Capability;
use crate::ids::{BlobDigest, PersonName, PlanDigest, RuleDigest};
use crate::key::SignerKey;
use crate::sshsig::Presence;
use crate::time::Time;

/// A person who may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approver {
    /// Their name, as tokens carry it.
    pub name: PersonName,
    /// Every key of theirs; a person counts once, whatever keys they hold.
    pub keys: Vec<SignerKey>,
    /// What they may sign for.
    pub roles: Vec<String>,
}

/// What steps may look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadRule {
    /// The runbooks it is for.
    pub runbooks: Vec<Pattern>,
    /// Names of read interfaces.
    pub capabilities: Vec<String>,
    /// The configured sources, by name.
    pub targets: Vec<Pattern>,
}

/// What may be changed, by whose leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteRule {
    /// Unique in its policy.
    pub name: String,
    /// Of the rule's canonical form without its limits, which are today's.
    pub digest: RuleDigest,
    /// The runbooks it is for.
    pub runbooks: Vec<Pattern>,
    /// The capability it grants.
    pub capability: Capability,
    /// The targets it covers.
    pub targets: Vec<Pattern>,
    /// What the arguments may be; an argument that is not named may be anything.
    pub arguments: BTreeMap<String, ArgumentLimits>,
    /// Every group must be filled; never empty.
    pub groups: Vec<Group>,
    /// How often.
    pub limits: RateLimits,
    /// What the runbook's reading steps must have been shown to get right, where it says so.
    pub backtest: Option<BacktestDemand>,
    /// Said of capabilities that observe no target, and only of them.
    pub unconditional: bool,
}

/// What a kept backtest of the very bytes that read for a plan must show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BacktestDemand {
    /// At least so many incidents whose cause is known, 1 or more.
    pub cases: u32,
    /// The first cause named is right in at least so many of them, in percent.
    pub top1_percent: u32,
    /// At most so many of the confident diagnoses are wrong, in percent.
    pub confident_wrong_percent: u32,
    /// The one corpus that counts, by its digest; `None`: any.
    pub corpus: Option<BlobDigest>,
}

/// What one argument may be. All that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArgumentLimits {
    /// Exactly one of these.
    pub one_of: Option<Vec<Scalar>>,
    /// None of these.
    pub not: Option<Vec<Scalar>>,
    /// At least this.
    pub min: Option<i64>,
    /// At most this.
    pub max: Option<i64>,
    /// At most this far from the observed value, in percent of it.
    pub max_change_percent: Option<i64>,
}

/// A value that an argument is compared with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scalar {
    /// Text, compared byte by byte.
    Text(String),
    /// A whole number.
    Integer(i64),
}

/// Seats to be filled by different people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How many, at least 1.
    pub need: u32,
    /// Each seat's person holds one of these.
    pub roles: Vec<String>,
    /// How long a token counts after it was issued, in seconds.
    pub max_age_s: u64,
    /// What the signature must show of a person.
    pub presence: Presence,
    /// Whether everyone who stands behind the request is left out.
    pub not_requester: bool,
}

/// How much one rule permits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Actions of one plan, skipped ones out.
    pub per_run: Option<u32>,
    /// Intents over all runs of the store, within the last hour.
    pub per_hour: Option<u32>,
}

/// What no approval overrides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeverRule {
    /// The capability it forbids.
    pub capability: Capability,
    /// On these targets.
    pub targets: Vec<Pattern>,
}

/// A time in which every plan needs one more approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freeze {
    /// Its name.
    pub name: String,
    /// From this instant on.
    pub from: Time,
    /// Until just before this instant.
    pub until: Time,
    /// Who may give the additional approval; empty where nobody may.
    pub except_roles: Vec<String>,
}

impl Freeze {
    /// Whether it is on at `now`.
    pub fn covers(&self, now: Time) -> bool {
        self.from <= now && now < self.until
    }
}

/// What was taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Revoked {
    /// Keys, by their bytes or by fingerprint.
    pub keys: Vec<RevokedKey>,
    /// Plans that may not be applied whatever was signed.
    pub plans: Vec<PlanDigest>,
}

/// A key that no longer counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RevokedKey {
    /// By its bytes.
    Key(SignerKey),
    /// By its `SHA256:` fingerprint.
    Fingerprint(String),
}

impl RevokedKey {
    /// Whether `key` is the one.
    pub fn is(&self, key: &SignerKey) -> bool {
        match self {
            Self::Key(revoked) => revoked.point() == key.point(),
            Self::Fingerprint(revoked) => *revoked == key.fingerprint(),
        }
    }
}
