//! `[[write]]` and `[[never]]`: read, checked against what the capability has, and digested.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fields::{self, Complaints, Fields, nearest, shown};
use super::glob::{Pattern, matches_segment};
use super::model::{ArgumentLimits, Group, NeverRule, RateLimits, Scalar, WriteRule};
use super::problem::Problem;
use crate::action::Capability;
use crate::canonical::{INTEGER_MAX, NotCanonical};
use crate::ids::RuleDigest;
use crate::sshsig::Presence;

const WRITE: &str = "[[write]]";
const NEVER: &str = "[[never]]";
const APPROVALS: &str = "`approvals`";
const MAX_AGE_S_DEFAULT: u64 = 15 * 60;
const NEED_MAX: i64 = 20;
const GROUPS_MAX: usize = 16;

/// What an argument holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Integer,
    /// Compared with nothing.
    Opaque,
}

impl Kind {
    fn of(argument: &str) -> Self {
        match argument {
            "pid" | "transaction_age_s" | "replicas" | "observed_replicas" | "minutes" => {
                Self::Integer
            }
            "labels" => Self::Opaque,
            _text => Self::Text,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "a whole number",
            Self::Opaque => "a table",
        }
    }
}

/// The argument that holds what was observed before a change to this one.
pub(crate) fn observed_argument(argument: &str) -> Option<&'static str> {
    (argument == "replicas").then_some("observed_replicas")
}

