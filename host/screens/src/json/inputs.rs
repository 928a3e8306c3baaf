//! The JSON schema of what a runbook asks for, from its manifest.

use interlock_gate::canonical::INTEGER_MAX;
use interlock_runner::manifest::{Input, InputKind, InputValue, Manifest};
use serde_json::{Map, Value, json};

/// A duration as a manifest and a caller write it.
const DURATION: &str = "^[0-9]+(ms|s|m|h|d)$";
/// Bytes of a string input.
const TEXT_BYTES_MAX: u32 = 256;

/// The schema of an object with one property an input. What neither has a default nor can be taken
/// from the incident is required.
pub fn inputs_schema(manifest: &Manifest) -> Value {
    let properties: Map<String, Value> = manifest
        .inputs
        .iter()
        .map(|(name, input)| (name.clone(), property(input)))
        .collect();
    let required: Vec<&String> = manifest
        .inputs
        .iter()
        .filter(|(_, input)| input.default.is_none() && input.from.is_none())
        .map(|(name, _)| name)
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn property(input: &Input) -> Value {
    let mut out = Map::new();
    let mut put = |key: &str, value: Value| out.insert(key.to_owned(), value);
    match input.kind {
        InputKind::String => {
            put("type", "string".into());
            put("maxLength", TEXT_BYTES_MAX.into());
        }
        InputKind::Integer => {
            put("type", "integer".into());
            let bound = |given: &Option<InputValue>, else_: i64| match given {
                Some(InputValue::Number(number)) => *number,
                _ => else_,
            };
            put("minimum", bound(&input.min, -INTEGER_MAX).into());
            put("maximum", bound(&input.max, INTEGER_MAX).into());
        }
        InputKind::Boolean => {
            put("type", "boolean".into());
        }
        InputKind::Duration => {
            put("type", "string".into());
            put("pattern", DURATION.into());
        }
    }
    if let Some(default) = &input.default {
        put("default", value(input.kind, default));
    }
    if !input.one_of.is_empty() {
        let words: Vec<Value> = input
            .one_of
            .iter()
            .map(|one| value(input.kind, one))
            .collect();
        put("enum", words.into());
    }
    let says = description(input);
    if !says.is_empty() {
        put("description", says.into());
    }
    Value::Object(out)
}

/// The author's words, then what a schema cannot say.
fn description(input: &Input) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(help) = &input.help {
        parts.push(interlock_gate::escape::foreign_short(help, 400));
    }
    if input.kind == InputKind::Duration {
        let mut text = "a duration such as `5m`".to_owned();
        for (word, bound) in [("at least", &input.min), ("at most", &input.max)] {
            if let Some(bound) = bound {
                text.push_str(&format!(", {word} {}", shown(input.kind, bound)));
            }
        }
        parts.push(text);
    }
    if let Some(from) = &input.from {
        parts.push(format!(
            "taken from the incident's `{from}` where not given"
        ));
    }
    parts.join("; ")
}

fn value(kind: InputKind, value: &InputValue) -> Value {
    match (kind, value) {
        (_, InputValue::Text(text)) => text.clone().into(),
        (InputKind::Duration, InputValue::Number(_)) => shown(kind, value).into(),
        (_, InputValue::Number(number)) => (*number).into(),
        (_, InputValue::Truth(truth)) => (*truth).into(),
    }
}

/// As a caller would write it.
fn shown(kind: InputKind, value: &InputValue) -> String {
    match (kind, value) {
        (_, InputValue::Text(text)) => text.clone(),
        (InputKind::Duration, InputValue::Number(millis)) => {
            interlock_runner::inputs::show_millis((*millis).unsigned_abs())
        }
        (_, InputValue::Number(number)) => number.to_string(),
        (_, InputValue::Truth(truth)) => truth.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_says_all_that_a_manifest_says() {
        let manifest = Manifest::parse(
            "name = \"a\"\nversion = \"1\"\n[inputs]\n\
             server = { type = \"string\", from = \"alert.labels.server\" }\n\
             stuck_after = { type = \"duration\", default = \"5m\", min = \"1m\" }\n\
             most = { type = \"integer\", max = 9, help = \"how many\" }\n\
             mode = { type = \"string\", one_of = [\"a\", \"b\"], default = \"a\" }\n\
             [[step]]\nname = \"diagnose\"\n",
        )
        .unwrap();
        let schema = inputs_schema(&manifest);
        assert_eq!(
            schema,
            json!({
                "type": "object",
                "additionalProperties": false,
                "required": ["most"],
                "properties": {
                    "server": {
                        "type": "string", "maxLength": 256,
                        "description": "taken from the incident's `alert.labels.server` where not given",
                    },
                    "stuck_after": {
                        "type": "string", "pattern": DURATION, "default": "5m",
                        "description": "a duration such as `5m`, at least 1m",
                    },
                    "most": {
                        "type": "integer", "minimum": -INTEGER_MAX, "maximum": 9,
                        "description": "how many",
                    },
                    "mode": {
                        "type": "string", "maxLength": 256, "default": "a", "enum": ["a", "b"],
                    },
                },
            })
        );
    }
}
