//! Every kind of entry has one byte form, and keeps it.

use std::collections::BTreeMap;

use interlock_gate::ids::{BlobDigest, CassetteDigest, HostId, ReportDigest};
use interlock_gate::plan::ActionText;
use interlock_gate::token::Decision;
use serde_json::{Value, json};

use super::*;
use crate::sample;

fn host() -> HostId {
    HostId {
        origin: "interlock.demo".to_owned(),
        key: "AAAA".to_owned(),
    }
}

/// One of each.
fn all() -> Vec<Entry> {
    let plan = sample::plan(&host(), "k7qd", 2, 1);
    let token = sample::token("alice", &plan, Decision::Approve, 1);
    let basis = sample::basis(&plan, 0, &[&token], 4);
    let run = sample::run("k7qd");
    let report = ReportDigest::of(b"report");
    vec![
        Entry::StoreOpened {
            host: host(),
            version: "0.1.0".into(),
        },
        sample::policy(),
        Entry::Trusted {
            runbook: "postgres-connections".into(),
            step: "remediate".into(),
            component: ComponentDigest::of(b"remediate"),
            by: "bob".into(),
        },
        sample::run_opened("k7qd"),
        Entry::StepEnded {
            run: run.clone(),
            step: "diagnose".into(),
            component: ComponentDigest::of(b"diagnose"),
            calls: 13,
            cassette: CassetteDigest::of(b"cassette"),
            end: StepEnd::Report(report),
        },
        Entry::RunEnded {
            run: run.clone(),
            state: "planned".into(),
        },
        sample::planned(&plan),
        sample::token_entry(&token),
        Entry::Refused {
            run: None,
            plan: Some(plan.id()),
            asked: "apply".into(),
            reasons: vec!["needs 1 sre".into()],
        },
        Entry::ApplyBegan {
            plan: plan.id(),
            kind: Kind::Apply,
            conformed: Some(true),
        },
        Entry::Intent {
            plan: plan.id(),
            index: 0,
            kind: Kind::Apply,
            step: 0,
            action: ActionText::from(&sample::action(&plan, 0)),
            rule: basis.rule,
            policy: basis.policy,
            read_at: 4,
            tokens: basis.tokens,
            redeems: Some(vec![token]),
        },
        sample::done(&plan, 0),
        Entry::ApplyEnded {
            plan: plan.id(),
            kind: Kind::Undo,
            stopped: None,
            counts: BTreeMap::from([("done".into(), 1)]),
        },
        Entry::Verified {
            run: run.clone(),
            plan: plan.id(),
            verdict: "fixed".into(),
            report: Some(report),
        },
        sample::reconciled("alice", &plan, 0),
        Entry::Incident {
            incident: json!({"id": "INC-1"}),
            cause: None,
            by: "bob".into(),
        },
        Entry::Feedback {
            run: run.clone(),
            by: "bob".into(),
            verdict: Some("accepted".into()),
            cause: None,
            token: None,
        },
        sample::cause("am-1", "idle_in_transaction"),
        sample::alerted("am-1", "g", true),
        sample::note("am-1", "look at the pool"),
        sample::diagnosis("k7qd", b"diagnosis"),
        sample::imported("am-1", b"timeline"),
        sample::backtested(b"backtest"),
        Entry::Kept {
            run,
            what: "evidence".into(),
            blob: BlobDigest::of(b"evidence"),
        },
    ]
}

#[test]
fn every_kind_is_read_back_as_it_was_written() {
    for entry in all() {
        let bytes = encode(&entry, sample::start()).unwrap();
        let (at, read) = decode(&bytes).unwrap();
        assert_eq!((at, &read), (sample::start(), &entry));
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["kind"], entry.kind());
        assert_eq!(value["schema"], ENTRY_SCHEMA);
    }
}

#[test]
fn the_fields_of_every_kind_are_as_they_were_reviewed() {
    let mut lines = String::new();
    for entry in all() {
        let bytes = encode(&entry, sample::start()).unwrap();
        let Value::Object(fields) = serde_json::from_slice(&bytes).unwrap() else {
            unreachable!()
        };
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        lines.push_str(&format!("{}: {}\n", entry.kind(), names.join(" ")));
    }
    insta::assert_snapshot!(lines);
}

#[test]
fn another_spelling_of_an_entry_is_refused() {
    for entry in all() {
        let bytes = encode(&entry, sample::start()).unwrap();
        let Value::Object(fields) = serde_json::from_slice(&bytes).unwrap() else {
            unreachable!()
        };
        let refused = |fields: serde_json::Map<String, Value>| {
            let bytes = interlock_gate::canonical::to_bytes(&Value::Object(fields)).unwrap();
            assert!(
                decode(&bytes).is_err(),
                "{}",
                String::from_utf8_lossy(&bytes)
            );
        };
        let mut unknown = fields.clone();
        unknown.insert("zzz".into(), Value::Null);
        refused(unknown);
        for name in fields.keys() {
            let mut less = fields.clone();
            less.remove(name);
            refused(less);
        }
        let mut other = fields;
        other.insert("schema".into(), "interlock.entry.v2".into());
        refused(other);
    }
}

#[test]
fn a_token_whose_signature_does_not_hold_cannot_be_read_from_an_entry() {
    let plan = sample::plan(&host(), "k7qd", 1, 0);
    let token = sample::token("alice", &plan, Decision::Approve, 1);
    let bytes = encode(&sample::token_entry(&token), sample::start()).unwrap();
    let mut value: Value = serde_json::from_slice(&bytes).unwrap();
    let other = sample::token("alice", &plan, Decision::Reject, 1);
    let other: Value = serde_json::from_slice(other.bytes()).unwrap();
    value["token"]["payload"] = other["payload"].clone();
    let bytes = interlock_gate::canonical::to_bytes(&value).unwrap();
    let error = decode(&bytes).unwrap_err().to_string();
    assert!(
        error.contains("does not match what it is said to sign"),
        "{error}"
    );
}
