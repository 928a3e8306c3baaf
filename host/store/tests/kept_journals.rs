//! One journal of each version, written once and never again: later versions must still read it.

use std::fs;
use std::path::PathBuf;

use interlock_store::export::Reader;
use interlock_store::proof;
use interlock_store::verify::{Anchors, Assurance, Verdict, verify_export};
use interlock_store::{Entry, HostPublic};

fn kept(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/kept")
        .join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn host() -> HostPublic {
    HostPublic::parse(&String::from_utf8(kept("journal-v1.host")).expect("text")).expect("a key")
}

fn verified(anchors: &Anchors) -> Verdict {
    verify_export(kept("journal-v1.export").as_slice(), &host(), anchors).expect("it reads")
}

#[test]
fn the_journal_of_version_1_verifies() {
    let verdict = verified(&Anchors::default());
    assert!(verdict.is_good(), "{verdict:?}");
    assert_eq!(verdict.assurance, Assurance::Local);
    assert_eq!((verdict.entries, verdict.signed), (41, 41));
    let counts = &verdict.counts;
    assert_eq!(
        (counts.runs, counts.plans, counts.refusals, counts.tokens),
        (3, 4, 1, 3)
    );
    assert_eq!(
        (counts.redeemed, counts.intents, counts.in_doubt),
        (3, 7, 0)
    );
    let outcomes: Vec<(&str, u64)> = counts
        .outcomes
        .iter()
        .map(|(k, n)| (k.as_str(), *n))
        .collect();
    let expected = [
        ("done", 3),
        ("gone", 1),
        ("moved", 1),
        ("refused", 1),
        ("unknown", 1),
    ];
    assert_eq!(outcomes, expected);
}

#[test]
fn its_anchors_from_outside_hold() {
    let anchors = Anchors {
        checkpoints: vec![("checkpoint".into(), kept("journal-v1.checkpoint"))],
        tokens: vec![("token".into(), kept("journal-v1.token.json"))],
    };
    let verdict = verified(&anchors);
    assert!(verdict.is_good(), "{verdict:?}");
    assert_eq!(verdict.assurance, Assurance::Witnessed { size: 41 });
}

#[test]
fn its_proof_holds() {
    let proved = proof::check(&kept("journal-v1.proof.json"), &host()).expect("it holds");
    assert!(matches!(
        proved.entry.entry,
        Entry::Intent {
            redeems: Some(_),
            ..
        }
    ));
}

#[test]
fn it_has_every_kind_of_entry() {
    let file = kept("journal-v1.export");
    let mut reader = Reader::new(file.as_slice()).expect("an export");
    let mut kinds = std::collections::BTreeSet::new();
    while let Some((_, bytes)) = reader.entry().expect("an entry") {
        let (_, entry) = interlock_store::entry::decode(&bytes).expect("an entry");
        kinds.insert(entry.kind());
    }
    assert_eq!(kinds.len(), 18, "{kinds:?}");
}
