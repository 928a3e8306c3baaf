//! One tool for each installed runbook: `run_` and its name.

use std::collections::BTreeMap;

use interlock_gate::escape::foreign_short;
use interlock_screens::json::runbooks::RunbookJson;
use rmcp::model::Tool;
use serde_json::{Value, json};

use super::{
    about,
    shape::{self, Shape},
    tools::{self, Hints},
};

/// How the tools of runbooks begin.
pub(super) const PREFIX: &str = "run_";

/// The tool's name of each runbook. Two that would share one keep their hyphens.
pub(super) fn names<'a>(runbooks: impl Iterator<Item = &'a str>) -> BTreeMap<String, String> {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for runbook in runbooks {
        let plain = runbook.replace('-', "_");
        groups.entry(plain).or_default().push(runbook);
    }
    groups
        .into_iter()
        .flat_map(|(plain, runbooks)| {
            let alone = runbooks.len() == 1;
            runbooks.into_iter().map(move |runbook| {
                let name = if alone { plain.as_str() } else { runbook };
                (format!("{PREFIX}{name}"), runbook.to_owned())
            })
        })
        .collect()
}

/// The argument that gives an input: its name, but for the two that every run has.
pub(super) fn argument(input: &str) -> String {
    match input {
        "incident" | "id" => format!("_{input}"),
        _ => input.to_owned(),
    }
}

/// The tool of a runbook, from its line in the list of runbooks. One that is broken has none.
pub(super) fn tool(name: String, line: &RunbookJson) -> Option<Tool> {
    let inputs = line.inputs.as_ref().filter(|_| line.broken.is_none())?;
    // What cannot be told apart counts as able to propose.
    let proposes = line.tier != Some("read");
    let title = format!("Run {}", line.name);
    Some(tools::tool(
        name,
        &title,
        description(line, proposes),
        input(inputs),
        shape::output(&[Shape::Run, Shape::Going]),
        hints(proposes),
    ))
}

/// What is true of a run, by the tier that its components' imports prove.
fn hints(proposes: bool) -> Hints {
    Hints {
        // A runbook whose components import only reads cannot change what it observes. One with a
        // write step cannot by this call either, but it can put a change before its approvers,
        // so it is not for clients that let everything read-only pass unseen.
        read_only: !proposes,
        // The write step only ever plans: nothing that is there is changed, a plan is added.
        destructive: false,
        // Observing again changes nothing; proposing again may put another plan before people.
        idempotent: !proposes,
        // It asks production systems, whose answers hold what anybody wrote there.
        open_world: true,
    }
}

fn description(line: &RunbookJson, proposes: bool) -> String {
    let mut out = format!(
        "Runs the runbook `{}` and answers with its report.",
        line.name
    );
    if !line.alerts.is_empty() {
        let alerts: Vec<String> = line
            .alerts
            .iter()
            .map(|name| foreign_short(name, 80))
            .collect();
        out.push_str(&format!(" Answers the alerts: {}.", alerts.join(", ")));
    }
    if !line.meanings.is_empty() {
        let causes: Vec<String> = line
            .meanings
            .iter()
            .map(|(cause, meaning)| format!("{cause} ({})", foreign_short(meaning, 160)))
            .collect();
        out.push_str(&format!(" Causes that it can name: {}.", causes.join("; ")));
    }
    out.push_str(if proposes {
        " It observes at once and may then propose a change: that is a plan, which waits for a \
         person's signature. Nothing is changed by calling this."
    } else {
        " It can only observe: its components import nothing that could change anything."
    });
    out.push_str(
        " A run longer than two seconds answers `running` with its id: read it with get_run. \
         Give `id` to make a repeated call join the same run.",
    );
    out
}

/// The manifest's inputs, and what every run takes.
fn input(inputs: &Value) -> Value {
    let mut properties = serde_json::Map::new();
    if let Some(declared) = inputs["properties"].as_object() {
        for (name, schema) in declared {
            properties.insert(argument(name), schema.clone());
        }
    }
    properties.insert("incident".to_owned(), about::schema());
    properties.insert(
        "id".to_owned(),
        json!({
            "type": "string",
            "maxLength": 128,
            "pattern": "^[A-Za-z0-9._:-]+$",
            "description": "Your own id for this run: asked again with the same id and arguments, \
                            the call joins the run instead of starting another",
        }),
    );
    let required: Vec<String> = inputs["required"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_str)
        .map(argument)
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_never_meet() {
        let found = names(["pg-locks", "a-b", "a_b"].into_iter());
        let pairs: Vec<(&str, &str)> = found
            .iter()
            .map(|(a, b)| (a.as_str(), b.as_str()))
            .collect();
        assert_eq!(
            pairs,
            [
                ("run_a-b", "a-b"),
                ("run_a_b", "a_b"),
                ("run_pg_locks", "pg-locks")
            ]
        );
    }

    #[test]
    fn only_what_imports_nothing_but_reads_is_read_only() {
        let line = |tier| RunbookJson {
            name: "a".to_owned(),
            version: Some("1".to_owned()),
            folder: None,
            alerts: vec!["High".to_owned()],
            causes: vec!["x".to_owned()],
            meanings: BTreeMap::from([("x".to_owned(), "a cause".to_owned())]),
            tier,
            inputs: Some(json!({
                "type": "object",
                "properties": {"id": {"type": "string"}},
                "required": ["id"],
            })),
            steps: Vec::new(),
            broken: None,
        };
        for (tier, read_only) in [(Some("read"), true), (Some("write"), false), (None, false)] {
            let tool = tool("run_a".to_owned(), &line(tier)).unwrap();
            let annotations = tool.annotations.unwrap();
            assert_eq!(annotations.read_only_hint, Some(read_only));
            assert_eq!(annotations.destructive_hint, Some(false));
            assert_eq!(tool.input_schema["required"], json!(["_id"]));
            assert!(tool.input_schema["properties"]["incident"].is_object());
        }
        let broken = RunbookJson::broken("a".to_owned(), "no".to_owned());
        assert!(super::tool("run_a".to_owned(), &broken).is_none());
    }
}