/// How a capability's targets are written, for messages.
fn grammar(capability: Capability) -> &'static str {
    match capability {
        Capability::Cancel | Capability::Terminate => {
            "`<server>/<class>`, class one of client, replication, autovacuum, internal"
        }
        Capability::Restart | Capability::Scale | Capability::Rollback => "`<cluster>/<workload>`",
        Capability::Silence | Capability::Notify => "`<source>/<name>`",
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
    for (pattern, span) in fields::patterns("targets", value, out) {
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
        .and_then(|value| fields::title("name", value, out));
    let runbooks = fields
        .need("runbooks", out)
        .map(|value| fields::name_patterns("runbooks", value, super::read::RUNBOOKS, out));
    let capability_at = fields.need("capability", out);
    let capability = capability_at.and_then(|value| capability(value, out));
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
    let mut rule = WriteRule {
        name: name?.to_owned(),
        digest: RuleDigest::of(b""),
        runbooks: runbooks?,
        capability,
        targets: targets?,
        arguments: arguments.unwrap_or_default(),
        groups: groups?,
        limits: limits.unwrap_or_default(),
        unconditional: capability.unconditional(),
    };
    // Everything in a rule is bounded text and integers in range: it always has a form.
    rule.digest = digest(&rule).ok()?;
    Some(rule)
}

fn read_arguments(
    value: &Spanned<DeValue<'_>>,
    capability: Option<Capability>,
    out: &mut Complaints<'_>,
) -> BTreeMap<String, ArgumentLimits> {
    let mut found = BTreeMap::new();
    let Some(table) = fields::table("arguments", value, out) else {
        return found;
    };
    if table.is_empty() {
        out.add(
            Problem::EmptyList {
                key: "arguments".to_owned(),
            },
            value.span(),
        );
    }
    for (key, limits) in table {
        let argument = key.get_ref().as_ref();
        if let Some(capability) = capability {
            let names = capability.argument_names();
            if !names.contains(&argument) {
                let problem = Problem::Argument {
                    argument: shown(argument),
                    capability: capability.name().to_owned(),
                    nearest: nearest(argument, names.iter().copied()),
                };
                out.add(problem, key.span());
                continue;
            }
        }
        found.insert(argument.to_owned(), read_argument(argument, limits, out));
    }
    found
}

fn read_argument(
    argument: &str,
    value: &Spanned<DeValue<'_>>,
    out: &mut Complaints<'_>,
) -> ArgumentLimits {
    let mut limits = ArgumentLimits::default();
    let Some(table) = fields::table(argument, value, out) else {
        return limits;
    };
    if table.is_empty() {
        out.add(
            Problem::EmptyList {
                key: argument.to_owned(),
            },
            value.span(),
        );
    }
    let kind = Kind::of(argument);
    let mut fields = Fields::new("an argument's limits", table, value.span());
    limits.one_of = fields
        .take("one_of")
        .map(|value| scalars("one_of", argument, kind, value, out));
    limits.not = fields
        .take("not")
        .map(|value| scalars("not", argument, kind, value, out));
    let mut bound = |key: &'static str, min: i64, out: &mut Complaints<'_>| {
        let value = fields.take(key)?;
        let fits = match key {
            "max_change_percent" => observed_argument(argument).is_some(),
            _bound => kind == Kind::Integer,
        };
        if !fits {
            let kind = if kind == Kind::Integer {
                "not observed"
            } else {
                kind.name()
            };
            let argument = argument.to_owned();
            out.add(
                Problem::ArgumentKind {
                    limit: key,
                    argument,
                    kind,
                },
                value.span(),
            );
            return None;
        }
        fields::integer(key, value, (min, INTEGER_MAX), out)
    };
    limits.min = bound("min", -INTEGER_MAX, out);
    limits.max = bound("max", -INTEGER_MAX, out);
    limits.max_change_percent = bound("max_change_percent", 0, out);
    if limits
        .min
        .zip(limits.max)
        .is_some_and(|(min, max)| min > max)
    {
        out.add(
            Problem::Unmeetable {
                argument: argument.to_owned(),
            },
            value.span(),
        );
    }
    fields.finish(out);
    limits
}

fn scalars(
    limit: &'static str,
    argument: &str,
    kind: Kind,
    value: &Spanned<DeValue<'_>>,
    out: &mut Complaints<'_>,
) -> Vec<Scalar> {
    let mut found = Vec::new();
    for item in fields::list(limit, value, out).unwrap_or_default() {
        let scalar = match (kind, item.get_ref()) {
            (Kind::Text, DeValue::String(text)) => Some(Scalar::Text(text.to_string())),
            (Kind::Integer, other) => fields::plain_integer(other).map(Scalar::Integer),
            (Kind::Text | Kind::Opaque, _other) => None,
        };
        match scalar {
            Some(scalar) => found.push(scalar),
            None => {
                let argument = argument.to_owned();
                let problem = Problem::ArgumentKind {
                    limit,
                    argument,
                    kind: kind.name(),
                };
                out.add(problem, item.span());
            }
        }
    }
    found
}

/// What stands beside `need` or `all` and holds for the groups below it.
#[derive(Clone, Copy)]
struct Terms {
    max_age_s: u64,
    presence: Presence,
    not_requester: bool,
}

fn read_approvals(value: &Spanned<DeValue<'_>>, out: &mut Complaints<'_>) -> Vec<Group> {
    let defaults = Terms {
        max_age_s: MAX_AGE_S_DEFAULT,
        presence: Presence::Unproven,
        not_requester: true,
    };
    let Some(table) = fields::table("approvals", value, out) else {
        return Vec::new();
    };
    let mut fields = Fields::new(APPROVALS, table, value.span());
    let all = fields.take("all");
    let terms = read_terms(&mut fields, defaults, out);
    let need = fields.take("need");
    let roles = fields.take("roles");
    let mut groups = Vec::new();
    match all {
        Some(all) => {
            if let Some(also) = need.or(roles) {
                let need = "`all` alone, or `need` and `roles`";
                out.add(
                    Problem::Either {
                        section: APPROVALS,
                        need,
                    },
                    also.span(),
                );
            }
            let items = fields::list("all", all, out).unwrap_or_default();
            if items.len() > GROUPS_MAX {
                let problem = Problem::TooMany {
                    what: "groups",
                    max: GROUPS_MAX,
                };
                out.add(problem, all.span());
            }
            for item in items.iter().take(GROUPS_MAX) {
                let Some(table) = fields::table("all", item, out) else {
                    continue;
                };
                let mut fields = Fields::new("a group of `all`", table, item.span());
                let terms = read_terms(&mut fields, terms, out);
                let (need, roles) = (fields.need("need", out), fields.need("roles", out));
                groups.extend(read_group(need, roles, terms, out));
                fields.finish(out);
            }
        }
        None => {
            for (key, value) in [("need", need), ("roles", roles)] {
                if value.is_none() {
                    out.add(
                        Problem::MissingKey {
                            key,
                            section: APPROVALS,
                        },
                        fields.span(),
                    );
                }
            }
            groups.extend(read_group(need, roles, terms, out));
        }
    }
    fields.finish(out);
    groups
}

fn read_terms(fields: &mut Fields<'_, '_>, above: Terms, out: &mut Complaints<'_>) -> Terms {
    let max_age_s = fields
        .take("max_age")
        .and_then(|value| fields::duration_ms("max_age", value, ("1s", "24h"), out))
        .map_or(above.max_age_s, |ms| ms / 1_000);
    let presence = fields
        .take("presence")
        .and_then(|value| read_presence(value, out))
        .unwrap_or(above.presence);
    let not_requester = fields
        .take("not_requester")
        .and_then(|value| fields::boolean("not_requester", value, out))
        .unwrap_or(above.not_requester);
    Terms {
        max_age_s,
        presence,
        not_requester,
    }
}

fn read_presence(value: &Spanned<DeValue<'_>>, out: &mut Complaints<'_>) -> Option<Presence> {
    match fields::text("presence", value, out)? {
        "any" => Some(Presence::Unproven),
        "touch" => Some(Presence::Touch),
        "verified" => Some(Presence::Verified),
        other => {
            let problem = Problem::Word {
                value: shown(other),
                expected: "`any`, `touch` or `verified`",
                nearest: nearest(other, ["any", "touch", "verified"].into_iter()),
            };
            out.add(problem, value.span());
            None
        }
    }
}

fn read_group(
    need: Option<&Spanned<DeValue<'_>>>,
    roles: Option<&Spanned<DeValue<'_>>>,
    terms: Terms,
    out: &mut Complaints<'_>,
) -> Option<Group> {
    let need = need.and_then(|value| fields::integer("need", value, (1, NEED_MAX), out));
    let roles = roles.map(|value| fields::words("roles", value, out));
    Some(Group {
        need: u32::try_from(need?).ok()?,
        roles: roles?,
        max_age_s: terms.max_age_s,
        presence: terms.presence,
        not_requester: terms.not_requester,
    })
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

/// The digest that a plan carries of the rule that permits it: everything the rule says but its
/// limits, which may be tightened or widened without a new plan.
fn digest(rule: &WriteRule) -> Result<RuleDigest, NotCanonical> {
    let patterns = |list: &[Pattern]| {
        list.iter()
            .map(Pattern::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let arguments: BTreeMap<&str, Value> = rule
        .arguments
        .iter()
        .map(|(name, limits)| {
            let form = json!({
                "one_of": limits.one_of.as_deref().map(scalar_forms),
                "not": limits.not.as_deref().map(scalar_forms),
                "min": limits.min,
                "max": limits.max,
                "max_change_percent": limits.max_change_percent,
            });
            (name.as_str(), form)
        })
        .collect();
    let groups: Vec<Value> = rule
        .groups
        .iter()
        .map(|group| {
            json!({
                "need": group.need,
                "roles": group.roles,
                "max_age_s": group.max_age_s,
                "presence": presence_word(group.presence),
                "not_requester": group.not_requester,
            })
        })
        .collect();
    let form = json!({
        "schema": "interlock.rule.v1",
        "name": rule.name,
        // No pattern holds a space, so that joining loses nothing.
        "runbooks": patterns(&rule.runbooks),
        "capability": rule.capability.name(),
        "targets": patterns(&rule.targets),
        "arguments": arguments,
        "approvals": groups,
        "unconditional": rule.unconditional,
    });
    Ok(RuleDigest::of(&crate::canonical::to_bytes(&form)?))
}

fn scalar_forms(list: &[Scalar]) -> Vec<Value> {
    list.iter()
        .map(|scalar| match scalar {
            Scalar::Text(text) => Value::from(text.as_str()),
            Scalar::Integer(number) => Value::from(*number),
        })
        .collect()
}

/// The word that a policy uses.
pub(crate) fn presence_word(presence: Presence) -> &'static str {
    match presence {
        Presence::Unproven => "any",
        Presence::Touch => "touch",
        Presence::Verified => "verified",
    }
}
