use std::collections::BTreeSet;

use interlock_gate::time::Time;
use proptest::prelude::*;

use crate::document::Feature;
use crate::{Document, Index, Outcome, Point};

fn incident(id: &str, service: &str, alerts: &[&str], words: &str) -> Document {
    Document {
        id: id.to_owned(),
        at: Time::default().plus_seconds(60),
        service: Some(service.to_owned()),
        alerts: alerts.iter().map(|name| (*name).to_owned()).collect(),
        labels: BTreeSet::from([("server".to_owned(), format!("{service}-db"))]),
        words: words.to_owned(),
        ..Document::default()
    }
}

fn index() -> (tempfile::TempDir, Index) {
    let folder = tempfile::tempdir().unwrap();
    let index = Index::open(&folder.path().join("similar.db")).unwrap();
    (folder, index)
}

#[test]
fn the_most_alike_comes_first_with_why_and_where_it_differs() {
    let (_folder, mut index) = index();
    let mut full = incident("INC-1", "orders", &["Connections"], "47 of 47 slots in use");
    full.outcome = Some(Outcome {
        cause: "idle_in_transaction".to_owned(),
        subject: Some("checkout".to_owned()),
    });
    let disk = incident("INC-2", "orders", &["DiskFull"], "disk of orders is full");
    let other = incident("INC-3", "search", &["Latency"], "search is slow");
    index.put(&[full.clone(), disk, other], 9).unwrap();
    assert_eq!(index.up_to().unwrap(), 9);
    let now = incident(
        "INC-4",
        "orders",
        &["Connections", "Refused"],
        "50 of 50 slots in use",
    );
    let found = index.similar(&now, 10).unwrap();
    let ids: Vec<&str> = found.iter().map(|one| one.incident.id.as_str()).collect();
    assert_eq!(ids, ["INC-1", "INC-2"]);
    let best = &found[0];
    assert_eq!(best.incident, full);
    let alert = |name: &str| Point::Feature(Feature::Alert(name.to_owned()));
    assert!(best.same.contains(&alert("Connections")));
    assert_eq!(best.only_now, [alert("Refused")]);
    assert!(best.only_then.is_empty());
    assert!(best.percent > found[1].percent);
}

#[test]
fn what_every_incident_has_says_less_than_what_few_have() {
    let (_folder, mut index) = index();
    let mut all: Vec<Document> = (0..20)
        .map(|n| incident(&format!("C-{n}"), "web", &["Watchdog"], ""))
        .collect();
    all.push(incident("R", "mail", &["Rare"], ""));
    index.put(&all, 1).unwrap();
    let mut now = incident("now", "none", &["Watchdog", "Rare"], "");
    now.labels.clear();
    let found = index.similar(&now, 3).unwrap();
    assert_eq!(found[0].incident.id, "R");
}

#[test]
fn an_incident_is_never_similar_to_itself() {
    let (_folder, mut index) = index();
    let one = incident("INC-1", "orders", &["Connections"], "slots");
    index.put(std::slice::from_ref(&one), 1).unwrap();
    assert_eq!(index.similar(&one, 10).unwrap(), []);
}

#[test]
fn what_an_incident_is_now_replaces_what_it_was() {
    let (_folder, mut index) = index();
    index
        .put(&[incident("INC-1", "orders", &["Old"], "old words")], 1)
        .unwrap();
    index
        .put(&[incident("INC-1", "mail", &["New"], "new words")], 2)
        .unwrap();
    let mut asked = incident("INC-2", "none", &["Old"], "old");
    asked.labels.clear();
    assert_eq!(index.similar(&asked, 10).unwrap(), []);
    // Whoever read less of the journal does not turn it back.
    index.put(&[], 1).unwrap();
    assert_eq!(index.up_to().unwrap(), 2);
}

#[test]
fn a_file_that_is_no_index_is_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("similar.db");
    std::fs::write(&path, vec![b'x'; 5000]).unwrap();
    assert_eq!(Index::open(&path).unwrap().up_to().unwrap(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_breaks_the_question(words in ".{0,300}", alert in ".{0,40}", label in ".{0,40}") {
        let (_folder, mut index) = index();
        let mut one = incident("a", "s", &[&alert], &words);
        one.labels.insert((label.clone(), words.clone()));
        index.put(std::slice::from_ref(&one), 1).unwrap();
        one.id = "b".to_owned();
        let found = index.similar(&one, 5).unwrap();
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(found[0].percent >= 80, true);
        prop_assert!(found[0].only_now.is_empty() && found[0].only_then.is_empty());
    }
}
