//! Alerts, notes and diagnoses to test with.

use serde_json::json;

use super::{requester, run};
use crate::entry::Entry;

/// Alerts of a group.
pub(crate) fn alerted(incident: &str, group: &str, firing: bool) -> Entry {
    Entry::Alerted {
        incident: incident.to_owned(),
        group: group.to_owned(),
        firing,
        alerts: json!({"schema": crate::entry::ALERTS_SCHEMA, "alerts": []}),
        by: requester(),
    }
}

/// Bob's words on an incident.
pub(crate) fn note(incident: &str, text: &str) -> Entry {
    Entry::Note {
        incident: incident.to_owned(),
        text: text.to_owned(),
        by: requester(),
        owners: vec!["bob".parse().unwrap()],
    }
}

/// A diagnosis whose kept document is these bytes.
pub(crate) fn diagnosis(name: &str, document: &[u8]) -> Entry {
    Entry::Diagnosis {
        run: run(name),
        by: requester(),
        owners: vec!["bob".parse().unwrap()],
        document: interlock_gate::ids::BlobDigest::of(document),
    }
}

/// A chat's timeline whose kept lines are these bytes.
pub(crate) fn imported(incident: &str, lines: &[u8]) -> Entry {
    Entry::Imported {
        incident: incident.to_owned(),
        format: "slack".to_owned(),
        by: requester(),
        timeline: interlock_gate::ids::BlobDigest::of(lines),
        lines: 2,
    }
}
