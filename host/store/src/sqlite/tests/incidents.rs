//! Incidents: who opens one, what belongs to it, and a store that is older than they are.

use super::*;
use crate::entry::NOTE_BYTES_MAX;

/// The reason that an entry is refused with.
fn refusal(store: &SqliteStore, entry: Entry) -> String {
    match record(store, entry) {
        Err(Refused::Illegal { why }) => why,
        other => panic!("{other:?}"),
    }
}

fn ids(store: &SqliteStore) -> Vec<String> {
    let lines = block_on(store.incidents(10)).unwrap();
    lines.into_iter().map(|line| line.incident).collect()
}

#[test]
fn a_group_of_alerts_has_one_open_incident_and_a_new_one_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    assert!(refusal(&store, sample::alerted("am-1", "g", false)).contains("nothing rings"));
    record(&store, sample::alerted("am-1", "g", true)).unwrap();
    record(&store, sample::alerted("am-1", "g", true)).unwrap();
    assert!(refusal(&store, sample::alerted("am-2", "g", true)).contains("one that is open"));
    assert!(refusal(&store, sample::alerted("am-1", "h", true)).contains("not of this group"));
    record(&store, sample::alerted("am-9", "h", true)).unwrap();
    record(&store, sample::alerted("am-1", "g", false)).unwrap();
    assert!(refusal(&store, sample::alerted("am-1", "g", true)).contains("it is over"));
    record(&store, sample::alerted("am-2", "g", true)).unwrap();
    assert_eq!(ids(&store), ["am-2", "am-9", "am-1"]);
    let group = block_on(store.alert_group("g")).unwrap();
    assert_eq!(
        (group.newest.as_deref(), group.open, group.count),
        (Some("am-2"), true, 2)
    );
    let line = block_on(store.incident("am-1")).unwrap().unwrap();
    assert!(!line.firing && line.runs.is_empty());
    assert!(matches!(line.opening.entry, Entry::Alerted { .. }));
    assert_eq!(block_on(store.incident("am-7")).unwrap(), None);
    block_on(store.rows_equal_the_fold()).unwrap();
}

#[test]
fn a_run_opens_its_incident_and_no_alerts_take_that_over() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    for name in ["aaaa", "bbbb"] {
        record(&store, sample::run_opened(name)).unwrap();
    }
    assert_eq!(ids(&store), ["INC-2291"]);
    let line = block_on(store.incident("INC-2291")).unwrap().unwrap();
    let runs: Vec<&str> = line.runs.iter().map(|line| line.run.as_str()).collect();
    assert_eq!(runs, ["r-bbbb", "r-aaaa"], "the newest first");
    let why = refusal(&store, sample::alerted("INC-2291", "g", true));
    assert!(why.contains("not of this group"), "{why}");
}

#[test]
fn a_run_about_no_incident_opens_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    for incident in [
        serde_json::json!({"id": "none"}),
        serde_json::json!({}),
        serde_json::json!({"id": "i".repeat(65)}),
    ] {
        let mut opened = sample::run_opened(&format!("run{}", size(&store)));
        if let Entry::RunOpened { incident: of, .. } = &mut opened {
            *of = incident;
        }
        record(&store, opened).unwrap();
    }
    assert!(ids(&store).is_empty());
    block_on(store.rows_equal_the_fold()).unwrap();
}

