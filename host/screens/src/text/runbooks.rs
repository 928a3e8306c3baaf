//! What is installed.

use std::fmt::Write as _;

use serde_json::Value;

use super::words::{foreign, wrapped};
use crate::json::runbooks::RunbookJson;

/// Each runbook: alerts, causes, inputs, and the tier of each step.
pub fn screen(runbooks: &[RunbookJson]) -> String {
    let mut out = String::new();
    for runbook in runbooks {
        let version = runbook.version.as_deref().unwrap_or_default();
        let folder = runbook.folder.as_ref();
        let folder = folder.map(|folder| format!("   {}", folder.display()));
        let _ = writeln!(
            out,
            "{} {}{}",
            foreign(&runbook.name),
            foreign(version),
            folder.unwrap_or_default()
        );
        if let Some(broken) = &runbook.broken {
            let _ = writeln!(out, "  broken: {}", foreign(broken));
            continue;
        }
        let list = |lead: &str, words: &[String]| {
            let words = if words.is_empty() {
                "none".to_owned()
            } else {
                foreign(&words.join(", "))
            };
            wrapped(lead, &words, 100)
        };
        out.push_str(&list("  answers  ", &runbook.alerts));
        out.push_str(&list("  causes   ", &runbook.causes));
        let inputs = inputs(runbook.inputs.as_ref());
        if !inputs.is_empty() {
            out.push_str(&wrapped("  inputs   ", &inputs, 100));
        }
        for step in &runbook.steps {
            let tier = step
                .tier
                .map_or_else(|| "not built".to_owned(), |tier| format!("tier {tier}"));
            let writes = if step.writes.is_empty() {
                String::new()
            } else {
                format!(": {}", step.writes.join(", "))
            };
            let trust = step
                .trust
                .map(|trust| format!(", {trust}"))
                .unwrap_or_default();
            let _ = writeln!(out, "  step     {:<12} {tier}{writes}{trust}", step.step);
        }
    }
    if runbooks.is_empty() {
        out.push_str("no runbook is installed\n");
    }
    out
}

/// `server (string), stuck_after (string, default 5m)`.
fn inputs(schema: Option<&Value>) -> String {
    let properties = schema
        .and_then(|schema| schema.get("properties"))
        .and_then(Value::as_object);
    let words = properties.into_iter().flatten().map(|(name, property)| {
        let kind = match property.get("pattern") {
            // The only texts with a pattern.
            Some(_) => "duration",
            None => property.get("type").and_then(Value::as_str).unwrap_or("?"),
        };
        match property.get("default") {
            Some(Value::String(text)) => format!("{name} ({kind}, default {})", foreign(text)),
            Some(value) => format!("{name} ({kind}, default {value})"),
            None => format!("{name} ({kind})"),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}
