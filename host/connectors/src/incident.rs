//! Incident files: what a run is about, written by a person or by a paging system.
//! Not the store of past incidents.
//! Start at [`Incident::read`].
//!
//! ```toml
//! id = "INC-2291"                        # [A-Za-z0-9][A-Za-z0-9._-]*, up to 64
//! service = "checkout"                   # optional
//! severity = "critical"                  # optional
//! begin = 2026-11-25T02:57:00Z           # optional: 30 minutes before `end`
//! end = 2026-11-25T03:12:00Z             # optional: now
//!
//! [[alert]]                              # any number, 256 at most
//! name = "PostgresConnectionsHigh"
//! starts_at = 2026-11-25T03:02:00Z       # optional: `begin`
//! labels = { server = "orders-db" }      # text to text
//! annotations = { summary = "47 of 47 slots in use" }
//! ```
//!
//! The same as JSON where the file's name ends in `.json`; dates are then text, and `alert` a list.

use std::path::Path;

use interlock_capabilities::report::{self, Label};
use interlock_gate::time::Time;

use crate::document::{self, FileError, Format, Mistakes, Section};
use crate::files::{self, TEXT_BYTES_MAX};

/// Most alerts of one incident.
pub const ALERTS_MAX: usize = 256;

/// Most labels, and most annotations, of one alert.
const LABELS_MAX: usize = 64;

/// How far back an incident looks that does not say when it began.
const LOOK_BACK_S: u64 = 30 * 60;

/// What a run is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// Its id, such as `INC-2291`.
    pub id: String,
    /// The service that suffers.
    pub service: Option<String>,
    /// In the words of whoever keeps incidents.
    pub severity: Option<String>,
    /// From when it is looked at.
    pub begin: Time,
    /// Until when; after `begin`.
    pub end: Time,
    /// What rang.
    pub alerts: Vec<IncidentAlert>,
}

/// One alert of an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentAlert {
    /// The alert rule's name.
    pub name: String,
    /// Since when.
    pub starts_at: Time,
    /// By name, sorted.
    pub labels: Vec<(String, String)>,
    /// By name, sorted. Untrusted text.
    pub annotations: Vec<(String, String)>,
}

impl Incident {
    /// Reads an incident file; `now` is its end where it names none.
    pub fn read(path: &Path, now: Time) -> Result<Self, FileError> {
        let text = files::read_plain_text(path, TEXT_BYTES_MAX)?;
        Ok(Self::parse(path, &text, Format::of(path), now)?)
    }

    /// Reads an incident's text; `path` only names it in mistakes.
    pub fn parse(path: &Path, text: &str, format: Format, now: Time) -> Result<Self, Mistakes> {
        document::read(path, text, format, |top| take(top, now))
    }
}

impl From<Incident> for report::Incident {
    fn from(file: Incident) -> Self {
        let alerts = file.alerts.into_iter().map(|alert| report::Alert {
            name: alert.name,
            starts_at: alert.starts_at.micros(),
            labels: labels(alert.labels),
            annotations: labels(alert.annotations),
        });
        Self {
            id: file.id,
            service: file.service,
            severity: file.severity,
            begin: file.begin.micros(),
            end: file.end.micros(),
            alerts: alerts.collect(),
        }
    }
}

fn labels(pairs: Vec<(String, String)>) -> Vec<Label> {
    pairs
        .into_iter()
        .map(|(name, value)| Label { name, value })
        .collect()
}

