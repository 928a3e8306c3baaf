//! A policy's text as a whole: its sections in turn, and what must hold across them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::de::DeTable;

use super::fields::{self, Complaints, Fields};
use super::model::{Approver, Revoked};
use super::problem::Problem;
use super::sandbox::Sandbox;
use super::{POLICY_BYTES_MAX, Policy, caller, is_host_key, read, rule};
use crate::ids::{HostId, PolicyDigest};
use crate::key::KnownKeys;

const PLAN_MAX_AGE_S_DEFAULT: u64 = 3_600;
const UNDO_WINDOW_S_DEFAULT: u64 = 3_600;

pub(super) fn read(text: &str, host: Option<&HostId>, out: &mut Complaints<'_>) -> Option<Policy> {
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
    let callers = caller::all(caller_tables, out);
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
        known_keys: KnownKeys::of(approvers.iter().flat_map(|approver| &approver.keys)),
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

pub(super) type Tables<'a, 'i> = Vec<(&'a DeTable<'i>, Range<usize>)>;

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

pub(super) fn name_span(table: &DeTable<'_>, fallback: Range<usize>) -> Range<usize> {
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
