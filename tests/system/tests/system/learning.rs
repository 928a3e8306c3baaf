//! What people say of diagnoses, and what that adds up to, by the whole binary.

use interlock_system_tests::{ALERTS_ONCE, Doorstep};
use serde_json::Value;

async fn said(host: &Doorstep, arguments: &[&str]) -> (Option<i32>, String) {
    let output = host.command(arguments).output().await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let talk = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), text + &talk)
}

async fn document(host: &Doorstep, arguments: &[&str]) -> Value {
    let output = host.command(arguments).output().await.unwrap();
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {output:?}"))
}

/// A host with one run about `INC-1`, and the run's id.
async fn ran() -> (Doorstep, String) {
    let host = Doorstep::new(ALERTS_ONCE, "", "").unwrap();
    host.write("INC-1.toml", "id = \"INC-1\"\nservice = \"orders\"\n")
        .unwrap();
    let run = document(
        &host,
        &[
            "run",
            Doorstep::RUNBOOK,
            "--incident",
            "INC-1.toml",
            "--json",
        ],
    )
    .await;
    let id = run["run"].as_str().unwrap().to_owned();
    (host, id)
}

#[tokio::test]
async fn a_later_word_supersedes_an_earlier_one_and_both_stay_in_the_journal() {
    let (host, run) = ran().await;
    for verdict in ["accepted", "rejected"] {
        let (code, text) = said(&host, &["feedback", &run, verdict]).await;
        assert_eq!(code, Some(0), "{text}");
        assert!(
            text.starts_with(&format!("diagnosis of {run} {verdict} by ")),
            "{text}"
        );
    }
    let shown = document(&host, &["runs", "show", &run, "--json"]).await;
    let verdicts: Vec<&str> = shown["feedback"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["accepted", "rejected"]);
    let (_, text) = said(&host, &["runs", "show", &run]).await;
    assert!(text.contains("feedback: rejected by "), "{text}");
    assert!(text.contains("one earlier word is superseded"), "{text}");
    let replayed = said(&host, &["replay", &run]).await;
    assert_eq!(replayed.0, Some(0), "{}", replayed.1);
}

#[tokio::test]
async fn the_actual_cause_of_an_incident_is_told_and_shown() {
    let (host, _) = ran().await;
    let tell = ["feedback", "--incident", "INC-1", "--cause"];
    let (code, text) = said(&host, &[&tell[..], &["no_such_cause"]].concat()).await;
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("`no_such_cause` is no cause of "), "{text}");
    let words = [&tell[..], &["other: a cable", "--subject", "rack-7"]].concat();
    let (code, text) = said(&host, &words).await;
    assert_eq!(code, Some(0), "{text}");
    let (_, text) = said(&host, &["incidents", "show", "INC-1"]).await;
    assert!(
        text.contains("actual cause: other: a cable in rack-7, says "),
        "{text}"
    );
    // Whoever meets the like of it is told.
    let next = host.write("INC-2.toml", "id = \"INC-2\"\nservice = \"orders\"\n");
    next.unwrap();
    let again = ["run", Doorstep::RUNBOOK, "--incident", "INC-2.toml"];
    assert_eq!(said(&host, &again).await.0, Some(0));
    let (_, text) = said(&host, &["incidents", "similar", "INC-2"]).await;
    assert!(text.contains("cause other: a cable (rack-7)"), "{text}");
    let (code, text) = said(
        &host,
        &["feedback", "--incident", "INC-9", "--cause", "other: x"],
    )
    .await;
    assert_eq!(code, Some(2), "{text}");
}

#[tokio::test]
async fn stats_are_a_table_a_document_and_a_page() {
    let (host, run) = ran().await;
    said(&host, &["feedback", &run, "accepted"]).await;
    let stats = document(&host, &["stats", "--since", "1d", "--json"]).await;
    assert_eq!(stats["schema"], "interlock.stats.v1");
    assert_eq!(stats["all"]["runs"], 1, "{stats:#}");
    assert_eq!(stats["all"]["accepted"]["hits"], 1, "{stats:#}");
    // Nobody knows the cause: a figure without data is absent.
    assert_eq!(stats["all"]["right"]["share"], Value::Null, "{stats:#}");
    let page = host.path("stats.html");
    let file = page.display().to_string();
    let (code, text) = said(&host, &["stats", "--by", "cause", "--html", &file]).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("false positives among the confident: nothing is known yet"),
        "{text}"
    );
    let html = std::fs::read_to_string(page).unwrap();
    assert!(
        html.starts_with("<!doctype html>") && html.contains("<svg"),
        "{html}"
    );
    for foreign in ["http://", "https://", "<script"] {
        assert!(!html.contains(foreign), "{foreign}");
    }
    let (code, text) = said(&host, &["stats", "--since", "yesterday"]).await;
    assert_eq!(code, Some(2), "{text}");
}
