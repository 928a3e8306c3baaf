//! TOML into nodes.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mistake::Problem;
use super::node::{DEPTH_MAX, Entry, Node, Value};
use crate::words::quote;

type Wrong = (Problem, Range<usize>);

pub(super) fn parse(text: &str) -> Result<Vec<Entry>, Wrong> {
    let table = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        (
            Problem::Syntax {
                words: quote(error.message()),
            },
            span,
        )
    })?;
    entries(table.into_inner(), 0)
}

fn entries(table: DeTable<'_>, depth: usize) -> Result<Vec<Entry>, Wrong> {
    table
        .into_iter()
        .map(|(key, value)| {
            let span = key.span();
            Ok(Entry {
                key: key.into_inner().into_owned(),
                span,
                node: node(value, depth + 1)?,
            })
        })
        .collect()
}

fn node(value: Spanned<DeValue<'_>>, depth: usize) -> Result<Node, Wrong> {
    let span = value.span();
    if depth > DEPTH_MAX {
        return Err((Problem::TooDeep { max: DEPTH_MAX }, span));
    }
    let value = match value.into_inner() {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other, Value::Integer),
        DeValue::Float(_) => Value::Other,
        DeValue::Boolean(yes) => Value::Bool(yes),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(list) => Value::List(
            list.into_iter()
                .map(|item| node(item, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Table(table) => Value::Table(entries(table, depth)?),
    };
    Ok(Node { span, value })
}
