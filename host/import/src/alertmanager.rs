//! Alertmanager's webhook JSON, version 4: one document, several after another, or a list.

use std::collections::BTreeMap;
use std::path::Path;

use interlock_bundle::{About, Bundle, Observed, TimelineLine};
use interlock_capabilities::read::Label;
use interlock_capabilities::read::alerts::Alert;
use interlock_gate::time::Time;
use serde::Deserialize;

use crate::json::Json;
use crate::source::{file, name_of_path};
use crate::{Format, ImportError, Imported, Progress};

/// Most alerts of a file, repeats among them.
const ALERTS_MAX: usize = 100_000;

/// How far back an incident looks, before its first alert.
const LOOK_BACK_S: u64 = 30 * 60;

#[derive(Deserialize)]
struct Written {
    status: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    #[serde(rename = "startsAt")]
    starts_at: String,
    #[serde(default, rename = "endsAt")]
    ends_at: Option<String>,
    #[serde(default)]
    fingerprint: Option<String>,
}

/// One alert of one webhook.
struct Told {
    line: u64,
    alert: Alert,
}

/// Alerts as they were told, repeats and all.
fn read(path: &Path, bytes: &[u8]) -> Result<Vec<Told>, ImportError> {
    let mut all = Vec::new();
    Json::new(path, bytes).documents(|json| {
        let (begin, mut alerts) = (json.line(), false);
        json.members(|json, key| match key {
            "version" => {
                let line = json.line();
                match json.value::<String>()?.as_str() {
                    "4" => Ok(()),
                    other => {
                        let why = format!("version `{other}` of the webhook, and not 4");
                        Err(json.wrong_at(line, &why))
                    }
                }
            }
            "alerts" => {
                alerts = true;
                json.items(|json| {
                    let line = json.line();
                    let alert = alert(json)?;
                    if all.len() == ALERTS_MAX {
                        return Err(ImportError::TooMuch {
                            path: path.to_owned(),
                            what: "alerts",
                            most: ALERTS_MAX as u64,
                        });
                    }
                    all.push(Told { line, alert });
                    Ok(())
                })
            }
            _other => json.skip(),
        })?;
        match alerts {
            true => Ok(()),
            false => Err(json.wrong_at(begin, "a webhook has `alerts`, and this has none")),
        }
    })?;
    Ok(all)
}

fn alert(json: &mut Json<'_>) -> Result<Alert, ImportError> {
    let line = json.line();
    let it: Written = json.value()?;
    let time =
        |text: &str| Time::parse_rfc3339(text).map_err(|why| json.wrong_at(line, &why.to_string()));
    let resolved = match it.status.as_str() {
        "firing" => false,
        "resolved" => true,
        other => {
            let why = format!("status `{other}` is neither `firing` nor `resolved`");
            return Err(json.wrong_at(line, &why));
        }
    };
    // While it fires, the end is the year 1, or a guess.
    let ends_at = match it.ends_at.filter(|_| resolved) {
        Some(text) => Some(time(&text)?.micros()),
        None => None,
    };
    let name = it.labels.get("alertname").cloned();
    let fingerprint = it.fingerprint.unwrap_or_else(|| format!("{:?}", it.labels));
    Ok(Alert {
        name: name.unwrap_or_default(),
        state: it.status,
        starts_at: time(&it.starts_at)?.micros(),
        ends_at,
        fingerprint,
        labels: labels(it.labels),
        annotations: labels(it.annotations),
        source: "alertmanager".to_owned(),
    })
}

fn labels(pairs: BTreeMap<String, String>) -> Vec<Label> {
    let pairs = pairs.into_iter();
    pairs.map(|(name, value)| Label { name, value }).collect()
}

/// Each alert once a start, as it was told last, in the order of starts.
fn once(all: Vec<Told>) -> Vec<Alert> {
    let mut known: BTreeMap<(u64, String), Alert> = BTreeMap::new();
    for told in all {
        let key = (told.alert.starts_at, told.alert.fingerprint.clone());
        known.insert(key, told.alert);
    }
    known.into_values().collect()
}

