//! `[inputs]`: what a runbook asks for, with types, bounds and defaults.

use serde::Deserialize;
use toml::Spanned;

use super::{is_word, parse_duration};
use crate::document::DocumentError;

/// One input.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// Its type.
    pub kind: InputKind,
    /// Where its value comes from when the caller gives none, such as `alert.labels.server`.
    pub from: Option<String>,
    /// Its value when nothing gives one.
    pub default: Option<InputValue>,
    /// The smallest value of a number or duration.
    pub min: Option<InputValue>,
    /// The largest value of a number or duration.
    pub max: Option<InputValue>,
    /// The only values, where given.
    pub one_of: Vec<InputValue>,
    /// For people; the host does not read it.
    pub help: Option<String>,
}

/// An input's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InputKind {
    /// Text of at most 256 bytes.
    String,
    /// A whole number within ±(2^53−1).
    Integer,
    /// `true` or `false`.
    Boolean,
    /// Such as `5m`; milliseconds in a step.
    Duration,
}

/// An input's value. A duration is its milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd)]
pub enum InputValue {
    /// Text.
    Text(String),
    /// A number, or a duration in milliseconds.
    Number(i64),
    /// A truth value.
    Truth(bool),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InputText {
    r#type: InputKind,
    from: Option<Spanned<String>>,
    default: Option<Spanned<toml::Value>>,
    min: Option<Spanned<toml::Value>>,
    max: Option<Spanned<toml::Value>>,
    one_of: Option<Spanned<Vec<toml::Value>>>,
    help: Option<String>,
}

pub(super) fn check_input(
    text: &str,
    name: &str,
    input: &Spanned<InputText>,
) -> Result<Input, DocumentError> {
    if !is_word(name, '_') {
        let message = format!("`{name}` is not an input's name: `[a-z0-9][a-z0-9_]*`");
        return Err(DocumentError::at(text, input.span(), message));
    }
    let read = input.get_ref();
    let value = |key: &str, value: &Spanned<toml::Value>| {
        to_value(read.r#type, value.get_ref()).ok_or_else(|| {
            let message = format!("`{key}` of `{name}` must be {}", read.r#type.expects());
            DocumentError::at(text, value.span(), message)
        })
    };
    let optional = |key: &str, given: &Option<Spanned<toml::Value>>| {
        given.as_ref().map(|given| value(key, given)).transpose()
    };
    if let Some(from) = &read.from
        && !KNOWN_FROM
            .iter()
            .any(|known| match known.strip_suffix('*') {
                Some(prefix) => {
                    from.get_ref().len() > prefix.len() && from.get_ref().starts_with(prefix)
                }
                None => from.get_ref() == known,
            })
    {
        let message = format!("`{}` is not a place to take an input from", from.get_ref());
        return Err(DocumentError::at(text, from.span(), message)
            .help(format!("one of {}", KNOWN_FROM.join(", "))));
    }
    let one_of = match &read.one_of {
        None => Vec::new(),
        Some(list) => list
            .get_ref()
            .iter()
            .map(|item| to_value(read.r#type, item))
            .collect::<Option<Vec<_>>>()
            .filter(|list| !list.is_empty())
            .ok_or_else(|| {
                let message = format!(
                    "`one_of` of `{name}` must be a list of {}",
                    read.r#type.expects()
                );
                DocumentError::at(text, list.span(), message)
            })?,
    };
    let input_read = Input {
        kind: read.r#type,
        from: read.from.as_ref().map(|from| from.get_ref().clone()),
        default: optional("default", &read.default)?,
        min: optional("min", &read.min)?,
        max: optional("max", &read.max)?,
        one_of,
        help: read.help.clone(),
    };
    if let (Some(default), Some(place)) = (&input_read.default, &read.default)
        && let Err(why) = input_read.check(name, default)
    {
        return Err(DocumentError::at(
            text,
            place.span(),
            format!("the default of {why}"),
        ));
    }
    Ok(input_read)
}

/// Where an input's value can come from.
const KNOWN_FROM: [&str; 5] = [
    "alert.labels.*",
    "alert.annotations.*",
    "incident.id",
    "incident.service",
    "incident.severity",
];

impl InputKind {
    /// The form of its values, for an error.
    pub(crate) fn expects(self) -> &'static str {
        match self {
            InputKind::String => "text of at most 256 bytes",
            InputKind::Integer => "a whole number",
            InputKind::Boolean => "true or false",
            InputKind::Duration => "a duration such as \"5m\"",
        }
    }
}

impl Input {
    /// Whether `value` is within this input's bounds; says why not.
    pub(crate) fn check(&self, name: &str, value: &InputValue) -> Result<(), String> {
        let shown = self.show(value);
        if let Some(min) = self.min.as_ref().filter(|min| value < min) {
            return Err(format!(
                "`{name}` is {shown}, at least {} is allowed",
                self.show(min)
            ));
        }
        if let Some(max) = self.max.as_ref().filter(|max| value > max) {
            return Err(format!(
                "`{name}` is {shown}, at most {} is allowed",
                self.show(max)
            ));
        }
        if !self.one_of.is_empty() && !self.one_of.contains(value) {
            let words: Vec<String> = self.one_of.iter().map(|one| self.show(one)).collect();
            return Err(format!(
                "`{name}` is {shown}, must be one of {}",
                words.join(", ")
            ));
        }
        Ok(())
    }

    fn show(&self, value: &InputValue) -> String {
        match value {
            InputValue::Text(text) => format!("`{}`", text.escape_debug()),
            InputValue::Number(millis) if self.kind == InputKind::Duration => {
                format!("{}ms", millis)
            }
            InputValue::Number(number) => number.to_string(),
            InputValue::Truth(truth) => truth.to_string(),
        }
    }

    /// A value from text, such as a command line's or a label's.
    pub(crate) fn read(&self, text: &str) -> Option<InputValue> {
        match self.kind {
            InputKind::String => to_value(self.kind, &toml::Value::String(text.to_owned())),
            InputKind::Integer => to_value(self.kind, &toml::Value::Integer(text.parse().ok()?)),
            InputKind::Boolean => Some(InputValue::Truth(text.parse().ok()?)),
            InputKind::Duration => to_value(self.kind, &toml::Value::String(text.to_owned())),
        }
    }
}

fn to_value(kind: InputKind, value: &toml::Value) -> Option<InputValue> {
    const INTEGER_MAX: i64 = interlock_gate::canonical::INTEGER_MAX;
    match (kind, value) {
        (InputKind::String, toml::Value::String(text)) if text.len() <= 256 => {
            Some(InputValue::Text(text.clone()))
        }
        (InputKind::Integer, toml::Value::Integer(number))
            if (-INTEGER_MAX..=INTEGER_MAX).contains(number) =>
        {
            Some(InputValue::Number(*number))
        }
        (InputKind::Boolean, toml::Value::Boolean(truth)) => Some(InputValue::Truth(*truth)),
        (InputKind::Duration, toml::Value::String(text)) => {
            let millis = i64::try_from(parse_duration(text)?.as_millis()).ok()?;
            (millis <= INTEGER_MAX).then_some(InputValue::Number(millis))
        }
        _ => None,
    }
}
