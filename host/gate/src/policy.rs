//! What may be read and changed, by whose leave: one file of the operator's, read whole.
//! Not an evaluator: [`crate::decide`] weighs a plan against what is read here.
//! Start at [`Policy::parse`], then [`WriteRule`].
//! Invariant: a text with anything wrong in it yields no policy at all.

mod fields;
mod glob;
mod model;
mod problem;
mod read;
mod rule;
mod sandbox;
mod table;
mod units;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::DeTable;

pub use self::glob::{Pattern, PatternError};
pub use self::model::{
    Approver, ArgumentLimits, Caller, Freeze, Group, Identity, NeverRule, RateLimits, ReadRule,
    Revoked, RevokedKey, Scalar, WriteRule,
};
pub use self::problem::{PolicyError, PolicyErrors, Problem, line_column};
pub use self::read::READ_CAPABILITIES;
pub use self::sandbox::Sandbox;
pub use self::table::{CaseResult, Table};
pub use self::units::{duration_ms, duration_text, size_bytes};

pub(crate) use self::rule::{observed_argument, presence_word};

use self::fields::{Complaints, Fields};
use crate::ids::{HostId, PolicyDigest};
use crate::key::SignerKey;

/// Longest policy, in bytes.
pub const POLICY_BYTES_MAX: usize = 256 * 1024;

const PLAN_MAX_AGE_S_DEFAULT: u64 = 3_600;
const UNDO_WINDOW_S_DEFAULT: u64 = 3_600;

/// One policy, and the text that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    text: String,
    digest: PolicyDigest,
    plan_max_age_s: u64,
    undo_window_s: u64,
    approvers: Vec<Approver>,
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
        let policy = read_document(text, host, &mut out);
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

    /// The caller whose bearer token has this SHA-256, 64 lower-case hex digits.
    pub fn caller_by_bearer(&self, sha256: &str) -> Option<&Caller> {
        self.callers.iter().find(|caller| match &caller.identity {
            Identity::BearerSha256(known) => known == sha256,
            Identity::Uid(_) | Identity::Named => false,
        })
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

fn read_document(text: &str, host: Option<&HostId>, out: &mut Complaints<'_>) -> Option<Policy> {
    if text.len() > POLICY_BYTES_MAX {
        out.add(
            Problem::TooLong {
                max_bytes: POLICY_BYTES_MAX,
            },
            0..0,
        );
        return None;
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors.into_iter().take(20) {
            let words = error.message().to_owned();
            out.add(Problem::Syntax { words }, error.span().unwrap_or(0..0));
        }
        return None;
    }
    let mut top = Fields::new("a policy", document.get_ref(), 0..0);
    let version = top.need("version", out);
    if let Some(value) = version
        && fields::plain_integer(value.get_ref()) != Some(1)
    {
        out.add(Problem::Version, value.span());
    }
    let mut seconds = |key: &'static str, default: u64, out: &mut Complaints<'_>| {
        top.take(key)
            .and_then(|value| fields::duration_ms(key, value, ("1s", "7d"), out))
            .map_or(default, |ms| ms / 1_000)
    };
    let plan_max_age_s = seconds("plan_max_age", PLAN_MAX_AGE_S_DEFAULT, out);
    let undo_window_s = seconds("undo_window", UNDO_WINDOW_S_DEFAULT, out);

    let mut sections = |key: &'static str, out: &mut Complaints<'_>| {
        let found = read::tables(key, top.take(key), out);
        (found, key)
    };
    let (approver_tables, _) = sections("approver", out);
    let (caller_tables, _) = sections("caller", out);
    let (read_tables, _) = sections("read", out);
    let (write_tables, _) = sections("write", out);
    let (never_tables, _) = sections("never", out);
    let (freeze_tables, _) = sections("freeze", out);

    let approvers = approvers(approver_tables, host, out);
    let callers = callers(caller_tables, out);
    let reads = each(read_tables, out, read::read_rule);
    let writes = once_each("the write rule", write_tables, out, rule::read_write, |w| {
        &w.name
    });
    let nevers = each(never_tables, out, rule::read_never);
    let freezes = once_each("the freeze", freeze_tables, out, read::freeze, |f| &f.name);
    let mut revoked = Revoked::default();
    if let Some(value) = top.take("revoked")
        && let Some(table) = fields::table("revoked", value, out)
    {
        revoked = read::revoked(table, value.span(), out);
    }
    let mut sandbox = Sandbox::default();
    if let Some(value) = top.take("sandbox")
        && let Some(table) = fields::table("sandbox", value, out)
    {
        sandbox = read::sandbox(table, value.span(), out);
    }
    if let Some(value) = top.take("trust") {
        out.add(Problem::Trust, trust_span(value));
    }
    top.finish(out);
    Some(Policy {
        text: text.to_owned(),
        digest: PolicyDigest::of(text.as_bytes()),
        plan_max_age_s,
        undo_window_s,
        approvers,
        callers,
        reads,
        writes,
        nevers,
        freezes,
        revoked,
        sandbox,
    })
}

/// The first `[[trust]]`, where it is an array of tables.
fn trust_span(value: &toml::Spanned<toml::de::DeValue<'_>>) -> Range<usize> {
    let first = value
        .get_ref()
        .as_array()
        .and_then(|items| items.iter().next());
    first.map_or_else(|| value.span(), toml::Spanned::span)
}

type Tables<'a, 'i> = Vec<(&'a DeTable<'i>, Range<usize>)>;

fn each<T>(
    tables: Tables<'_, '_>,
    out: &mut Complaints<'_>,
    read: fn(&DeTable<'_>, Range<usize>, &mut Complaints<'_>) -> Option<T>,
) -> Vec<T> {
    tables
        .into_iter()
        .filter_map(|(table, span)| read(table, span, out))
        .collect()
}

/// As [`each`], and no name twice.
fn once_each<T>(
    what: &'static str,
    tables: Tables<'_, '_>,
    out: &mut Complaints<'_>,
    read: fn(&DeTable<'_>, Range<usize>, &mut Complaints<'_>) -> Option<T>,
    name: fn(&T) -> &String,
) -> Vec<T> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (table, span) in tables {
        let Some(item) = read(table, span.clone(), out) else {
            continue;
        };
        if !seen.insert(name(&item).clone()) {
            out.add(
                Problem::Twice {
                    what,
                    name: name(&item).clone(),
                },
                name_span(table, span),
            );
        }
        found.push(item);
    }
    found
}

