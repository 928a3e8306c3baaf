//! The manifest's inputs, resolved as the host does it: what was given, else
//! what `from` points at, else the default.

use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::fake::clock::parse_span;
use crate::inputs::{Declared, DefaultValue, InputKind};
use crate::wire::Incident;

pub(crate) fn resolve(
    declared: &[Declared],
    given: Map<String, Value>,
    incident: &Incident,
) -> Result<Map<String, Value>> {
    if let Some(name) = given
        .keys()
        .find(|name| declared.iter().all(|input| input.name != *name))
    {
        return Err(Error::failed(format!(
            "`{name}` is no input of the manifest"
        )));
    }
    declared
        .iter()
        .map(|input| {
            let value = match given.get(input.name) {
                Some(value) => Some(typed(input, value)?),
                None => from(input, incident)?.or_else(|| default(input)),
            };
            let value = value.ok_or_else(|| {
                Error::failed(format!("the input `{}` was not given", input.name))
            })?;
            in_bounds(input, &value)?;
            Ok((input.name.to_owned(), value))
        })
        .collect()
}

fn from(input: &Declared, incident: &Incident) -> Result<Option<Value>> {
    let Some(from) = input.from else {
        return Ok(None);
    };
    let text = if let Some(label) = from.strip_prefix("alert.labels.") {
        let mut labels = incident.alerts.iter().flat_map(|alert| &alert.labels);
        labels
            .find(|found| found.name == label)
            .map(|found| found.value.clone())
    } else if from == "incident.service" {
        incident.service.clone()
    } else {
        return Err(Error::failed(format!(
            "`{from}`: the fake host knows no such place"
        )));
    };
    text.map(|text| typed(input, &Value::String(text)))
        .transpose()
}

fn default(input: &Declared) -> Option<Value> {
    input.default.map(|value| match value {
        DefaultValue::String(text) => Value::from(text),
        DefaultValue::Integer(number) => Value::from(number),
        DefaultValue::Boolean(flag) => Value::from(flag),
    })
}

/// An input is given as text, as on a command line.
fn typed(input: &Declared, value: &Value) -> Result<Value> {
    let name = input.name;
    let wrong = || Error::failed(format!("the input `{name}` cannot be `{value}`"));
    let Value::String(text) = value else {
        return Ok(value.clone());
    };
    match input.kind {
        InputKind::String => Ok(value.clone()),
        InputKind::Integer => text.parse::<i64>().map(Value::from).map_err(|_| wrong()),
        InputKind::Boolean => text.parse::<bool>().map(Value::from).map_err(|_| wrong()),
        InputKind::Duration => {
            let span = parse_span(text).ok_or_else(wrong)?;
            u64::try_from(span.as_millis())
                .map(Value::from)
                .map_err(|_| wrong())
        }
    }
}

fn in_bounds(input: &Declared, value: &Value) -> Result<()> {
    let Some(number) = value.as_i64() else {
        return Ok(());
    };
    let low = input.min.is_some_and(|min| number < min);
    let high = input.max.is_some_and(|max| number > max);
    if low || high {
        let message = format!("the input `{}` is out of its bounds", input.name);
        return Err(Error::failed(message));
    }
    Ok(())
}
