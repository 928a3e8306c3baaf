//! `[[caller]]`: who may ask, how they are recognised, and how much of it they may do.
//! Not a door: whoever listens presents a digest, and keeps the limits that stand here.
//! Invariant: a caller has one identity, and an identity one caller.

use std::ops::Range;

use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{Tables, name_span};
use super::fields::{self, Complaints, Fields, shown};
use super::glob::Pattern;
use super::problem::Problem;
use super::read::RUNBOOKS;
use super::words;
use crate::ids::PersonName;

const SECTION: &str = "[[caller]]";
/// The keys that recognise a caller. One of them each; none for an unattended one that only the
/// host's own configuration names.
const IDENTITIES: [&str; 3] = ["uid", "bearer_sha256", "certificate_sha256"];

/// Someone or something that may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The name that plans carry as requester.
    pub name: String,
    /// How the caller is recognised.
    pub identity: Identity,
    /// Who stands behind the caller; `None` for an unattended one, such as a webhook.
    pub owner: Option<PersonName>,
    /// The runbooks that they may see and run; never empty, all of them by default.
    pub runbooks: Vec<Pattern>,
    /// May look, and start nothing: the page's token is one.
    pub read_only: bool,
    /// How much they may ask.
    pub limits: CallerLimits,
}

impl Caller {
    /// Whether the runbook of that name is one of theirs. Says nothing of [`Caller::read_only`].
    pub fn may_use(&self, runbook: &str) -> bool {
        let runbook = crate::target::escape(runbook);
        self.runbooks
            .iter()
            .any(|pattern| pattern.matches(&runbook))
    }
}

/// How a caller is recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// By the real uid of the process that asks.
    Uid(u32),
    /// By the SHA-256 of the bearer token it presents.
    BearerSha256([u8; 32]),
    /// By the SHA-256 of its client certificate's DER.
    CertificateSha256([u8; 32]),
    /// By its name alone, as the host's own configuration names a webhook.
    Named,
}

/// How much one caller may ask. What is over a limit is refused at once, never queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallerLimits {
    /// Calls of any kind within a minute.
    pub calls_per_minute: u32,
    /// Runs that go on at the same time.
    pub runs_at_once: u32,
    /// Runs begun within a minute.
    pub runs_per_minute: u32,
}

impl Default for CallerLimits {
    fn default() -> Self {
        Self {
            calls_per_minute: 600,
            runs_at_once: 8,
            runs_per_minute: 60,
        }
    }
}

/// The caller of that digest. Every one is compared, whichever matches.
pub(super) fn find<'c>(
    callers: &'c [Caller],
    digest_of: fn(&Identity) -> Option<&[u8; 32]>,
    sha256: &[u8; 32],
) -> Option<&'c Caller> {
    let mut found = None;
    for caller in callers {
        let same = digest_of(&caller.identity)
            .map_or(Choice::from(0), |known| known[..].ct_eq(&sha256[..]));
        if bool::from(same) {
            found = Some(caller);
        }
    }
    found
}

pub(super) fn all(tables: Tables<'_, '_>, out: &mut Complaints<'_>) -> Vec<Caller> {
    let mut found: Vec<Caller> = Vec::new();
    for (table, span) in tables {
        let Some(caller) = read(table, span.clone(), out) else {
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
            let at = IDENTITIES.into_iter().find_map(|key| table.get(key));
            out.add(problem, at.map_or(span, Spanned::span));
        }
        found.push(caller);
    }
    found
}