fn name_span(table: &DeTable<'_>, fallback: Range<usize>) -> Range<usize> {
    table.get("name").map_or(fallback, toml::Spanned::span)
}

fn approvers(
    tables: Tables<'_, '_>,
    host: Option<&HostId>,
    out: &mut Complaints<'_>,
) -> Vec<Approver> {
    let mut found: Vec<Approver> = Vec::new();
    // By point, so that a security key's other applications are the same key.
    let mut owners: BTreeMap<[u8; 32], String> = BTreeMap::new();
    for (table, span) in tables {
        let Some((approver, places)) = read::approver(table, span.clone(), out) else {
            continue;
        };
        let who = approver.name.to_string();
        if found.iter().any(|known| known.name == approver.name) {
            let problem = Problem::Twice {
                what: "the approver",
                name: who.clone(),
            };
            out.add(problem, name_span(table, span));
        }
        for (key, place) in approver.keys.iter().zip(places) {
            if host.is_some_and(|host| is_host_key(host, key)) {
                out.add(
                    Problem::HostKey {
                        approver: who.clone(),
                    },
                    place.clone(),
                );
            }
            if let Some(other) = owners.insert(*key.point(), who.clone()) {
                out.add(
                    Problem::KeyTwice {
                        approver: who.clone(),
                        other,
                    },
                    place,
                );
            }
        }
        found.push(approver);
    }
    found
}

/// Whether `key` is the one that signs the host's checkpoints.
pub(crate) fn is_host_key(host: &HostId, key: &SignerKey) -> bool {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(key.point()) == host.key
}

fn callers(tables: Tables<'_, '_>, out: &mut Complaints<'_>) -> Vec<Caller> {
    let mut found: Vec<Caller> = Vec::new();
    for (table, span) in tables {
        let Some(caller) = read::caller(table, span.clone(), out) else {
            continue;
        };
        if found.iter().any(|known| known.name == caller.name) {
            let problem = Problem::Twice {
                what: "the caller",
                name: caller.name.clone(),
            };
            out.add(problem, name_span(table, span.clone()));
        }
        let same = |known: &&Caller| known.identity == caller.identity;
        if caller.identity != Identity::Named
            && let Some(known) = found.iter().find(same)
        {
            let problem = Problem::Twice {
                what: "the identity of",
                name: known.name.clone(),
            };
            out.add(problem, span);
        }
        found.push(caller);
    }
    found
}
