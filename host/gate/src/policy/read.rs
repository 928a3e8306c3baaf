//! The sections of a policy, read one by one; `rule` reads the two that a decision turns on.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fields::{self, Complaints, Fields, nearest, shown};
use super::glob::Pattern;
use super::model::{Approver, Freeze, ReadRule, Revoked, RevokedKey};
use super::problem::Problem;
use super::sandbox::{BOUNDS, Sandbox, Unit};
use super::units::{self, DateError};
use super::words;
use crate::key::SignerKey;
use crate::time::Time;

/// What a pattern over runbooks is for, and how a runbook's name is written.
pub(super) const RUNBOOKS: (&str, &str) = ("runbooks", "runbook names, of one segment");
const SOURCES: (&str, &str) = ("reads", "names of configured sources, of one segment");

/// The interfaces that a read rule may grant. `clock`, `log` and `types` need no grant.
pub const READ_CAPABILITIES: [&str; 9] = [
    "alerts",
    "changes",
    "database",
    "http-probe",
    "incidents",
    "logs",
    "metrics",
    "topology",
    "workloads",
];

/// Tables of one array of tables, each with its place.
pub(super) fn tables<'a, 'i>(
    key: &str,
    value: Option<&'a Spanned<DeValue<'i>>>,
    out: &mut Complaints<'_>,
) -> Vec<(&'a DeTable<'i>, Range<usize>)> {
    let Some(value) = value else {
        return Vec::new();
    };
    fields::list(key, value, out)
        .unwrap_or_default()
        .iter()
        .filter_map(|item| Some((fields::table(key, item, out)?, item.span())))
        .collect()
}

pub(super) fn approver(
    table: &DeTable<'_>,
    span: Range<usize>,
    out: &mut Complaints<'_>,
) -> Option<(Approver, Vec<Range<usize>>)> {
    let mut fields = Fields::new("[[approver]]", table, span);
    let name_at = fields.need("name", out);
    let name = name_at.and_then(|value| {
        let text = fields::text("name", value, out)?;
        let name = text.parse().ok();
        if name.is_none() {
            out.add(
                Problem::Name {
                    value: shown(text),
                    expected: words::WORD,
                },
                value.span(),
            );
        }
        name
    });
    let who = name
        .as_ref()
        .map_or_else(|| "an approver".to_owned(), ToString::to_string);
    let mut keys: Vec<SignerKey> = Vec::new();
    let mut places = Vec::new();
    if let Some(value) = fields.need("keys", out) {
        for (line, span) in words::texts("keys", value, out) {
            match SignerKey::from_line(line) {
                Ok(key) => {
                    keys.push(key);
                    places.push(span);
                }
                Err(why) => out.add(
                    Problem::Key {
                        approver: who.clone(),
                        why,
                    },
                    span,
                ),
            }
        }
    }
    let roles = fields
        .need("roles", out)
        .map(|value| words::words("roles", value, out));
    fields.finish(out);
    Some((
        Approver {
            name: name?,
            keys,
            roles: roles?,
        },
        places,
    ))
}

pub(super) fn read_rule(
    table: &DeTable<'_>,
    span: Range<usize>,
    out: &mut Complaints<'_>,
) -> Option<ReadRule> {
    let mut fields = Fields::new("[[read]]", table, span);
    let runbooks = fields
        .need("runbooks", out)
        .map(|value| words::name_patterns("runbooks", value, RUNBOOKS, out));
    let capabilities = fields.need("capabilities", out).map(|value| {
        let mut found = Vec::new();
        for (text, span) in words::texts("capabilities", value, out) {
            if READ_CAPABILITIES.contains(&text) {
                found.push(text.to_owned());
            } else {
                let problem = Problem::Word {
                    value: shown(text),
                    expected: "a read capability",
                    nearest: nearest(text, READ_CAPABILITIES.into_iter()),
                };
                out.add(problem, span);
            }
        }
        found
    });
    // A read changes nothing: without `targets` it may ask every source of its capabilities.
    let targets = match fields.take("targets") {
        Some(value) => Some(words::name_patterns("targets", value, SOURCES, out)),
        None => Pattern::parse("*").ok().map(|all| vec![all]),
    };
    fields.finish(out);
    Some(ReadRule {
        runbooks: runbooks?,
        capabilities: capabilities?,
        targets: targets?,
    })
}

