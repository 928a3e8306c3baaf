//! What a caller may say of a run, and what it comes to.

use std::collections::BTreeMap;

use interlock_capabilities::{WriteArgs, aim};
use interlock_gate::ids::{CassetteDigest, ReportDigest};
use serde_json::{Value, json};

use super::*;
use crate::{
    confidence::{Cap, Level},
    plan::Draft,
    report::RunReport,
    sample::{self, Host, caller},
};

fn cite(call: &str, items: &[u32]) -> Value {
    json!({"call": call, "items": items, "says": "two hold a transaction open"})
}

/// A report that nothing is wrong with.
fn good() -> Value {
    json!({
        "summary": "checkout leaks transactions",
        "hypotheses": [{
            "cause": "idle_in_transaction",
            "path": "sessions hold slots, and new ones find none",
            "supports": [cite("c1", &[0, 1]), cite("c3", &[])],
            "checks": [{"what": "are there slots", "call": "c3", "outcome": "passed"}],
        }],
        "could_not_check": [{"what": "the pool", "call": "c2", "why": "down"}],
    })
}

fn read(value: Value) -> Submitted {
    serde_json::from_value(value).unwrap()
}

/// The good report with one thing put in place of another.
fn with(pointer: &str, new: Value) -> Submitted {
    let mut report = good();
    *report.pointer_mut(pointer).unwrap() = new;
    read(report)
}

async fn refusal(host: &Host, run: &RunId, submitted: Submitted) -> String {
    let agent = caller("triage-agent", Some("bob"));
    let before = host.size().await;
    let refused = host.runner.diagnose(run, submitted, &agent).await;
    assert_eq!(host.size().await, before, "a refusal writes nothing");
    refused.unwrap_err().to_string()
}

#[tokio::test]
async fn a_diagnosis_is_kept_as_its_callers_beside_what_the_runbook_concluded() {
    let host = Host::new();
    let run = host.ran("k7qd", "INC-1").await;
    let before = host.runner.run_record(&run).await.unwrap();
    let agent = caller("triage-agent", Some("bob"));
    let made = host
        .runner
        .diagnose(&run, read(good()), &agent)
        .await
        .unwrap();
    assert_eq!(made.title(), "diagnosis of triage-agent (for bob)");
    let rated = &made.confidence[0];
    assert_eq!(
        (rated.level, rated.supports, rated.passed),
        (Level::Medium, 2, 1)
    );
    assert!(rated.caps.contains(&Cap::CallersReading));
    let record = host.runner.run_record(&run).await.unwrap();
    assert_eq!(record.diagnoses, [made]);
    assert_eq!(record.report(), before.report());
    assert_eq!(record.state, before.state);
}

#[tokio::test]
async fn a_citation_of_what_this_run_did_not_do_is_refused() {
    let host = Host::new();
    let run = host.ran("k7qd", "INC-1").await;
    host.ran("zzzz", "INC-1").await;
    let supports = "/hypotheses/0/supports";
    let checks = "/hypotheses/0/checks/0";
    for (submitted, expected) in [
        (
            with(supports, json!([cite("c14", &[])])),
            "the report cites c14, which this run did not make",
        ),
        (
            with(supports, json!([cite("r-zzzz/c1", &[])])),
            "the report cites c1 of r-zzzz, and it is about r-k7qd",
        ),
        (
            with(supports, json!([cite("c2", &[])])),
            "the report cites an item of c2, whose answer did not come",
        ),
        (
            with(supports, json!([cite("c1", &[2])])),
            "the report cites item 2 of c1, whose answer has 2",
        ),
        (
            with(&format!("{checks}/call"), json!("c9")),
            "the report cites c9, which this run did not make",
        ),
        (
            with(&format!("{checks}/call"), json!("c2")),
            "the report cites an item of c2, whose answer did not come",
        ),
        (
            with("/could_not_check/0/call", json!("c4")),
            "the report cites c4, which this run did not make",
        ),
    ] {
        assert_eq!(refusal(&host, &run, submitted).await, expected);
    }
    // Its own run may be named, and a check that could not be made may cite what did not come.
    let named = with(supports, json!([cite("r-k7qd/c1", &[])]));
    let agent = caller("triage-agent", Some("bob"));
    host.runner.diagnose(&run, named, &agent).await.unwrap();
    let mut not_made = good();
    not_made["hypotheses"][0]["checks"] =
        json!([{"what": "slots", "call": "c2", "outcome": "not_made", "says": "down"}]);
    let made = host
        .runner
        .diagnose(&run, read(not_made), &agent)
        .await
        .unwrap();
    assert_eq!(
        made.confidence[0].level,
        Level::Low,
        "nothing could have refuted it"
    );
}

