//! PagerDuty's log entries, as `GET /log_entries` or `GET /incidents/ID/log_entries` gives them:
//! one page, or several after another.

use std::collections::BTreeMap;
use std::path::Path;

use interlock_bundle::{About, Bundle, Observed, TimelineLine};
use interlock_capabilities::read::Label;
use interlock_capabilities::read::alerts::Alert;
use interlock_gate::time::Time;
use serde::Deserialize;

use crate::json::Json;
use crate::source::{file, name_of};
use crate::{Format, ImportError, Imported, Progress};

/// Most log entries of a file.
const ENTRIES_MAX: usize = 100_000;

/// How far back an incident looks, before its first entry.
const LOOK_BACK_S: u64 = 30 * 60;

/// Something that PagerDuty names: a person, a service, an incident.
#[derive(Clone, Deserialize)]
struct Named {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    summary: Option<String>,
}

#[derive(Deserialize)]
struct Written {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    summary: Option<String>,
    created_at: String,
    #[serde(default)]
    agent: Option<Named>,
    #[serde(default)]
    channel: Option<Channel>,
    #[serde(default)]
    service: Option<Named>,
    #[serde(default)]
    incident: Option<Named>,
    #[serde(default)]
    event_details: Option<Details>,
}

/// What carried it; of a note, its words.
#[derive(Deserialize)]
struct Channel {
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    summary: Option<String>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    description: Option<String>,
}

struct LogEntry {
    line: u64,
    at: Time,
    written: Written,
}

struct Pages {
    entries: Vec<LogEntry>,
    /// A page said that there are more, and none came after it.
    unfinished: bool,
}

fn read(path: &Path, bytes: &[u8]) -> Result<Pages, ImportError> {
    let mut entries: Vec<LogEntry> = Vec::new();
    let mut unfinished = false;
    let mut take = |json: &mut Json<'_>| {
        let line = json.line();
        let written: Written = json.value()?;
        let at = Time::parse_rfc3339(&written.created_at)
            .map_err(|why| json.wrong_at(line, &why.to_string()))?;
        if entries.len() == ENTRIES_MAX {
            return Err(ImportError::TooMuch {
                path: path.to_owned(),
                what: "log entries",
                most: ENTRIES_MAX as u64,
            });
        }
        entries.push(LogEntry { line, at, written });
        Ok(())
    };
    let mut json = Json::new(path, bytes);
    if json.peek().is_none() {
        return Err(json.wrong("the file is empty"));
    }
    while let Some(byte) = json.peek() {
        // A bare list is what a script keeps that has put the pages together.
        if byte == b'[' {
            json.items(&mut take)?;
            continue;
        }
        let (begin, mut found) = (json.line(), false);
        unfinished = false;
        json.members(|json, key| match key {
            "log_entries" => {
                found = true;
                json.items(&mut take)
            }
            "log_entry" => {
                found = true;
                take(json)
            }
            "more" => {
                unfinished = json.value::<Option<bool>>()?.unwrap_or(false);
                Ok(())
            }
            _other => json.skip(),
        })?;
        if !found {
            return Err(json.wrong_at(begin, "a page has `log_entries`, and this has none"));
        }
    }
    // The API gives the newest first.
    entries.sort_by_key(|entry| entry.at);
    Ok(Pages {
        entries,
        unfinished,
    })
}

impl LogEntry {
    fn kind(&self) -> &'static str {
        match self.written.kind.as_str() {
            "trigger_log_entry" => "alert",
            "acknowledge_log_entry" => "acknowledged",
            "assign_log_entry" | "delegate_log_entry" => "assigned",
            "escalate_log_entry" => "escalated",
            "notify_log_entry" => "page",
            "annotate_log_entry" => "annotated",
            "resolve_log_entry" => "resolved",
            _other => "other",
        }
    }

    fn author(&self) -> Option<String> {
        self.written.agent.as_ref()?.summary.clone()
    }

    /// PagerDuty's summary, and what the event or the note itself says.
    fn text(&self) -> String {
        let it = &self.written;
        let channel = it.channel.as_ref();
        let note = channel.filter(|c| c.kind.as_deref() == Some("note"));
        let said = match (note, &it.event_details) {
            (Some(note), _) => note.summary.clone(),
            (None, Some(details)) => details.description.clone(),
            (None, None) => channel.and_then(|c| c.summary.clone()),
        };
        let summary = it.summary.clone().unwrap_or_else(|| it.kind.clone());
        match said {
            Some(said) if !said.is_empty() && said != summary => format!("{summary}: {said}"),
            Some(_) | None => summary,
        }
    }

    fn line(&self) -> TimelineLine {
        TimelineLine {
            at: self.at,
            kind: self.kind().to_owned(),
            source: Format::PagerDuty.name().to_owned(),
            author: self.author(),
            text: self.text(),
            line: self.line,
        }
    }
}

