//! Alerts, notes and diagnoses to test with.

use interlock_gate::ids::{BlobDigest, ComponentDigest};
use interlock_gate::plan::StepBytes;
use serde_json::json;

use super::{requester, run};
use crate::entry::{BacktestSummary, CalibrationRow, Entry};

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

/// What an incident turned out to be, by Bob's word.
pub(crate) fn cause(incident: &str, cause: &str) -> Entry {
    Entry::Cause {
        incident: incident.to_owned(),
        cause: cause.to_owned(),
        subject: Some("orders".to_owned()),
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

/// A backtest whose kept document is these bytes.
pub(crate) fn backtested(document: &[u8]) -> Entry {
    Entry::Backtested {
        runbook: "postgres-connections".to_owned(),
        version: "0.3.0".to_owned(),
        components: vec![StepBytes {
            step: "diagnose".to_owned(),
            digest: ComponentDigest::of(b"diagnose"),
        }],
        corpus: BlobDigest::of(b"corpus"),
        cases: 24,
        by: requester(),
        report: BlobDigest::of(document),
        summary: BacktestSummary {
            judged: 22,
            right_first: 20,
            right_in_three: 21,
            unresolved: 1,
            failed: 0,
            confident: 18,
            confident_wrong: 0,
            calibration: vec![CalibrationRow {
                pattern: "first: high".to_owned(),
                cause: None,
                right: 18,
                of: 18,
            }],
        },
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