#[tokio::test]
async fn a_report_must_say_something_short_of_known_causes() {
    let host = Host::new();
    let run = host.ran("k7qd", "INC-1").await;
    let long = "x".repeat(TEXT_BYTES_MAX + 1);
    let many = vec![cite("c1", &[]); CITES_MAX + 1];
    let hypotheses = vec![good()["hypotheses"][0].clone(); HYPOTHESES_MAX + 1];
    for (submitted, expected) in [
        (
            read(json!({"unresolved": "no idea"})),
            "the report cites no call of r-k7qd",
        ),
        (
            read(json!({"tried": ["traffic_surge"]})),
            "the report cites no call of r-k7qd",
        ),
        (
            with("/hypotheses", json!([])),
            "the report holds neither a hypothesis nor a reason why there is none",
        ),
        (
            with("/hypotheses/0/cause", json!("gremlins")),
            "the report names the cause `gremlins`, which the manifest does not list",
        ),
        (
            with("/hypotheses/0/supports", json!([])),
            "the hypothesis `idle_in_transaction` cites nothing in its support",
        ),
        (
            with("/hypotheses/0/checks", json!([])),
            "the report names one cause and neither an alternate nor what was tried to find one",
        ),
        (with("/hypotheses/0/path", json!(" ")), "`path` is empty"),
        (
            with("/summary", json!(long)),
            "`summary` has 2049 bytes, at most 2048",
        ),
        (
            with("/could_not_check/0/why", json!("w".repeat(513))),
            "`why` has 513 bytes, at most 512",
        ),
        (
            with("/hypotheses/0/supports", json!(many)),
            "the report holds 33 citations, at most 32",
        ),
        (
            with("/hypotheses", json!(hypotheses)),
            "the report holds 9 hypotheses, at most 8",
        ),
    ] {
        assert_eq!(refusal(&host, &run, submitted).await, expected);
    }
    let unknown: RunId = "r-none".parse().unwrap();
    let why = refusal(&host, &unknown, read(good())).await;
    assert_eq!(why, "no run `r-none` is in this journal");
}

#[test]
fn a_report_of_another_shape_is_none() {
    for (pointer, new) in [
        ("/hypotheses/0/supports/0/call", json!(1)),
        ("/hypotheses/0/supports/0/call", json!("c01")),
        ("/hypotheses/0/supports/0/call", json!("k7qd/c1")),
        ("/hypotheses/0/checks/0/outcome", json!("maybe")),
        ("/hypotheses/0", json!({"cause": "traffic_surge"})),
    ] {
        let mut report = good();
        *report.pointer_mut(pointer).unwrap() = new;
        assert!(
            serde_json::from_value::<Submitted>(report).is_err(),
            "{pointer}"
        );
    }
    let mut more = good();
    more["confidence"] = json!("high");
    assert!(serde_json::from_value::<Submitted>(more).is_err());
}

#[tokio::test]
async fn without_a_cause_a_report_that_says_what_was_not_checked_is_complete() {
    let host = Host::new();
    let run = host.ran("k7qd", "INC-1").await;
    let unresolved = json!({
        "unresolved": "the pool's side could not be seen",
        "could_not_check": [{"what": "the pool", "call": "c2", "why": "down"}],
    });
    let agent = caller("triage-agent", Some("bob"));
    let made = host
        .runner
        .diagnose(&run, read(unresolved), &agent)
        .await
        .unwrap();
    assert!(made.confidence.is_empty());
}

