//! Past incidents that are like one: found from the journal, with why and where they differ.

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

fn incident(host: &Doorstep, id: &str, service: &str, alert: &str, summary: &str) {
    let text = format!(
        "id = \"{id}\"\nservice = \"{service}\"\n\n[[alert]]\nname = \"{alert}\"\n\
         labels = {{ server = \"{service}-db\" }}\nannotations = {{ summary = \"{summary}\" }}\n"
    );
    host.write(&format!("{id}.toml"), text).unwrap();
}

#[tokio::test]
async fn a_past_incident_is_found_with_why_it_is_similar_and_where_it_differs() {
    let host = Doorstep::new(ALERTS_ONCE, "", "").unwrap();
    incident(
        &host,
        "INC-1",
        "orders",
        "Connections",
        "47 of 47 slots in use",
    );
    incident(&host, "INC-2", "search", "Latency", "the index is slow");
    incident(&host, "INC-3", "orders", "Refused", "50 of 50 slots in use");
    for id in ["INC-1", "INC-2", "INC-3"] {
        let file = format!("{id}.toml");
        let (code, text) = said(&host, &["run", Doorstep::RUNBOOK, "--incident", &file]).await;
        assert_eq!(code, Some(0), "{text}");
    }
    let found = document(&host, &["incidents", "similar", "INC-3", "--json"]).await;
    assert_eq!(found["schema"], "interlock.similar.v1", "{found:#}");
    let similar = found["similar"].as_array().unwrap();
    assert_eq!(similar[0]["incident"], "INC-1", "{found:#}");
    assert!(
        similar.iter().all(|one| one["incident"] != "INC-3"),
        "{found:#}"
    );
    let (code, text) = said(&host, &["incidents", "similar", "INC-3"]).await;
    assert_eq!(code, Some(0), "{text}");
    for words in [
        "its cause is not known here",
        "service `orders`",
        "only then  alert `Connections`",
        "only now   alert `Refused`",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // The index holds nothing that the journal does not.
    std::fs::remove_file(host.path("state/similar.db")).unwrap();
    let again = document(&host, &["incidents", "similar", "INC-3", "--json"]).await;
    assert_eq!(again, found);
    let words = document(
        &host,
        &["incidents", "similar", "--text", "slow index", "--json"],
    )
    .await;
    assert_eq!(words["similar"][0]["incident"], "INC-2", "{words:#}");
}

#[tokio::test]
async fn an_incident_that_nothing_here_resembles_is_said_to_be_novel() {
    let host = Doorstep::new(ALERTS_ONCE, "", "").unwrap();
    incident(&host, "INC-1", "orders", "Connections", "slots");
    said(
        &host,
        &["run", Doorstep::RUNBOOK, "--incident", "INC-1.toml"],
    )
    .await;
    let (code, text) = said(&host, &["incidents", "similar", "INC-1"]).await;
    assert_eq!(
        (code, text.as_str()),
        (Some(0), "novel: no past incident here is like it\n")
    );
    let (code, text) = said(&host, &["incidents", "similar", "INC-9"]).await;
    assert_eq!(code, Some(2), "{text}");
}
