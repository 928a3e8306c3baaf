//! An incident to draft: alerts, a run with changes and logs, an agent's diagnosis, a note, a chat
//! and a paging log; `words` stand wherever somebody else may write.

use std::{collections::BTreeMap, sync::Arc};

use interlock_capabilities::{
    Answer, Ask, Recorded,
    read::{
        Window,
        changes::{Change, ChangeList, ChangesAsk},
        logs::{LogLines, SearchAsk},
    },
    report::{Checked, Cite, Hypothesis, Incident, Input, Report, Unchecked},
};
use interlock_engine::{CASSETTE_SCHEMA, Cassette, Seed};
use interlock_gate::{
    ids::{BlobDigest, CallId, ComponentDigest, ReportDigest},
    plan::Requester,
    time::Time,
};
use interlock_runner::{
    confidence::Confidence,
    diagnosis::DiagnosisRecord,
    imported::{Timeline, TimelineLine},
    record::{RunRecord, StepConclusion, StepRecord},
    report::StepReport,
    state::RunState,
};
use interlock_store::entry::{Entry, Stamped, StepEnd};
use serde_json::json;

use crate::story::Story;

pub(crate) fn at(clock: &str) -> Time {
    Time::parse_rfc3339(&format!("2026-11-25T{clock}Z")).unwrap()
}

fn requester(name: &str) -> Requester {
    Requester {
        caller: Some(name.to_owned()),
        via: format!("bearer:{name}"),
        unattended: false,
    }
}

fn confidence() -> Confidence {
    let old = json!({
        "level": "medium", "supports": 2, "contradicts": 0, "passed": 1, "refuted": 0,
        "not_made": 1, "judged": 0, "caps": ["unproven"],
    });
    serde_json::from_value(old).unwrap()
}

fn report(words: &str) -> Report {
    let hypothesis = |cause: &str| Hypothesis {
        cause: cause.to_owned(),
        path: words.to_owned(),
        supports: vec![Cite {
            call: 1,
            items: vec![0],
            says: words.to_owned(),
        }],
        contradicts: Vec::new(),
        checks: vec![interlock_capabilities::report::Check {
            what: words.to_owned(),
            call: 1,
            outcome: Checked::Passed,
            says: String::new(),
        }],
    };
    Report {
        summary: format!("36 sessions sit idle. {words}"),
        hypotheses: vec![
            hypothesis("idle_in_transaction"),
            hypothesis("leak_after_deployment"),
        ],
        ruled_out: Vec::new(),
        tried: vec!["lock_convoy".to_owned()],
        could_not_check: vec![Unchecked {
            what: format!("logs of {words}"),
            call: Some(2),
            why: "no [[source.logs]] has that name".to_owned(),
            would_show: words.to_owned(),
        }],
        unresolved: None,
        notes: vec![format!("ending them does not fix the cause: {words}")],
        findings: None,
    }
}

fn calls(words: &str) -> Vec<Recorded> {
    let window = Window {
        begin: at("02:00:00").micros(),
        end: at("03:12:00").micros(),
    };
    let call = |id, ask, answer| Recorded {
        id: CallId(id),
        ask,
        answer: Ok(answer),
        asked_at: at("03:12:09"),
        answered_at: at("03:12:09"),
    };
    let change = Change {
        id: "1".to_owned(),
        at: at("02:44:00").micros(),
        kind: "deployment".to_owned(),
        service: Some("checkout".to_owned()),
        title: format!("checkout 2.31.0 {words}"),
        author: Some(words.to_owned()),
        source: "file".to_owned(),
    };
    vec![
        call(
            1,
            Ask::ChangesList(ChangesAsk {
                window: window.clone(),
            }),
            Answer::ChangesList(ChangeList {
                truncated: false,
                changes: vec![change],
            }),
        ),
        call(
            2,
            Ask::LogsSearch(SearchAsk {
                source: "orders-db".to_owned(),
                window,
                pattern: format!("FATAL.*too many {words}"),
                most: 10,
            }),
            Answer::LogsSearch(LogLines {
                matched: 21,
                truncated: true,
                lines: Vec::new(),
            }),
        ),
    ]
}