#[tokio::test]
async fn a_caller_says_so_much_of_a_run_and_no_more_however_many_come_at_once() {
    let host = Host::new();
    let run = host.ran("k7qd", "INC-1").await;
    let agent = caller("triage-agent", Some("bob"));
    let all = (0..DIAGNOSES_MAX + 5).map(|_| host.runner.diagnose(&run, read(good()), &agent));
    let made = futures::future::join_all(all).await;
    let (taken, refused): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
    assert_eq!((taken.len(), refused.len()), (DIAGNOSES_MAX, 5));
    for one in refused {
        assert_eq!(
            one.unwrap_err().to_string(),
            "triage-agent has made 20 diagnoses of r-k7qd, which is the most"
        );
    }
    let other = caller("other-agent", Some("bob"));
    host.runner
        .diagnose(&run, read(good()), &other)
        .await
        .unwrap();
}

#[tokio::test]
async fn who_stands_behind_a_diagnosis_is_behind_every_later_plan_of_the_incident() {
    let host = Host::new();
    let (one, two) = (
        host.ran("k7qd", "INC-1").await,
        host.ran("k7qe", "INC-1").await,
    );
    let elsewhere = host.ran("k7qf", "INC-2").await;
    let agent = caller("triage-agent", Some("carol"));
    host.runner
        .diagnose(&one, read(good()), &agent)
        .await
        .unwrap();
    let robot = caller("robot", None);
    host.runner
        .diagnose(&one, read(good()), &robot)
        .await
        .unwrap();
    for (run, incident, expected) in [
        (&one, "INC-1", vec!["carol"]),
        (&two, "INC-1", vec!["carol"]),
        (&one, "none", vec!["carol"]),
        (&elsewhere, "INC-2", vec![]),
    ] {
        let owners = host
            .runner
            .owners_of_diagnoses(run, incident)
            .await
            .unwrap();
        let owners: Vec<&str> = owners.iter().map(PersonName::as_str).collect();
        assert_eq!(owners, expected, "{run} {incident}");
    }

    let plan = planned(&host, &two).await;
    let owners = |plan: &interlock_gate::plan::Plan| -> Vec<String> {
        plan.body().owners.iter().map(ToString::to_string).collect()
    };
    assert_eq!(owners(&plan), ["bob", "carol"]);

    let later = caller("late-agent", Some("dave"));
    host.runner
        .diagnose(&two, read(good()), &later)
        .await
        .unwrap();
    let entry = Entry::Planned {
        plan: Box::new(plan.clone()),
    };
    host.runner.record(entry).await.unwrap();
    let narrowed = host
        .runner
        .narrow(&plan, &BTreeSet::from([0]), &caller("erin", Some("erin")))
        .await
        .unwrap();
    assert_eq!(owners(&narrowed), ["bob", "carol", "dave", "erin"]);
}

/// A plan of two sessions that bob asks for.
async fn planned(host: &Host, run: &RunId) -> interlock_gate::plan::Plan {
    let call = sample::sessions(1);
    let incident = sample::given("INC-1");
    let runbook = host.runner.runbook("postgres-connections").unwrap();
    let policy = host.runner.policy().await.unwrap();
    let report = RunReport {
        schema: report::REPORT_SCHEMA.to_owned(),
        run: run.clone(),
        runbook: "postgres-connections".to_owned(),
        version: "0.3.0".to_owned(),
        steps: Vec::new(),
    };
    let args = || WriteArgs::Terminate {
        only_if_state: Some("idle in transaction".to_owned()),
    };
    let draft = Draft {
        host: host.runner.host(),
        run,
        incident: &incident,
        caller: &caller("bob", Some("bob")),
        backtests: &[],
        diagnosed_by: host.runner.owners_of_diagnoses(run, "INC-1").await.unwrap(),
        runbook: &runbook,
        step: "remediate",
        inputs: &BTreeMap::new(),
        findings: None,
        report: &report,
        report_digest: ReportDigest::of(b"report"),
        cassette: CassetteDigest::of(b"cassette"),
        calls: std::slice::from_ref(&call),
        actions: vec![
            aim(&call, 0, args()).unwrap(),
            aim(&call, 1, args()).unwrap(),
        ],
        policy: &policy,
        checkpoint: host.runner.checkpoint().await.unwrap(),
        now: host.runner.now(),
    };
    match draft.plan() {
        Ok(plan) => plan,
        Err(_) => panic!("the draft is a plan"),
    }
}