pub(crate) fn timeline(path: &Path, bytes: &[u8]) -> Result<Vec<TimelineLine>, ImportError> {
    let pages = read(path, bytes)?;
    Ok(pages.entries.iter().map(LogEntry::line).collect())
}

/// A bundle for each incident that the entries speak of.
pub(crate) fn import(
    path: &Path,
    out: &Path,
    progress: Progress<'_>,
) -> Result<Imported, ImportError> {
    let pages = read(path, &file(path)?)?;
    let mut incidents: BTreeMap<String, Vec<LogEntry>> = BTreeMap::new();
    for entry in pages.entries {
        let id = entry.written.incident.as_ref().and_then(|it| it.id.clone());
        let Some(id) = id else {
            return Err(ImportError::Line {
                path: path.to_owned(),
                line: entry.line,
                why: "the entry names no incident".to_owned(),
            });
        };
        incidents.entry(id).or_default().push(entry);
    }
    let mut imported = Imported::default();
    if pages.unfinished {
        let note = "the last page says that there are more: ask for them with `offset`";
        imported.notes.push(note.to_owned());
    }
    let of = incidents.len();
    for (id, entries) in incidents {
        let name = name_of(&id);
        bundle(&name, &entries).write(&out.join(&name))?;
        imported.bundles.push(name.clone());
        progress(imported.bundles.len(), Some(of), &name);
    }
    Ok(imported)
}

fn bundle(name: &str, entries: &[LogEntry]) -> Bundle {
    let times = || entries.iter().map(|entry| entry.at);
    let (first, last) = (
        times().min().unwrap_or_default(),
        times().max().unwrap_or_default(),
    );
    let mut alerts: Vec<Alert> = Vec::new();
    for entry in entries {
        match entry.kind() {
            "alert" => alerts.push(alert(entry)),
            "resolved" => {
                for alert in alerts.iter_mut().filter(|alert| alert.ends_at.is_none()) {
                    alert.ends_at = Some(entry.at.micros());
                    alert.state = "resolved".to_owned();
                }
            }
            _other => {}
        }
    }
    let found = |of: fn(&Written) -> &Option<Named>| {
        let mut all = entries
            .iter()
            .filter_map(|entry| of(&entry.written).clone());
        all.find_map(|named| named.summary)
    };
    let mut about = About::new(name, first.minus_seconds(LOOK_BACK_S), last);
    let rang = alerts.iter().map(|alert| alert.starts_at).max();
    about.now = rang.and_then(Time::from_micros).unwrap_or(last);
    about.title = found(|it| &it.incident).unwrap_or_default();
    about.service = found(|it| &it.service);
    Bundle::new(
        about,
        Observed {
            alerts: Some(alerts),
            timeline: entries.iter().map(LogEntry::line).collect(),
            ..Observed::default()
        },
    )
}

fn alert(entry: &LogEntry) -> Alert {
    let it = &entry.written;
    let said = it
        .event_details
        .as_ref()
        .and_then(|d| d.description.clone());
    let name = said.or_else(|| it.summary.clone()).unwrap_or_default();
    let service = it.service.as_ref().and_then(|it| it.summary.clone());
    let labels = service.map(|value| Label {
        name: "service".to_owned(),
        value,
    });
    Alert {
        fingerprint: format!("{}:{}", entry.at.micros(), name),
        name,
        state: "firing".to_owned(),
        starts_at: entry.at.micros(),
        ends_at: None,
        labels: labels.into_iter().collect(),
        annotations: Vec::new(),
        source: "incident".to_owned(),
    }
}