fn take(top: &mut Section<'_, '_>, now: Time) -> Option<Incident> {
    let id = top.need("id", Section::name);
    let service = top.text("service");
    let severity = top.text("severity");
    let end = top.time("end").unwrap_or(now);
    let begin = top
        .time("begin")
        .unwrap_or_else(|| end.minus_seconds(LOOK_BACK_S));
    if begin >= end {
        top.must_be(
            "begin",
            format!("before the end, {}", end.to_seconds_text()),
        );
    }
    let alerts = top.tables("alert", "[[alert]]", ALERTS_MAX, |alert| {
        let name = alert.need("name", Section::text);
        let starts_at = alert.time("starts_at").unwrap_or(begin);
        let labels = alert.pairs("labels", LABELS_MAX);
        let annotations = alert.pairs("annotations", LABELS_MAX);
        Some(IncidentAlert {
            name: name?,
            starts_at,
            labels,
            annotations,
        })
    });
    Some(Incident {
        id: id?,
        service,
        severity,
        begin,
        end,
        alerts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::check;

    fn now() -> Time {
        "2026-11-25T03:12:08.000000Z".parse().unwrap()
    }

    fn parse(text: &str, format: Format) -> Result<Incident, Mistakes> {
        Incident::parse(Path::new("INC-2291.toml"), text, format, now())
    }

    #[test]
    fn an_incident_needs_its_id_and_nothing_else() {
        let incident = parse("id = \"INC-2291\"", Format::Toml).unwrap();
        assert_eq!(incident.end, now());
        assert_eq!(incident.begin.to_seconds_text(), "2026-11-25T02:42:08Z");
        assert_eq!(incident.alerts, []);
    }

    #[test]
    fn toml_and_json_say_the_same() {
        let toml = r#"
            id = "INC-2291"
            service = "checkout"
            begin = 2026-11-25T02:57:00Z
            end = 2026-11-25T04:12:00+01:00
            [[alert]]
            name = "PostgresConnectionsHigh"
            starts_at = 2026-11-25T03:02:00Z
            labels = { server = "orders-db", alertname = "PostgresConnectionsHigh" }
            annotations = { summary = "full" }
        "#;
        let json = r#"{"id": "INC-2291", "service": "checkout",
            "begin": "2026-11-25T02:57:00Z", "end": "2026-11-25T04:12:00+01:00",
            "alert": [{"name": "PostgresConnectionsHigh", "starts_at": "2026-11-25T03:02:00Z",
            "labels": {"server": "orders-db", "alertname": "PostgresConnectionsHigh"},
            "annotations": {"summary": "full"}}]}"#;
        let incident = parse(toml, Format::Toml).unwrap();
        assert_eq!(incident, parse(json, Format::Json).unwrap());
        let given = report::Incident::from(incident);
        assert_eq!(given.alerts[0].labels[1].value, "orders-db");
        assert_eq!(given.end - given.begin, 15 * 60 * 1_000_000);
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let text =
            "id = \"a b\"\nbegin = 2026-11-25T03:00:00\nseverty = 3\n[[alert]]\nlabels = 1\n";
        check(
            &parse(text, Format::Toml).unwrap_err(),
            &[
                "INC-2291.toml:1:6: `id` must be a name of up to 64 letters, digits, `.`, `_` and `-`",
                "INC-2291.toml:2:9: `begin` must be a date with its offset, such as 2026-11-25T03:12:08Z",
                "INC-2291.toml:3:1: `severty` is not a key of the file (did you mean `severity`?)",
                "INC-2291.toml:4:1: [[alert]] has no `name`",
                "INC-2291.toml:5:10: `labels` must be a table of text, not an integer",
            ],
        );
        check(
            &parse("{\"id\": \"x\", \"id\": 1}", Format::Json).unwrap_err(),
            &["INC-2291.toml:1:13: key `id` stands here twice"],
        );
        let text = "id = \"x\"\nbegin = 2026-11-25T04:00:00Z\nend = 2026-11-25T03:00:00Z\n";
        check(
            &parse(text, Format::Toml).unwrap_err(),
            &["INC-2291.toml:2:9: `begin` must be before the end, 2026-11-25T03:00:00Z"],
        );
        check(
            &parse("id = x", Format::Toml).unwrap_err(),
            &["INC-2291.toml:1:6: string values must be quoted, expected literal string"],
        );
    }
}