pub(crate) fn import(
    path: &Path,
    out: &Path,
    progress: Progress<'_>,
) -> Result<Imported, ImportError> {
    let alerts = once(read(path, &file(path)?)?);
    let (Some(first), Some(last)) = (
        alerts.iter().map(|alert| alert.starts_at).min(),
        alerts.iter().map(|alert| alert.starts_at).max(),
    ) else {
        return Err(ImportError::Whole {
            path: path.to_owned(),
            format: Format::Alertmanager,
            why: "it holds no alert".to_owned(),
        });
    };
    let ended = alerts.iter().filter_map(|alert| alert.ends_at).max();
    let time = |micros| Time::from_micros(micros).unwrap_or_default();
    let name = name_of_path(path);
    let begin = time(first).minus_seconds(LOOK_BACK_S);
    let mut about = About::new(&name, begin, time(ended.unwrap_or(last).max(last)));
    // The moment at which the last of them had begun to ring.
    about.now = time(last);
    about.title = titles(&alerts);
    about.service = agreed(&alerts, "service");
    about.severity = agreed(&alerts, "severity");
    let observed = Observed {
        alerts: Some(alerts),
        ..Observed::default()
    };
    Bundle::new(about, observed).write(&out.join(&name))?;
    progress(1, Some(1), &name);
    Ok(Imported {
        bundles: vec![name],
        ..Imported::default()
    })
}

/// The alerts' names, each once, a few of them.
fn titles(alerts: &[Alert]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for alert in alerts {
        if !names.contains(&alert.name.as_str()) && names.len() < 4 {
            names.push(&alert.name);
        }
    }
    names.join(", ")
}

/// What all alerts say of one label.
fn agreed(alerts: &[Alert], name: &str) -> Option<String> {
    let value = |alert: &Alert| {
        let mut labels = alert.labels.iter();
        let found = labels.find(|label| label.name == name);
        found.map(|label| label.value.clone())
    };
    let first = value(alerts.first()?)?;
    let all = alerts
        .iter()
        .all(|alert| value(alert).as_ref() == Some(&first));
    all.then_some(first)
}

/// A line where an alert begins, and one where it ends.
pub(crate) fn timeline(path: &Path, bytes: &[u8]) -> Result<Vec<TimelineLine>, ImportError> {
    let mut known: BTreeMap<(u64, String, String), TimelineLine> = BTreeMap::new();
    for told in read(path, bytes)? {
        let alert = told.alert;
        let mut put = |at: u64, kind: &str, verb: &str| {
            let Some(time) = Time::from_micros(at) else {
                return;
            };
            let key = (at, kind.to_owned(), alert.fingerprint.clone());
            known.entry(key).or_insert_with(|| TimelineLine {
                at: time,
                kind: kind.to_owned(),
                source: Format::Alertmanager.name().to_owned(),
                author: None,
                text: words(&alert, verb),
                line: told.line,
            });
        };
        put(alert.starts_at, "alert", "fires");
        if let Some(ends_at) = alert.ends_at {
            put(ends_at, "resolved", "is resolved");
        }
    }
    Ok(known.into_values().collect())
}

fn words(alert: &Alert, verb: &str) -> String {
    let others = alert
        .labels
        .iter()
        .filter(|label| label.name != "alertname");
    let labels: Vec<Label> = others.cloned().collect();
    let summary = alert
        .annotations
        .iter()
        .find(|one| one.name == "summary" || one.name == "description");
    let mut text = format!("{} {verb}", alert.name);
    if !labels.is_empty() {
        text += &format!(" {}", interlock_bundle::series_text(&labels));
    }
    if let Some(summary) = summary {
        text += &format!(": {}", summary.value);
    }
    text
}