fn cassette(words: &str, incident: &Incident) -> Cassette {
    Cassette {
        schema: CASSETTE_SCHEMA.to_owned(),
        component: ComponentDigest::of(b"step"),
        input: Input {
            now: at("03:12:09").micros(),
            incident: incident.clone(),
            inputs: "{}".to_owned(),
            findings: None,
        },
        first_call: CallId(1),
        seed: Seed([0; 32]),
        clock: vec![at("03:12:09")],
        calls: calls(words),
        writes: Vec::new(),
        notes: Vec::new(),
    }
}

fn alert(words: &str, ends: Option<&str>) -> serde_json::Value {
    json!({
        "fingerprint": "f1", "firing": ends.is_none(), "starts_at": at("03:11:08"),
        "ends_at": ends.map(at),
        "labels": {"alertname": format!("PostgresConnectionsHigh{words}"), "service": "checkout"},
        "annotations": {"summary": words},
    })
}

fn alerted(words: &str, ends: Option<&str>) -> Entry {
    Entry::Alerted {
        incident: "INC-2291".to_owned(),
        group: "g".repeat(64),
        firing: ends.is_none(),
        alerts: json!({
            "schema": "interlock.alerts.v1", "alerts": [alert(words, ends)], "left_out": 0,
        }),
        by: requester("alertmanager"),
    }
}

fn timeline(index: u64, format: &str, lines: &[(&str, &str, &str)]) -> (String, Timeline) {
    let line = |(place, (clock, kind, text)): (usize, &(&str, &str, &str))| TimelineLine {
        at: at(clock),
        kind: (*kind).to_owned(),
        author: Some(if *kind == "message" { "carol" } else { *text }.to_owned()),
        text: (*text).to_owned(),
        line: u32::try_from(place).unwrap() + 2,
    };
    let timeline = Timeline {
        index,
        at: at("05:00:00"),
        format: format.to_owned(),
        by: requester("bob"),
        digest: BlobDigest::of(format.as_bytes()),
        lines: lines.iter().enumerate().map(line).collect(),
    };
    (format.to_owned(), timeline)
}

