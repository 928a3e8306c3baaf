//! The arguments of `submit_diagnosis`: a report in the words of whoever submits it.

use interlock_gate::escape::foreign_short;
use interlock_runner::diagnosis::{
    CITES_MAX, HYPOTHESES_MAX, ITEMS_MAX, LIST_MAX, SAYS_BYTES_MAX, Submitted, TEXT_BYTES_MAX,
};
use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::given::{Given, bad};
use crate::desk::Refusal;

/// The report's fields, beside `run`.
const FIELDS: [&str; 6] = [
    "summary",
    "hypotheses",
    "ruled_out",
    "tried",
    "could_not_check",
    "unresolved",
];

/// The schema of every argument; `run` is the one that all tools have.
pub(super) fn properties(run: &Value) -> Value {
    let text =
        |says: &str| json!({"type": "string", "maxLength": TEXT_BYTES_MAX, "description": says});
    let note =
        |says: &str| json!({"type": "string", "maxLength": SAYS_BYTES_MAX, "description": says});
    let call =
        json!({"type": ["string", "integer"], "description": "A call of this run, such as c3"});
    let object = |properties: Value, required: &[&str]| {
        json!({"type": "object", "properties": properties, "required": required,
            "additionalProperties": false})
    };
    let cite = object(
        json!({
            "call": call,
            "items": {"type": "array", "maxItems": ITEMS_MAX, "items": {"type": "integer", "minimum": 0},
                "description": "Items of the answer, from 0; left out: the whole answer"},
            "says": note("What it says, in your words"),
        }),
        &["call", "says"],
    );
    let cites = |says: &str| json!({"type": "array", "maxItems": CITES_MAX, "items": cite, "description": says});
    let check = object(
        json!({
            "what": note("What was checked"),
            "call": call,
            "outcome": {"enum": ["passed", "refuted", "not_made"]},
            "says": note("What it says, or why it was not made"),
        }),
        &["what", "call", "outcome"],
    );
    let hypothesis = object(
        json!({
            "cause": note("One of the causes that list_runbooks names for this runbook"),
            "path": text("By which path the cause leads to the symptom"),
            "supports": cites("Calls that speak for it"),
            "contradicts": cites("Calls that speak against it"),
            "checks": {"type": "array", "maxItems": CITES_MAX, "items": check,
                "description": "What could have refuted it, and did or did not"},
        }),
        &["cause", "path", "supports"],
    );
    let ruled_out = object(
        json!({"cause": note("A cause that the evidence excludes"), "because": cites("What excludes it")}),
        &["cause", "because"],
    );
    let unchecked = object(
        json!({"what": note("What"), "call": call, "why": note("Why not"),
            "would_show": note("What it would have shown")}),
        &["what", "why"],
    );
    json!({
        "run": run,
        "summary": text("In a sentence or two"),
        "hypotheses": {"type": "array", "maxItems": HYPOTHESES_MAX, "items": hypothesis,
            "description": "The likeliest first, with at least one alternate"},
        "ruled_out": {"type": "array", "maxItems": LIST_MAX, "items": ruled_out},
        "tried": {"type": "array", "maxItems": LIST_MAX, "items": {"type": "string"},
            "description": "Causes that you looked for as alternates"},
        "could_not_check": {"type": "array", "maxItems": LIST_MAX, "items": unchecked},
        "unresolved": text("Why you name no cause: a complete answer, and better than a guess"),
    })
}

/// Reads the report; the runner judges what it cites.
pub(super) fn read(given: &mut Given) -> Result<Submitted, Refusal> {
    let mut report = JsonObject::new();
    for field in FIELDS {
        if let Some(mut value) = given.any(field) {
            spell(&mut value);
            report.insert(field.to_owned(), value);
        }
    }
    // Read one by one, so that a mistake has its field's name.
    for (field, value) in &report {
        let alone = json!({ field: value });
        if let Err(why) = serde_json::from_value::<Submitted>(alone) {
            return Err(bad(
                format!(
                    "`{field}` is not as it must be: {}",
                    foreign_short(&why.to_string(), 200)
                ),
                "see the tool's input schema: calls are written `c3`, and every claim cites one",
            ));
        }
    }
    serde_json::from_value(Value::Object(report)).map_err(|why| {
        bad(
            foreign_short(&why.to_string(), 200),
            "see the tool's input schema",
        )
    })
}

/// Calls as they are cited: a model that has read `"call": "3"` in a report writes 3 as often as c3.
fn spell(value: &mut Value) {
    match value {
        Value::Array(list) => list.iter_mut().for_each(spell),
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                match value {
                    Value::Number(number) if key == "call" => *value = format!("c{number}").into(),
                    Value::String(text)
                        if key == "call" && text.bytes().all(|byte| byte.is_ascii_digit()) =>
                    {
                        *value = format!("c{text}").into();
                    }
                    value => spell(value),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(value: Value) -> Given {
        Given::new(value.as_object().cloned())
    }

    #[test]
    fn a_report_is_read_and_a_mistake_has_its_fields_name() {
        let good = json!({"hypotheses": [{"cause": "a", "path": "p",
            "supports": [{"call": "c3", "says": "s"}, {"call": 3, "says": "s"},
                {"call": "3", "says": "s"}]}], "unresolved": null});
        let report = read(&mut given(good)).unwrap();
        for cite in &report.hypotheses[0].supports {
            assert_eq!(cite.call.to_string(), "c3");
        }
        let bad = json!({"summary": "s", "hypotheses": [{"cause": "a", "path": "p",
            "supports": [{"call": "three", "says": "s"}]}]});
        let refusal = read(&mut given(bad)).unwrap_err();
        assert!(
            refusal.reason.starts_with("`hypotheses` is not"),
            "{}",
            refusal.reason
        );
    }
}