fn read(table: &DeTable<'_>, span: Range<usize>, out: &mut Complaints<'_>) -> Option<Caller> {
    let mut fields = Fields::new(SECTION, table, span);
    let name = fields.need("name", out).and_then(|value| {
        let text = fields::text("name", value, out)?;
        if !words::is_word(text) {
            out.add(not_a_name(text), value.span());
            return None;
        }
        Some(text.to_owned())
    });
    let identities: Vec<Identity> = [
        fields.take("uid").and_then(|value| uid(value, out)),
        fields
            .take("bearer_sha256")
            .and_then(|value| bearer(value, out))
            .map(Identity::BearerSha256),
        fields
            .take("certificate_sha256")
            .and_then(|value| digest("certificate_sha256", value, out))
            .map(Identity::CertificateSha256),
    ]
    .into_iter()
    .flatten()
    .collect();
    let owner_at = fields.take("owner");
    let owner = owner_at.and_then(|value| {
        let text = fields::text("owner", value, out)?;
        let owner = text.parse().ok();
        if owner.is_none() {
            out.add(not_a_name(text), value.span());
        }
        owner
    });
    let is_unattended = flag(&mut fields, "unattended", out);
    if owner_at.is_some() == is_unattended {
        either(
            "an `owner`, or else `unattended = true`",
            fields.span(),
            out,
        );
    }
    let given = IDENTITIES.iter().filter(|key| table.get(**key).is_some());
    match given.count() {
        0 if !is_unattended => either(
            "a `uid`, a `bearer_sha256` or a `certificate_sha256`",
            fields.span(),
            out,
        ),
        0 | 1 => {}
        _several => either(
            "one of `uid`, `bearer_sha256` and `certificate_sha256`",
            fields.span(),
            out,
        ),
    }
    let runbooks = match fields.take("runbooks") {
        Some(value) => Some(words::name_patterns("runbooks", value, RUNBOOKS, out)),
        None => Pattern::parse("*").ok().map(|all| vec![all]),
    };
    let read_only = flag(&mut fields, "read_only", out);
    let limits = fields
        .take("limits")
        .and_then(|value| limits(value, out))
        .unwrap_or_default();
    fields.finish(out);
    Some(Caller {
        name: name?,
        identity: identities.into_iter().next().unwrap_or(Identity::Named),
        owner,
        runbooks: runbooks?,
        read_only,
        limits,
    })
}

fn not_a_name(text: &str) -> Problem {
    Problem::Name {
        value: shown(text),
        expected: words::WORD,
    }
}

fn either(need: &'static str, span: Range<usize>, out: &mut Complaints<'_>) {
    out.add(
        Problem::Either {
            section: SECTION,
            need,
        },
        span,
    );
}

fn flag(fields: &mut Fields<'_, '_>, key: &'static str, out: &mut Complaints<'_>) -> bool {
    fields
        .take(key)
        .and_then(|value| fields::boolean(key, value, out))
        .unwrap_or(false)
}

fn uid(value: &Spanned<DeValue<'_>>, out: &mut Complaints<'_>) -> Option<Identity> {
    let uid = fields::integer("uid", value, (0, i64::from(u32::MAX)), out)?;
    u32::try_from(uid).ok().map(Identity::Uid)
}

/// A bearer's digest, and not that of a token which everybody has: an unset variable of a shell.
fn bearer(value: &Spanned<DeValue<'_>>, out: &mut Complaints<'_>) -> Option<[u8; 32]> {
    const KEY: &str = "bearer_sha256";
    let found = digest(KEY, value, out)?;
    for (token, what) in [("", "no token at all"), ("\n", "an empty line")] {
        if found == <[u8; 32]>::from(Sha256::digest(token)) {
            out.add(Problem::NoToken { key: KEY, what }, value.span());
            return None;
        }
    }
    Some(found)
}

fn digest(
    key: &'static str,
    value: &Spanned<DeValue<'_>>,
    out: &mut Complaints<'_>,
) -> Option<[u8; 32]> {
    let text = fields::text(key, value, out)?;
    let mut found = [0; 32];
    // `decode_to_slice` would take upper case too: two ways to write one digest.
    let lower = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !lower || hex::decode_to_slice(text, &mut found).is_err() {
        let expected = "64 lower-case hex digits";
        let key = key.to_owned();
        out.add(Problem::Digest { key, expected }, value.span());
        return None;
    }
    Some(found)
}

fn limits(value: &Spanned<DeValue<'_>>, out: &mut Complaints<'_>) -> Option<CallerLimits> {
    let table = fields::table("limits", value, out)?;
    let mut fields = Fields::new("`limits`", table, value.span());
    let mut found = CallerLimits::default();
    let keys: [(&'static str, i64, &mut u32); 3] = [
        ("calls_per_minute", 1_000_000, &mut found.calls_per_minute),
        ("runs_at_once", 10_000, &mut found.runs_at_once),
        ("runs_per_minute", 1_000_000, &mut found.runs_per_minute),
    ];
    for (key, max, place) in keys {
        if let Some(value) = fields.take(key)
            && let Some(number) = fields::integer(key, value, (1, max), out)
            && let Ok(number) = u32::try_from(number)
        {
            *place = number;
        }
    }
    fields.finish(out);
    Some(found)
}
