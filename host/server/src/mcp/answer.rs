//! What the desk says, as a tool's result: text for the model, the document beside it.
//! Invariant: a result is never a question. Nothing here asks the client for input.

use rmcp::model::{CallToolResult, ContentBlock, JsonObject};
use serde_json::{Value, json};

use crate::desk::{Refusal, Said};

/// Bytes of a document beside its text; more is left out, and said.
pub(super) const DOCUMENT_BYTES_MAX: usize = 24 * 1024;

/// Exit codes of a document that are a finished, good answer: done, and approval required.
const GOOD_EXITS: [u64; 2] = [0, 3];

/// The result of a call that the desk answered.
pub(super) fn of(said: Result<Said, Refusal>) -> CallToolResult {
    match said {
        Ok(said) => shown(said),
        Err(refusal) => refused(&refusal),
    }
}

/// The result of a call that was to end a run: that it ended so is what was asked for.
pub(super) fn of_ending(said: Result<Said, Refusal>) -> CallToolResult {
    let refused = said.is_err();
    let mut result = of(said);
    result.is_error = Some(refused);
    result
}

/// An answer. What ended badly is marked so, with all that is known of it.
pub(super) fn shown(said: Said) -> CallToolResult {
    let Said {
        mut text,
        mut document,
    } = said;
    let exit = document.get("exit").and_then(Value::as_u64);
    let failed = exit.is_some_and(|exit| !GOOD_EXITS.contains(&exit));
    if let Some(denied) = denial(&document) {
        text.push_str(&format!("\n{}", in_words(&denied)));
        document["refusal"] = denied;
    }
    if shrink(&mut document) {
        text.push_str(
            "\nthe structured document is cut: `truncated` says what was left out and how to get it",
        );
    }
    let content = vec![ContentBlock::text(text)];
    let mut result = if failed {
        CallToolResult::error(content)
    } else {
        CallToolResult::success(content)
    };
    result.structured_content = Some(document);
    result
}

/// A refusal: what, by which rule, and what to do now.
pub(super) fn refused(refusal: &Refusal) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(refusal.text())]);
    result.structured_content = serde_json::to_value(refusal).ok();
    result
}

/// What a run that was denied came to, in the form of a refusal.
fn denial(document: &Value) -> Option<Value> {
    let refused = document.get("refused")?.as_array()?;
    let reasons: Vec<&str> = refused.iter().filter_map(Value::as_str).collect();
    let reason = (!reasons.is_empty()).then(|| reasons.join("; "))?;
    // The reason names the rule in the policy's own words where one line would grant it.
    let rule = reasons.iter().find_map(|reason| {
        let at = reason.find("[[")?;
        Some(reason[at..].to_owned())
    });
    Some(json!({
        "schema": "interlock.refusal.v1",
        "code": "denied",
        "reason": reason,
        "rule": rule.unwrap_or_else(|| "what may be put before approvers".to_owned()),
        "next": "nothing that you can do changes this: tell a person what is missing",
        "retry_after_s": null,
    }))
}

fn in_words(denied: &Value) -> String {
    let part = |name: &str| denied[name].as_str().unwrap_or_default();
    format!(
        "{}\nrule: {}\nnext: {}",
        part("reason"),
        part("rule"),
        part("next")
    )
}

/// Leaves out what is large, outermost last, until the document fits; says what and how to get it.
fn shrink(document: &mut Value) -> bool {
    let size = |document: &Value| document.to_string().len();
    if size(document) <= DOCUMENT_BYTES_MAX {
        return false;
    }
    let Some(object) = document.as_object_mut() else {
        return false;
    };
    let what = object.get("schema").and_then(Value::as_str);
    let get = match what {
        Some("interlock.run.v1") => object
            .get("run")
            .and_then(Value::as_str)
            .map(|run| format!("interlock://runs/{run}?offset=0")),
        Some("interlock.plan-show.v1") => object
            .get("plan")
            .and_then(Value::as_str)
            .map(|plan| format!("interlock://plans/{plan}?offset=0")),
        _ => None,
    };
    let mut left_out: Vec<String> = Vec::new();
    // What a step hands to the next one is for programs, and often the largest.
    if let Some(Value::Array(steps)) = object.get_mut("steps") {
        for step in steps.iter_mut() {
            if let Some(report) = step.get_mut("report").and_then(Value::as_object_mut)
                && report.get("findings").is_some_and(|found| !found.is_null())
            {
                report.insert("findings".to_owned(), Value::Null);
                left_out.push("steps[].report.findings".to_owned());
            }
        }
    }
    left_out.dedup();
    loop {
        let now: usize = object.values().map(|value| value.to_string().len()).sum();
        if now <= DOCUMENT_BYTES_MAX {
            break;
        }
        let largest = object
            .iter()
            .filter(|(name, value)| name.as_str() != "schema" && large(value))
            .max_by_key(|(_, value)| value.to_string().len())
            .map(|(name, _)| name.clone());
        let Some(name) = largest else {
            break;
        };
        left_out.push(halve(object, &name));
    }
    left_out.dedup();
    object.insert(
        "truncated".to_owned(),
        json!({"left_out": left_out, "whole": get}),
    );
    true
}

