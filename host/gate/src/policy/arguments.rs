//! `arguments` of a write rule: which limits fit which argument.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::DeValue;

use super::fields::{self, Complaints, Fields, nearest, shown};
use super::model::{ArgumentLimits, Scalar};
use super::problem::Problem;
use crate::action::Capability;
use crate::canonical::INTEGER_MAX;

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

/// What a session's `state` can be, in `pg_stat_activity` of any PostgreSQL.
const SESSION_STATES: [&str; 7] = [
    "active",
    "disabled",
    "fastpath function call",
    "idle",
    "idle in transaction",
    "idle in transaction (aborted)",
    "starting",
];

/// A word that no session is ever in would permit nothing, or forbid nothing, and nobody would
/// notice.
fn check_state(text: &str, item: &Spanned<DeValue<'_>>, out: &mut Complaints<'_>) {
    if !SESSION_STATES.contains(&text) {
        let problem = Problem::Word {
            value: shown(text),
            expected: "a state of a PostgreSQL session: `active`, `disabled`, `fastpath function \
                       call`, `idle`, `idle in transaction`, `idle in transaction (aborted)`, \
                       `starting`",
            nearest: nearest(text, SESSION_STATES.iter().copied()),
        };
        out.add(problem, item.span());
    }
}

/// The argument that holds what was observed before a change to this one.
pub(crate) fn observed_argument(argument: &str) -> Option<&'static str> {
    (argument == "replicas").then_some("observed_replicas")
}

pub(super) fn read_arguments(
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
            Some(scalar) => {
                if let ("only_if_state", Scalar::Text(text)) = (argument, &scalar) {
                    check_state(text, item, out);
                }
                found.push(scalar);
            }
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
