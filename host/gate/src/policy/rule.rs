//! `[[write]]` and `[[never]]`: read, checked against what the capability has, and digested.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::approvals::read_approvals;
use super::arguments::read_arguments;
use super::backtest::read_backtest;
use super::digest::digest;
use super::fields::{self, Complaints, Fields, nearest, shown};
use super::glob::{Pattern, matches_segment};
use super::model::{NeverRule, RateLimits, WriteRule};
use super::problem::Problem;
use super::words;
use crate::action::Capability;
use crate::ids::RuleDigest;

const WRITE: &str = "[[write]]";
const NEVER: &str = "[[never]]";

/// How a capability's targets are written, for messages.
fn grammar(capability: Capability) -> &'static str {
    match capability {
        Capability::Cancel | Capability::Terminate => {
            "`<server>/<class>`, class one of client, replication, autovacuum, internal"
        }
        Capability::Restart | Capability::Scale | Capability::Rollback => "`<cluster>/<workload>`",
        Capability::Silence | Capability::Expire | Capability::Notify => "`<source>/<name>`",
    }
}

/// Whether some target of `capability` matches.
fn can_match(pattern: &Pattern, capability: Capability) -> bool {
    if pattern.segments().count() != capability.target_segments() {
        return false;
    }
    let last = pattern.segments().last().unwrap_or_default();
    match capability.target_classes() {
        Some(classes) => classes.iter().any(|class| matches_segment(last, class)),
        None => true,
    }
}

fn capability(value: &Spanned<DeValue<'_>>, out: &mut Complaints<'_>) -> Option<Capability> {
    let text = fields::text("capability", value, out)?;
    let found = text.parse().ok();
    if found.is_none() {
        let problem = Problem::Word {
            value: shown(text),
            expected: "a write capability",
            nearest: nearest(text, Capability::ALL.iter().map(|c| c.name())),
        };
        out.add(problem, value.span());
    }
    found
}

fn targets(
    value: &Spanned<DeValue<'_>>,
    capability: Option<Capability>,
    out: &mut Complaints<'_>,
) -> Vec<Pattern> {
    let mut found = Vec::new();
    for (pattern, span) in words::patterns("targets", value, out) {
        match capability {
            Some(capability) if !can_match(&pattern, capability) => {
                let problem = Problem::Unmatchable {
                    pattern: shown(pattern.as_str()),
                    capability: capability.name().to_owned(),
                    grammar: grammar(capability),
                };
                out.add(problem, span);
            }
            Some(_) | None => found.push(pattern),
        }
    }
    found
}

pub(super) fn read_never(
    table: &DeTable<'_>,
    span: Range<usize>,
    out: &mut Complaints<'_>,
) -> Option<NeverRule> {
    let mut fields = Fields::new(NEVER, table, span);
    let capability = fields
        .need("capability", out)
        .and_then(|value| capability(value, out));
    let targets = fields
        .need("targets", out)
        .map(|value| targets(value, capability, out));
    fields.finish(out);
    Some(NeverRule {
        capability: capability?,
        targets: targets?,
    })
}

pub(super) fn read_write(
    table: &DeTable<'_>,
    span: Range<usize>,
    out: &mut Complaints<'_>,
) -> Option<WriteRule> {
    let mut fields = Fields::new(WRITE, table, span.clone());
    let name = fields
        .need("name", out)
        .and_then(|value| words::title("name", value, out));
    let runbooks = fields
        .need("runbooks", out)
        .map(|value| words::name_patterns("runbooks", value, super::read::RUNBOOKS, out));
    let capability_at = fields.need("capability", out);
    let capability = capability_at.and_then(|value| {
        let found = capability(value, out)?;
        if found.only_undo() {
            let capability = found.name().to_owned();
            out.add(Problem::OnlyUndo { capability }, value.span());
            return None;
        }
        Some(found)
    });
    let targets = fields
        .need("targets", out)
        .map(|value| targets(value, capability, out));
    let arguments = fields
        .take("arguments")
        .map(|value| read_arguments(value, capability, out));
    let groups = fields
        .need("approvals", out)
        .map(|value| read_approvals(value, out));
    let limits = fields.take("limits").map(|value| read_limits(value, out));
    let backtest_at = fields.take("backtest");
    let backtest = backtest_at.and_then(|value| read_backtest(value, out));
    let unconditional = fields.take("unconditional");
    let says_unconditional =
        unconditional.and_then(|value| fields::boolean("unconditional", value, out));
    fields.finish(out);

    let capability = capability?;
    let unconditional_at = unconditional.or(capability_at).map_or(span, Spanned::span);
    match (capability.unconditional(), says_unconditional) {
        (true, Some(true)) | (false, None) => {}
        (true, Some(false) | None) => {
            let capability = capability.name().to_owned();
            out.add(Problem::Unconditional { capability }, unconditional_at);
        }
        (false, Some(true | false)) => {
            let capability = capability.name().to_owned();
            out.add(Problem::Conditional { capability }, unconditional_at);
        }
    }
    // A demand that cannot be read must not be taken for none.
    if backtest_at.is_some() && backtest.is_none() {
        return None;
    }
    let mut rule = WriteRule {
        name: name?.to_owned(),
        digest: RuleDigest::of(b""),
        runbooks: runbooks?,
        capability,
        targets: targets?,
        arguments: arguments.unwrap_or_default(),
        groups: groups?,
        limits: limits.unwrap_or_default(),
        backtest,
        unconditional: capability.unconditional(),
    };
    // Everything in a rule is bounded text and integers in range: it always has a form.
    rule.digest = digest(&rule).ok()?;
    Some(rule)
}

fn read_limits(value: &Spanned<DeValue<'_>>, out: &mut Complaints<'_>) -> RateLimits {
    let Some(table) = fields::table("limits", value, out) else {
        return RateLimits::default();
    };
    if table.is_empty() {
        out.add(
            Problem::EmptyList {
                key: "limits".to_owned(),
            },
            value.span(),
        );
    }
    let mut fields = Fields::new("`limits`", table, value.span());
    let mut count = |key: &'static str, out: &mut Complaints<'_>| {
        let value = fields.take(key)?;
        fields::integer(key, value, (1, 1_000_000), out).and_then(|n| u32::try_from(n).ok())
    };
    let limits = RateLimits {
        per_run: count("per_run", out),
        per_hour: count("per_hour", out),
    };
    fields.finish(out);
    limits
}
