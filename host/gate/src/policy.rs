//! What may be read and changed, by whose leave: one file of the operator's, read whole.
//! Not an evaluator: [`crate::decide`] weighs a plan against what is read here.
//! Start at [`Policy::parse`], then [`WriteRule`].
//! Invariant: a text with anything wrong in it yields no policy at all.

mod approvals;
mod arguments;
mod backtest;
mod caller;
mod digest;
mod document;
mod errors;
mod fields;
mod glob;
mod model;
mod problem;
mod read;
mod rule;
mod sandbox;
mod table;
mod units;
mod words;

pub use self::caller::{Caller, CallerLimits, Identity};
pub use self::errors::{PolicyError, PolicyErrors, line_column};
pub use self::glob::{Pattern, PatternError};
pub use self::model::{
    Approver, ArgumentLimits, BacktestDemand, Freeze, Group, NeverRule, RateLimits, ReadRule,
    Revoked, RevokedKey, Scalar, WriteRule,
};
pub use self::problem::Problem;
pub use self::read::READ_CAPABILITIES;
pub use self::sandbox::Sandbox;
pub use self::table::{CaseResult, Table};
pub use self::units::{duration_ms, duration_text, size_bytes};

pub(crate) use self::approvals::presence_word;
pub(crate) use self::arguments::observed_argument;

use self::fields::Complaints;
use crate::ids::{HostId, PolicyDigest};
use crate::key::{KnownKeys, SignerKey};
use crate::token::{BadToken, Token};

/// Longest policy, in bytes.
pub const POLICY_BYTES_MAX: usize = 256 * 1024;

/// One policy, and the text that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    text: String,
    digest: PolicyDigest,
    plan_max_age_s: u64,
    undo_window_s: u64,
    approvers: Vec<Approver>,
    known_keys: KnownKeys,
    callers: Vec<Caller>,
    reads: Vec<ReadRule>,
    writes: Vec<WriteRule>,
    nevers: Vec<NeverRule>,
    freezes: Vec<Freeze>,
    revoked: Revoked,
    sandbox: Sandbox,
}

impl Policy {
    /// Reads a policy, or says everything that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, PolicyErrors> {
        Self::read(text, None)
    }

    /// As [`Policy::parse`], and refuses the host's own key as an approver's.
    pub fn parse_for_host(text: &str, host: &HostId) -> Result<Self, PolicyErrors> {
        Self::read(text, Some(host))
    }

    fn read(text: &str, host: Option<&HostId>) -> Result<Self, PolicyErrors> {
        let mut out = Complaints::new(text);
        let policy = document::read(text, host, &mut out);
        match (policy, PolicyErrors::new(out.into_errors())) {
            (Some(policy), None) => Ok(policy),
            (_, Some(errors)) => Err(errors),
            // Every path that yields no policy complains first; were one forgotten, this denies.
            (None, None) => Err(PolicyErrors::unexplained(text)),
        }
    }

    /// The text, byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Of the text, byte for byte.
    pub fn digest(&self) -> PolicyDigest {
        self.digest
    }

    /// How long a plan may wait, in seconds.
    pub fn plan_max_age_s(&self) -> u64 {
        self.plan_max_age_s
    }

    /// How long after its plan was applied an undo needs no fresh token, in seconds.
    pub fn undo_window_s(&self) -> u64 {
        self.undo_window_s
    }

    /// Everyone who may sign.
    pub fn approvers(&self) -> &[Approver] {
        &self.approvers
    }

    /// Everyone who may ask.
    pub fn callers(&self) -> &[Caller] {
        &self.callers
    }

    /// What may be looked at.
    pub fn reads(&self) -> &[ReadRule] {
        &self.reads
    }

    /// What may be changed.
    pub fn writes(&self) -> &[WriteRule] {
        &self.writes
    }

    /// What may never be changed.
    pub fn nevers(&self) -> &[NeverRule] {
        &self.nevers
    }

    /// When changes need one more approval.
    pub fn freezes(&self) -> &[Freeze] {
        &self.freezes
    }

    /// What was taken back.
    pub fn revoked(&self) -> &Revoked {
        &self.revoked
    }

    /// What a component may use up.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// As [`Token::verify`], and sooner where an approver of this policy signed, whose keys were
    /// read with it. It verifies whoever signed: [`crate::decide`] asks who may.
    pub fn verify(&self, token: &[u8]) -> Result<Token, BadToken> {
        Token::verify_knowing(token, &self.known_keys)
    }

    /// The approver whose key this is.
    pub fn approver_of(&self, key: &SignerKey) -> Option<&Approver> {
        self.approvers
            .iter()
            .find(|approver| approver.keys.contains(key))
    }

    /// The caller of that name.
    pub fn caller(&self, name: &str) -> Option<&Caller> {
        self.callers.iter().find(|caller| caller.name == name)
    }

    /// The caller that a local process of this real uid is.
    pub fn caller_by_uid(&self, uid: u32) -> Option<&Caller> {
        self.callers
            .iter()
            .find(|caller| caller.identity == Identity::Uid(uid))
    }

    /// The caller whose bearer token has this SHA-256. Every caller is compared, each in constant
    /// time: how long it takes says nothing of how near a guess came.
    pub fn caller_by_bearer(&self, sha256: &[u8; 32]) -> Option<&Caller> {
        caller::find(
            &self.callers,
            |identity| match identity {
                Identity::BearerSha256(known) => Some(known),
                Identity::Uid(_) | Identity::CertificateSha256(_) | Identity::Named => None,
            },
            sha256,
        )
    }

    /// The caller whose client certificate, in DER, has this SHA-256. Compared as bearer tokens are.
    pub fn caller_by_certificate(&self, sha256: &[u8; 32]) -> Option<&Caller> {
        caller::find(
            &self.callers,
            |identity| match identity {
                Identity::CertificateSha256(known) => Some(known),
                Identity::Uid(_) | Identity::BearerSha256(_) | Identity::Named => None,
            },
            sha256,
        )
    }

    /// The write rule of that name.
    pub fn write(&self, name: &str) -> Option<&WriteRule> {
        self.writes.iter().find(|rule| rule.name == name)
    }

    /// Whether steps of `runbook` get the read interface `capability` linked at all.
    pub fn grants_read(&self, runbook: &str, capability: &str) -> bool {
        self.reads
            .iter()
            .any(|rule| rule.grants(runbook, capability))
    }

    /// Whether steps of `runbook` may read `source` through `capability`.
    pub fn permits_read(&self, runbook: &str, capability: &str, source: &str) -> bool {
        let source = crate::target::escape(source);
        self.reads.iter().any(|rule| {
            rule.grants(runbook, capability)
                && rule.targets.iter().any(|pattern| pattern.matches(&source))
        })
    }

    /// Whether some write rule could let `runbook` ask for `capability`: then it is linked.
    pub fn grants_write(&self, runbook: &str, capability: crate::action::Capability) -> bool {
        let runbook = crate::target::escape(runbook);
        self.writes.iter().any(|rule| {
            rule.capability == capability && rule.runbooks.iter().any(|p| p.matches(&runbook))
        })
    }
}

impl ReadRule {
    fn grants(&self, runbook: &str, capability: &str) -> bool {
        let runbook = crate::target::escape(runbook);
        self.capabilities.iter().any(|known| known == capability)
            && self
                .runbooks
                .iter()
                .any(|pattern| pattern.matches(&runbook))
    }
}

/// Whether `key` is the one that signs the host's checkpoints.
pub(crate) fn is_host_key(host: &HostId, key: &SignerKey) -> bool {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(key.point()) == host.key
}
