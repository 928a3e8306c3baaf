//! A run's inputs: from the caller, else from the incident, else from the manifest.

use std::collections::BTreeMap;

use interlock_capabilities::report::{Alert, Incident, Label};
use serde_json::Value;

use crate::manifest::{Input, InputKind, InputValue, Manifest};

/// Inputs that do not fit the manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadInput {
    /// The runbook has no such input.
    #[error("`{name}` is not an input of {runbook}")]
    Unknown {
        /// The input as given.
        name: String,
        /// The runbook.
        runbook: String,
        /// What it has.
        known: Vec<String>,
    },
    /// The text is not of the input's type.
    #[error("`{name}` from {origin} is `{text}`, must be {expects}")]
    Type {
        /// The input.
        name: String,
        /// Who said so: the command line, or a place in the incident.
        origin: String,
        /// The text, escaped and cut.
        text: String,
        /// The form of its values.
        expects: &'static str,
    },
    /// The value is outside the input's bounds.
    #[error("{why}")]
    Bounds {
        /// What is wrong.
        why: String,
    },
    /// Nothing gives a value.
    #[error("input `{name}` has no value")]
    Missing {
        /// The input.
        name: String,
        /// The place in the incident where one was looked for.
        from: Option<String>,
    },
}

/// The value of every input, as a step and a plan see them: strings, integers, booleans.
pub fn resolve(
    manifest: &Manifest,
    given: &BTreeMap<String, String>,
    incident: &Incident,
) -> Result<BTreeMap<String, Value>, BadInput> {
    if let Some(name) = given
        .keys()
        .find(|name| !manifest.inputs.contains_key(*name))
    {
        return Err(BadInput::Unknown {
            name: cut(name),
            runbook: manifest.name.clone(),
            known: manifest.inputs.keys().cloned().collect(),
        });
    }
    manifest
        .inputs
        .iter()
        .map(|(name, input)| {
            let value = one(manifest, name, input, given.get(name), incident)?;
            let value = match value {
                InputValue::Text(text) => Value::from(text),
                InputValue::Number(number) => Value::from(number),
                InputValue::Truth(truth) => Value::from(truth),
            };
            Ok((name.clone(), value))
        })
        .collect()
}

fn one(
    manifest: &Manifest,
    name: &str,
    input: &Input,
    given: Option<&String>,
    incident: &Incident,
) -> Result<InputValue, BadInput> {
    let found = given
        .map(|text| ("the command line".to_owned(), text.clone()))
        .or_else(|| {
            let from = input.from.as_ref()?;
            Some((from.clone(), place(manifest, from, incident)?))
        });
    let value = match (found, &input.default) {
        (Some((origin, text)), _) => input.read(&text).ok_or_else(|| BadInput::Type {
            name: name.to_owned(),
            origin,
            text: cut(&text),
            expects: input.kind.expects(),
        })?,
        (None, Some(default)) => default.clone(),
        (None, None) => {
            return Err(BadInput::Missing {
                name: name.to_owned(),
                from: input.from.clone(),
            });
        }
    };
    input
        .check(name, &value)
        .map_err(|why| BadInput::Bounds { why })?;
    Ok(value)
}

/// The text at `from`, in the first alert that the runbook answers, else in any.
fn place(manifest: &Manifest, from: &str, incident: &Incident) -> Option<String> {
    let label = |labels: &[Label], name: &str| {
        labels
            .iter()
            .find(|label| label.name == name)
            .map(|label| label.value.clone())
    };
    let in_alert = |read: &dyn Fn(&Alert) -> Option<String>| {
        let answered = |alert: &&Alert| manifest.alerts.contains(&alert.name);
        incident
            .alerts
            .iter()
            .filter(answered)
            .find_map(read)
            .or_else(|| incident.alerts.iter().find_map(read))
    };
    match from {
        "incident.id" => Some(incident.id.clone()),
        "incident.service" => incident.service.clone(),
        "incident.severity" => incident.severity.clone(),
        _ => {
            if let Some(name) = from.strip_prefix("alert.labels.") {
                in_alert(&|alert| label(&alert.labels, name))
            } else if let Some(name) = from.strip_prefix("alert.annotations.") {
                in_alert(&|alert| label(&alert.annotations, name))
            } else {
                None
            }
        }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(80).flat_map(char::escape_debug).collect()
}

/// An input's value as a person reads it: a duration in its unit again.
pub fn show(manifest: &Manifest, name: &str, value: &Value) -> String {
    let kind = manifest.inputs.get(name).map(|input| input.kind);
    match (kind, value.as_u64(), value) {
        (Some(InputKind::Duration), Some(millis), _) => show_millis(millis),
        (_, _, Value::String(text)) => text.clone(),
        (_, _, value) => value.to_string(),
    }
}

/// A duration of so many milliseconds, in the largest unit that is whole.
pub fn show_millis(millis: u64) -> String {
    for (unit, size) in [("h", 3_600_000), ("m", 60_000), ("s", 1000)] {
        if millis > 0 && millis.is_multiple_of(size) {
            return format!("{}{unit}", millis / size);
        }
    }
    format!("{millis}ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest::parse(
            "name = \"a\"\nversion = \"1\"\nalerts = [\"High\"]\n\
             [inputs]\nserver = { type = \"string\", from = \"alert.labels.server\" }\n\
             stuck_after = { type = \"duration\", default = \"5m\", min = \"1m\" }\n\
             [[step]]\nname = \"diagnose\"\n",
        )
        .unwrap()
    }

    fn incident(alerts: &[(&str, &str)]) -> Incident {
        let alert = |(name, server): &(&str, &str)| Alert {
            name: (*name).to_owned(),
            starts_at: 0,
            labels: vec![Label {
                name: "server".to_owned(),
                value: (*server).to_owned(),
            }],
            annotations: Vec::new(),
        };
        Incident {
            id: "INC-1".to_owned(),
            service: None,
            severity: None,
            begin: 0,
            end: 1,
            alerts: alerts.iter().map(alert).collect(),
        }
    }

    #[test]
    fn the_alert_that_the_runbook_answers_comes_first() {
        let incident = incident(&[("Other", "b"), ("High", "a")]);
        let inputs = resolve(&manifest(), &BTreeMap::new(), &incident).unwrap();
        assert_eq!(inputs["server"], "a");
        assert_eq!(inputs["stuck_after"], 300_000);
        assert_eq!(
            show(&manifest(), "stuck_after", &inputs["stuck_after"]),
            "5m"
        );
    }

    #[test]
    fn every_bad_input_says_which() {
        let given = |name: &str, text: &str| BTreeMap::from([(name.to_owned(), text.to_owned())]);
        let none = incident(&[]);
        let refused = |given| resolve(&manifest(), &given, &none).unwrap_err().to_string();
        assert_eq!(refused(BTreeMap::new()), "input `server` has no value");
        assert_eq!(refused(given("sever", "a")), "`sever` is not an input of a");
        let mut both = given("server", "a");
        both.insert("stuck_after".to_owned(), "5".to_owned());
        assert!(refused(both.clone()).contains("must be a duration"));
        both.insert("stuck_after".to_owned(), "30s".to_owned());
        assert!(refused(both).contains("at least 60000ms"));
    }
}