fn large(value: &Value) -> bool {
    value.to_string().len() > 256
}

/// Keeps the first half of a list, the members of an object that are small, the head of a text.
fn halve(object: &mut JsonObject, name: &str) -> String {
    let Some(value) = object.get_mut(name) else {
        return name.to_owned();
    };
    match value {
        Value::Array(list) if list.len() > 1 => {
            let keep = list.len() / 2;
            list.truncate(keep);
            format!("{name}[{keep}..]")
        }
        Value::Array(list) => {
            list.clear();
            name.to_owned()
        }
        Value::Object(inner) => {
            let largest = inner
                .iter()
                .max_by_key(|(_, value)| value.to_string().len())
                .map(|(name, _)| name.clone());
            match largest {
                Some(inside) if matches!(inner.get(&inside), Some(Value::Array(_))) => {
                    format!("{name}.{}", halve(inner, &inside))
                }
                Some(inside) => {
                    inner.remove(&inside);
                    format!("{name}.{inside}")
                }
                None => name.to_owned(),
            }
        }
        Value::String(text) => {
            let head: String = text.chars().take(text.chars().count() / 2).collect();
            *text = head;
            format!("the end of {name}")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Code;

    fn said(document: Value) -> Said {
        Said {
            text: "a run".to_owned(),
            document,
        }
    }

    #[test]
    fn a_refusal_has_its_code_rule_reason_and_next_step() {
        let refusal = Refusal::new(Code::Denied, "no rule grants it")
            .rule("[[read]]")
            .next("ask for one");
        let result = refused(&refusal);
        assert_eq!(result.is_error, Some(true));
        let document = result.structured_content.unwrap();
        assert_eq!(document["code"], "denied");
        assert_eq!(document["rule"], "[[read]]");
        assert_eq!(document["next"], "ask for one");
        let text = result.content[0].as_text().unwrap().text.clone();
        assert!(text.contains("rule: [[read]]\nnext: ask for one"), "{text}");
    }

    #[test]
    fn approval_required_is_a_finished_answer() {
        let result = shown(said(json!({"schema": "interlock.run.v1", "exit": 3})));
        assert_eq!(result.is_error, Some(false));
    }

    #[test]
    fn a_run_that_was_denied_says_by_which_rule() {
        let document = json!({
            "schema": "interlock.run.v1", "exit": 4,
            "refused": ["denied by policy: `metrics` needs [[read]] capabilities = [\"metrics\"]"],
        });
        let result = shown(said(document));
        assert_eq!(result.is_error, Some(true));
        let refusal = &result.structured_content.unwrap()["refusal"];
        assert_eq!(refusal["code"], "denied");
        assert!(refusal["rule"].as_str().unwrap().starts_with("[[read]]"));
    }

    #[test]
    fn a_large_document_is_cut_and_says_where_the_rest_is() {
        let items: Vec<Value> = (0..2000)
            .map(|n| json!({"n": n, "text": "x".repeat(40)}))
            .collect();
        let document = json!({
            "schema": "interlock.run.v1", "run": "r-abc", "exit": 0,
            "steps": [{"report": {"findings": "y".repeat(50_000), "hypotheses": items}}],
            "inputs": {"a": 1},
        });
        let result = shown(said(document));
        let document = result.structured_content.unwrap();
        assert!(document.to_string().len() <= DOCUMENT_BYTES_MAX + 1024);
        assert_eq!(
            document["truncated"]["whole"],
            "interlock://runs/r-abc?offset=0"
        );
        assert_eq!(document["inputs"]["a"], 1);
    }
}