pub(super) fn freeze(
    table: &DeTable<'_>,
    span: Range<usize>,
    out: &mut Complaints<'_>,
) -> Option<Freeze> {
    let mut fields = Fields::new("[[freeze]]", table, span);
    let name = fields
        .need("name", out)
        .and_then(|value| words::title("name", value, out));
    let from = fields
        .need("from", out)
        .and_then(|value| date("from", value, out));
    let until_at = fields.need("until", out);
    let until = until_at.and_then(|value| date("until", value, out));
    let except_roles = fields
        .take("except_roles")
        .map(|value| words::words("except_roles", value, out));
    if let (Some(from), Some(until), Some(until_at)) = (from, until, until_at)
        && from >= until
    {
        out.add(Problem::Backwards, until_at.span());
    }
    fields.finish(out);
    Some(Freeze {
        name: name?.to_owned(),
        from: from?,
        until: until?,
        except_roles: except_roles.unwrap_or_default(),
    })
}

pub(super) fn date(
    key: &'static str,
    value: &Spanned<DeValue<'_>>,
    out: &mut Complaints<'_>,
) -> Option<Time> {
    let Some(date) = value.get_ref().as_datetime() else {
        let problem = fields::type_problem(key, "a date without quotes", value.get_ref());
        out.add(problem, value.span());
        return None;
    };
    match units::instant(date) {
        Ok(time) => Some(time),
        Err(DateError::NoOffset) => {
            out.add(Problem::NoOffset { key }, value.span());
            None
        }
        Err(DateError::NotADate) => {
            out.add(Problem::Date { key }, value.span());
            None
        }
    }
}

pub(super) fn revoked(
    table: &DeTable<'_>,
    span: Range<usize>,
    out: &mut Complaints<'_>,
) -> Revoked {
    let mut fields = Fields::new("[revoked]", table, span);
    let mut found = Revoked::default();
    // These two may stand there empty: a place kept ready for the day it is needed.
    if let Some(value) = fields.take("keys") {
        for item in fields::list_or_empty("keys", value, out).unwrap_or_default() {
            let Some(text) = fields::text("keys", item, out) else {
                continue;
            };
            match revoked_key(text) {
                Some(key) => found.keys.push(key),
                None => out.add(Problem::RevokedKey, item.span()),
            }
        }
    }
    if let Some(value) = fields.take("plans") {
        for item in fields::list_or_empty("plans", value, out).unwrap_or_default() {
            let Some(text) = fields::text("plans", item, out) else {
                continue;
            };
            match text.parse() {
                Ok(plan) => found.plans.push(plan),
                Err(_) => {
                    let expected = "`sha256:` and 64 lower-case hex digits";
                    let key = "plans".to_owned();
                    out.add(Problem::Digest { key, expected }, item.span());
                }
            }
        }
    }
    fields.finish(out);
    found
}

fn revoked_key(text: &str) -> Option<RevokedKey> {
    match text.strip_prefix("SHA256:") {
        Some(digest) => {
            let good = digest.len() == 43
                && digest
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/'));
            good.then(|| RevokedKey::Fingerprint(text.to_owned()))
        }
        None => SignerKey::from_line(text).ok().map(RevokedKey::Key),
    }
}

pub(super) fn sandbox(
    table: &DeTable<'_>,
    span: Range<usize>,
    out: &mut Complaints<'_>,
) -> Sandbox {
    let mut fields = Fields::new("[sandbox]", table, span);
    let mut found = Sandbox::default();
    for bound in BOUNDS {
        let Some(value) = fields.take(bound.key) else {
            continue;
        };
        let number = match bound.unit {
            Unit::Size { min, max } => fields::size_bytes(bound.key, value, (min, max), out),
            Unit::Duration { min, max } => fields::duration_ms(bound.key, value, (min, max), out),
            Unit::Count { min, max } => fields::integer(bound.key, value, (min, max), out)
                .and_then(|number| u64::try_from(number).ok()),
        };
        if let Some(number) = number {
            *(bound.place)(&mut found) = number;
        }
    }
    fields.finish(out);
    found
}