#[test]
fn notes_and_diagnoses_belong_to_an_incident_that_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let unknown = refusal(&store, sample::note("INC-2291", "look"));
    assert_eq!(unknown, "no incident `INC-2291` is known here");
    let document = b"a diagnosis".to_vec();
    let of_nothing = sample::diagnosis("k7qd", &document);
    assert!(matches!(
        record(&store, of_nothing.clone()),
        Err(Refused::NotHeld { .. })
    ));
    block_on(store.keep(document)).unwrap();
    assert!(refusal(&store, of_nothing.clone()).contains("no run `r-k7qd`"));
    record(&store, sample::run_opened("k7qd")).unwrap();
    record(&store, of_nothing).unwrap();
    record(
        &store,
        sample::note("INC-2291", &"n".repeat(NOTE_BYTES_MAX)),
    )
    .unwrap();
    for text in [String::new(), "n".repeat(NOTE_BYTES_MAX + 1)] {
        let why = refusal(&store, sample::note("INC-2291", &text));
        assert_eq!(
            why,
            format!("a note has 1 to 4096 bytes, not {}", text.len())
        );
    }
    let kinds = |entries: Vec<crate::entry::Stamped>| -> Vec<&str> {
        entries.iter().map(|stamped| stamped.entry.kind()).collect()
    };
    let about = |max| block_on(store.about_incident("INC-2291", max)).unwrap();
    assert_eq!(kinds(about(9)), ["run_opened", "diagnosis", "note"]);
    assert_eq!(kinds(about(2)), ["diagnosis", "note"], "the newest");
    let diagnoses = block_on(store.about_incident_of("INC-2291", "diagnosis")).unwrap();
    assert_eq!(kinds(diagnoses), ["diagnosis"]);
    let of_run = block_on(store.diagnoses(&sample::run("k7qd"))).unwrap();
    assert_eq!(kinds(of_run), ["diagnosis"]);
    block_on(store.rows_equal_the_fold()).unwrap();
}

#[test]
fn a_timeline_belongs_to_an_incident_that_is_known_and_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    record(&store, sample::run_opened("k7qd")).unwrap();
    let chat = sample::imported("INC-2291", b"lines");
    let not_kept = record(&store, chat.clone());
    assert!(matches!(not_kept, Err(Refused::NotHeld { .. })));
    block_on(store.keep(b"lines".to_vec())).unwrap();
    record(&store, chat.clone()).unwrap();
    let unknown = refusal(&store, sample::imported("INC-1", b"lines"));
    assert_eq!(unknown, "no incident `INC-1` is known here");
    for (name, count) in [("slack", 0), ("slack", 20_001), ("Slack", 1), ("", 1)] {
        let mut bad = chat.clone();
        if let Entry::Imported { format, lines, .. } = &mut bad {
            (*format, *lines) = (name.to_owned(), count);
        }
        let why = refusal(&store, bad);
        assert_eq!(
            why,
            format!("a timeline is of a named kind and has 1 to 20000 lines, not {count}")
        );
    }
    let about = block_on(store.about_incident_of("INC-2291", "imported")).unwrap();
    assert_eq!(about.len(), 1);
    block_on(store.rows_equal_the_fold()).unwrap();
}

#[test]
fn a_verdict_and_a_cause_belong_to_their_incident() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    record(&store, sample::run_opened("k7qd")).unwrap();
    let said = |verdict: Option<&str>, cause: Option<&str>| Entry::Feedback {
        run: sample::run("k7qd"),
        by: "bob".to_owned(),
        verdict: verdict.map(str::to_owned),
        cause: cause.map(str::to_owned),
        token: None,
    };
    record(&store, said(Some("accepted"), None)).unwrap();
    record(&store, said(None, Some("idle_in_transaction"))).unwrap();
    let long = "x".repeat(257);
    for bad in [
        said(None, None),
        said(Some("fine"), None),
        said(Some("rejected"), Some(" ")),
        said(None, Some(&long)),
    ] {
        assert!(refusal(&store, bad).starts_with("feedback is `accepted`"));
    }
    record(&store, sample::cause("INC-2291", "idle_in_transaction")).unwrap();
    let unknown = refusal(&store, sample::cause("INC-1", "idle_in_transaction"));
    assert_eq!(unknown, "no incident `INC-1` is known here");
    let verdicts = block_on(store.about_incident_of("INC-2291", "feedback")).unwrap();
    let causes = block_on(store.about_incident_of("INC-2291", "cause")).unwrap();
    assert_eq!((verdicts.len(), causes.len()), (2, 1));
    block_on(store.rows_equal_the_fold()).unwrap();
}
