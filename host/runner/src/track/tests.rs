//! What a record adds up to, from entries of a real journal.

use std::collections::BTreeMap;

use interlock_capabilities::report::{Check, Checked, Cite, Report};
use interlock_gate::ids::ReportDigest;

use super::*;
use crate::{
    confidence::{Level, rate},
    learnt::Verdict,
    report::rated,
    sample::{Host, caller, given},
};

fn report(cause: &str) -> Report {
    let cite = |call| Cite {
        call,
        items: Vec::new(),
        says: String::new(),
    };
    Report {
        summary: String::new(),
        hypotheses: vec![Hypothesis {
            cause: cause.to_owned(),
            path: String::new(),
            supports: vec![cite(1), cite(3)],
            contradicts: Vec::new(),
            checks: vec![Check {
                what: String::new(),
                call: 3,
                outcome: Checked::Passed,
                says: String::new(),
            }],
        }],
        ruled_out: Vec::new(),
        tried: Vec::new(),
        could_not_check: Vec::new(),
        unresolved: None,
        notes: Vec::new(),
        findings: None,
    }
}

const CAUSE: &str = "idle_in_transaction";

/// A run about `incident` that concluded with the cause.
async fn concluded(host: &Host, name: &str, incident: &str) -> RunId {
    let run: RunId = format!("r-{name}").parse().unwrap();
    let component = ComponentDigest::of(b"bytes");
    let by = caller("bob", Some("bob"));
    host.runner
        .record(Entry::RunOpened {
            run: run.clone(),
            id_key: None,
            runbook: "postgres-connections".to_owned(),
            version: "0.3.0".to_owned(),
            components: Vec::new(),
            incident: serde_json::to_value(given(incident)).unwrap(),
            inputs: BTreeMap::new(),
            requester: by.requester,
            owners: vec!["bob".parse().unwrap()],
        })
        .await
        .unwrap();
    let kept = rated("diagnose", report(CAUSE), &(Standing::default(), 0));
    let digest = host.runner.keep_document(&kept).await.unwrap();
    let cassette = crate::sample::cassette(given(incident));
    host.runner
        .record(Entry::StepEnded {
            run: run.clone(),
            step: "diagnose".to_owned(),
            component,
            calls: 3,
            cassette: host.runner.keep_cassette(&cassette).await.unwrap(),
            end: StepEnd::Report(ReportDigest::from_raw(*digest.raw())),
        })
        .await
        .unwrap();
    host.runner
        .record(Entry::RunEnded {
            run: run.clone(),
            state: "concluded".to_owned(),
        })
        .await
        .unwrap();
    run
}

async fn level(host: &Host, incident: &str, end: Option<u64>) -> (Level, String, u64) {
    let of = Rated {
        runbook: "postgres-connections",
        step: "diagnose",
        component: ComponentDigest::of(b"bytes"),
        incident,
        now: host.runner.now(),
    };
    let (standing, up_to) = host.runner.standing(&of, end).await.unwrap();
    let rated = rate(&report(CAUSE), &standing).remove(0);
    (rated.level, rated.to_string(), up_to)
}

#[tokio::test]
async fn three_confirmed_incidents_make_the_next_sure_and_an_earlier_moment_stays_as_it_was() {
    let host = Host::new();
    let bob = caller("bob", Some("bob"));
    let mut before = 0;
    for n in 1..=3 {
        let incident = format!("INC-{n}");
        concluded(&host, &format!("aaa{n}"), &incident).await;
        let told = host.runner.tell_cause(&incident, CAUSE, None, &bob).await;
        told.unwrap();
        if n == 1 {
            before = level(&host, "INC-9", None).await.2;
        }
    }
    let (now, text, _) = level(&host, "INC-9", None).await;
    assert_eq!(now, Level::High, "{text}");
    assert!(
        text.starts_with("high: 3 of 3 similar incidents in 90 days confirmed (90 %: "),
        "{text}"
    );
    // An incident is no evidence for itself, and what came later changes no earlier rating.
    assert!(
        level(&host, "INC-1", None)
            .await
            .1
            .contains("2 of 2 similar")
    );
    let (then, text, _) = level(&host, "INC-9", Some(before)).await;
    assert_eq!(then, Level::Medium, "{text}");
    assert!(
        text.contains("1 of 1 similar incident in 90 days confirmed"),
        "{text}"
    );
}

#[tokio::test]
async fn the_cause_that_came_to_be_known_beats_the_verdict_on_the_spot() {
    let host = Host::new();
    let bob = caller("bob", Some("bob"));
    let run = concluded(&host, "aaa1", "INC-1").await;
    let accepted = Some(Verdict::Accepted);
    host.runner
        .give_feedback(&run, accepted, None, &bob)
        .await
        .unwrap();
    let (_, text, _) = level(&host, "INC-9", None).await;
    assert!(text.contains("1 of 1 similar incident"), "{text}");
    let other = host
        .runner
        .tell_cause("INC-1", "other: a cable", None, &bob)
        .await;
    other.unwrap();
    let (_, text, _) = level(&host, "INC-9", None).await;
    assert!(text.contains("0 of 1 similar incident"), "{text}");
}

#[tokio::test]
async fn several_runs_about_one_incident_count_once() {
    let host = Host::new();
    let bob = caller("bob", Some("bob"));
    for n in 1..=3 {
        concluded(&host, &format!("aaa{n}"), "INC-1").await;
    }
    host.runner
        .tell_cause("INC-1", CAUSE, None, &bob)
        .await
        .unwrap();
    let (_, text, _) = level(&host, "INC-9", None).await;
    assert!(text.contains("1 of 1 similar incident"), "{text}");
}