/// The story, with these words of others in it.
pub(crate) fn story(words: &str) -> Story {
    let run: interlock_gate::ids::RunId = "r-abcd2345".parse().unwrap();
    let incident = Incident {
        id: "INC-2291".to_owned(),
        service: Some("checkout".to_owned()),
        severity: None,
        begin: at("02:41:08").micros(),
        end: at("03:12:08").micros(),
        alerts: Vec::new(),
    };
    let cassette = cassette(words, &incident);
    let kept = cassette.digest().unwrap();
    let (report, confidence) = (report(words), vec![confidence(), confidence()]);
    let mut theirs = report.clone();
    theirs.hypotheses.swap(0, 1);
    let diagnosis = DiagnosisRecord {
        at: at("03:14:00"),
        by: requester("triage-agent"),
        owners: vec!["bob".parse().unwrap()],
        report: theirs,
        confidence: confidence.clone(),
        document: BlobDigest::of(b"document"),
    };
    let record = RunRecord {
        run: run.clone(),
        id_key: None,
        opened_at: at("03:12:09"),
        ended_at: None,
        runbook: "postgres-connections".to_owned(),
        version: "0.3.0".to_owned(),
        components: Vec::new(),
        incident: incident.clone(),
        inputs: BTreeMap::new(),
        requester: requester("bob"),
        owners: vec!["bob".parse().unwrap()],
        state: RunState::Concluded,
        steps: vec![StepRecord {
            step: "diagnose".to_owned(),
            component: ComponentDigest::of(b"step"),
            cassette: Arc::new(cassette),
            kept,
            at: at("03:12:10"),
            end: StepConclusion::Report(Box::new(StepReport {
                step: "diagnose".to_owned(),
                report,
                confidence,
            })),
        }],
        refused: Vec::new(),
        plans: Vec::new(),
        waits: None,
        verified: Vec::new(),
        feedback: Vec::new(),
        diagnoses: vec![diagnosis],
    };
    let entries = vec![
        ("03:12:08", alerted(words, None)),
        (
            "03:12:09",
            Entry::RunOpened {
                run: run.clone(),
                id_key: None,
                runbook: "postgres-connections".to_owned(),
                version: "0.3.0".to_owned(),
                components: Vec::new(),
                incident: serde_json::to_value(&incident).unwrap(),
                inputs: BTreeMap::new(),
                requester: requester("bob"),
                owners: vec!["bob".parse().unwrap()],
            },
        ),
        (
            "03:12:10",
            Entry::StepEnded {
                run: run.clone(),
                step: "diagnose".to_owned(),
                component: ComponentDigest::of(b"step"),
                calls: 2,
                cassette: kept,
                end: StepEnd::Report(ReportDigest::of(b"report")),
            },
        ),
        (
            "03:13:00",
            Entry::Note {
                incident: "INC-2291".to_owned(),
                text: format!("looks like the pool {words}"),
                by: requester("bob"),
                owners: vec!["bob".parse().unwrap()],
            },
        ),
        (
            "03:14:00",
            Entry::Diagnosis {
                run: run.clone(),
                by: requester("triage-agent"),
                owners: vec!["bob".parse().unwrap()],
                document: BlobDigest::of(b"document"),
            },
        ),
        ("03:40:00", alerted(words, Some("03:39:02"))),
        (
            "04:00:00",
            Entry::Feedback {
                run,
                by: "alice".to_owned(),
                verdict: Some("accepted".to_owned()),
                cause: Some("idle_in_transaction".to_owned()),
                token: None,
            },
        ),
    ];
    let imported = |format: &str, lines| Entry::Imported {
        incident: "INC-2291".to_owned(),
        format: format.to_owned(),
        by: requester("bob"),
        timeline: BlobDigest::of(format.as_bytes()),
        lines,
    };
    let imports = [
        ("05:00:00", imported("slack", 2)),
        ("05:00:00", imported("pagerduty", 1)),
    ];
    let chat = [
        ("02:50:00", "message", words),
        ("03:13:30", "message", "who owns checkout?"),
    ];
    let pages = [("03:20:00", "escalate", words)];
    Story {
        incident: "INC-2291".to_owned(),
        service: Some("checkout".to_owned()),
        severity: None,
        entries: entries
            .into_iter()
            .chain(imports)
            .enumerate()
            .map(|(place, (clock, entry))| Stamped {
                index: place as u64 + 3,
                at: at(clock),
                entry,
            })
            .collect(),
        runs: vec![record],
        timelines: vec![
            timeline(10, "slack", &chat),
            timeline(11, "pagerduty", &pages),
        ],
        left_out: false,
    }
}

/// Every text that a source holds: its entry's, and of what is kept for it.
pub(crate) fn texts(story: &Story, source: &crate::cite::Source) -> Vec<String> {
    use crate::cite::Source;
    let mut found = Vec::new();
    match source {
        Source::Entry(_) => {
            let of = |one: &&Stamped| crate::story::source(one) == *source;
            let stamped = story.entries.iter().find(of);
            let stamped = stamped.unwrap_or_else(|| panic!("no entry {source}"));
            let bytes = interlock_store::entry::encode(&stamped.entry, stamped.at).unwrap();
            let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            strings(&value, &mut found);
            if let Some((_, step)) = story.step(stamped) {
                strings(&serde_json::to_value(&*step.cassette).unwrap(), &mut found);
                if let StepConclusion::Report(report) = &step.end {
                    strings(&serde_json::to_value(report).unwrap(), &mut found);
                }
            }
            if let Some(diagnosis) = story.diagnosis(stamped) {
                strings(
                    &serde_json::to_value(&diagnosis.report).unwrap(),
                    &mut found,
                );
            }
        }
        Source::Line { timeline, line } => {
            let lines = story.lines().find(|(from, _, _)| from == source);
            let (_, of, line) = lines.unwrap_or_else(|| panic!("no line {line} of {timeline}"));
            found.push(of.format.clone());
            strings(&serde_json::to_value(line).unwrap(), &mut found);
        }
    }
    found
}

fn strings(value: &serde_json::Value, found: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => found.push(text.clone()),
        serde_json::Value::Array(all) => all.iter().for_each(|one| strings(one, found)),
        serde_json::Value::Object(all) => {
            for (key, one) in all {
                found.push(key.clone());
                strings(one, found);
            }
        }
        _ => {}
    }
}
