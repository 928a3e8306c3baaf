//! What verification finds, in the store, in its export and in a proof.

use std::fs;

use super::*;
use crate::checkpoint::{HostKey, HostPublic, Signed};
use crate::export::export;
use crate::proof::{check, prove};
use crate::sqlite::open::{Places, Use, connect};
use crate::sqlite::{append, writer};
use crate::verify::{Anchors, Assurance, Bad, Verdict, verify_export, verify_store};
use interlock_gate::history::Kind;
use interlock_gate::plan::ActionText;

fn verify(folder: &Path) -> Verdict {
    verify_store(folder, "interlock.demo", &Anchors::default()).unwrap()
}

fn public(folder: &Path) -> HostPublic {
    let key = HostKey::load(&folder.join("host.key"), "interlock.demo")
        .unwrap()
        .unwrap();
    key.public().clone()
}

fn exported(folder: &Path) -> Vec<u8> {
    let mut out = Vec::new();
    export(folder, &public(folder), &mut out).unwrap();
    out
}

/// A journal with one plan carried out, signed to its end.
fn carried_out(folder: &Path) -> (Plan, Token) {
    let store = open(folder).unwrap();
    let (plan, token) = approved(&store, "k7qd", 2);
    for index in 0..2 {
        intend(&store, &plan, index, &token).unwrap();
        record(&store, sample::done(&plan, index)).unwrap();
    }
    let run = sample::run("k7qd");
    record(
        &store,
        Entry::RunEnded {
            run,
            state: "planned".into(),
        },
    )
    .unwrap();
    (plan, token)
}

/// Runs SQL on the store as somebody with the file would.
fn tamper(folder: &Path, sql: &str) {
    let database = rusqlite::Connection::open(folder.join("interlock.db")).unwrap();
    let triggers = "DROP TRIGGER IF EXISTS entry_is_never_changed;
        DROP TRIGGER IF EXISTS entry_is_never_removed; PRAGMA foreign_keys = OFF;";
    database.execute_batch(triggers).unwrap();
    database.execute_batch(sql).unwrap();
}

#[test]
fn an_honest_journal_verifies_and_says_what_it_could_not_check() {
    let folder = tempfile::tempdir().unwrap();
    carried_out(folder.path());
    let verdict = verify(folder.path());
    assert!(verdict.is_good(), "{verdict:?}");
    assert_eq!(
        (verdict.entries, verdict.signed, verdict.assurance),
        (10, 10, Assurance::Local)
    );
    let counts = &verdict.counts;
    assert_eq!(
        (counts.runs, counts.plans, counts.redeemed, counts.intents),
        (1, 1, 1, 2)
    );
    assert_eq!(counts.outcomes, [("done".to_owned(), 2)].into());
    assert!(
        verdict.unverifiable.is_empty(),
        "{:?}",
        verdict.unverifiable
    );
}

#[test]
fn entries_after_the_newest_checkpoint_are_said_to_be_unsigned() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    record(&store, sample::policy()).unwrap();
    record(&store, sample::run_opened("k7qd")).unwrap();
    drop(store);
    let verdict = verify(folder.path());
    assert!(verdict.is_good());
    assert_eq!(
        verdict.unverifiable,
        ["the last 1 of 3 entries: needs a later checkpoint"]
    );
}

#[test]
fn a_changed_entry_is_named() {
    for index in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        carried_out(folder.path());
        tamper(
            folder.path(),
            &format!(
                "UPDATE entry SET bytes = CAST(replace(CAST(bytes AS TEXT), '2026', '2027') AS BLOB)
                 WHERE idx = {index}"
            ),
        );
        let bad = verify(folder.path()).first_bad.unwrap();
        assert_eq!((bad.first, bad.last), (index, index));
        assert!(matches!(bad.what, Bad::Changed), "{bad:?}");
    }
}

#[test]
fn a_removed_entry_is_named() {
    let folder = tempfile::tempdir().unwrap();
    carried_out(folder.path());
    tamper(folder.path(), "DELETE FROM entry WHERE idx = 4");
    let bad = verify(folder.path()).first_bad.unwrap();
    assert_eq!(bad.first, 4);
    assert!(matches!(bad.what, Bad::Missing), "{bad:?}");
}

#[test]
fn an_entry_changed_together_with_its_hash_is_found_by_the_signature() {
    let folder = tempfile::tempdir().unwrap();
    carried_out(folder.path());
    let store = rusqlite::Connection::open(folder.path().join("interlock.db")).unwrap();
    let bytes: Vec<u8> = store
        .query_row("SELECT bytes FROM entry WHERE idx = 9", [], |row| {
            row.get(0)
        })
        .unwrap();
    drop(store);
    let changed = String::from_utf8(bytes)
        .unwrap()
        .replace("planned", "faulted");
    let leaf = crate::TreeHash::of_leaf(changed.as_bytes())
        .to_string()
        .replace("sha256:", "");
    tamper(
        folder.path(),
        &format!(
            "UPDATE entry SET bytes = CAST('{changed}' AS BLOB),
             hashes = CAST(x'{leaf}' || substr(hashes, 33) AS BLOB) WHERE idx = 9"
        ),
    );
    let bad = verify(folder.path()).first_bad.unwrap();
    assert!(matches!(bad.what, Bad::NotSigned { size: 10 }), "{bad:?}");
    assert!((bad.first..=bad.last).contains(&9), "{bad:?}");
}

#[test]
fn a_cut_journal_is_told_from_its_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    carried_out(folder.path());
    tamper(
        folder.path(),
        "DELETE FROM entry WHERE idx = 9; DELETE FROM checkpoint WHERE size = 10;
         UPDATE run SET state = 'open'",
    );
    let verdict = verify(folder.path());
    assert!(!verdict.is_good());
    let told = "the journal has 9 entries, and its host has signed 10: it was cut";
    assert!(
        verdict.problems.iter().any(|problem| problem == told),
        "{verdict:?}"
    );
}

#[test]
fn changed_rows_and_kept_bytes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    carried_out(folder.path());
    let store = open(folder.path()).unwrap();
    block_on(store.keep(b"cassette".to_vec())).unwrap();
    drop(store);
    tamper(
        folder.path(),
        "UPDATE fresh SET bytes = x'00'; UPDATE plan SET state = 'waiting'; DELETE FROM redemption",
    );
    let verdict = verify(folder.path());
    assert!(verdict.first_bad.is_none());
    assert_eq!(verdict.problems.len(), 2, "{:?}", verdict.problems);
    assert!(
        verdict.problems[0].contains("rows of plans differ"),
        "{:?}",
        verdict.problems
    );
    assert!(
        verdict.problems[1].contains("are damaged"),
        "{:?}",
        verdict.problems
    );
}

#[test]
fn an_export_verifies_with_the_public_key_alone_and_no_byte_of_it_may_change() {
    let folder = tempfile::tempdir().unwrap();
    carried_out(folder.path());
    let (file, host) = (exported(folder.path()), public(folder.path()));
    let host = HostPublic::parse(&host.to_text()).unwrap();
    let verdict = verify_export(file.as_slice(), &host, &Anchors::default()).unwrap();
    assert!(verdict.is_good(), "{verdict:?}");
    assert_eq!(verdict.entries, 10);
    for at in (0..file.len()).step_by(97) {
        let mut bad = file.clone();
        bad[at] ^= 1;
        if let Ok(verdict) = verify_export(bad.as_slice(), &host, &Anchors::default()) {
            assert!(
                !verdict.is_good(),
                "byte {at}: {}",
                String::from_utf8_lossy(&file[at..at + 9])
            );
        }
    }
    for cut in [file.len() - 1, file.len() / 2] {
        assert!(verify_export(&file[..cut], &host, &Anchors::default()).is_err());
    }
}

#[test]
fn another_host_s_export_is_not_believed() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    carried_out(ours.path());
    carried_out(theirs.path());
    let host = public(ours.path());
    let verdict = verify_export(
        exported(theirs.path()).as_slice(),
        &host,
        &Anchors::default(),
    )
    .unwrap();
    assert!(!verdict.is_good());
    assert!(matches!(
        verdict.first_bad.unwrap().what,
        Bad::OtherHost { .. }
    ));
}

#[test]
fn anchors_from_outside_make_it_witnessed_or_tell_a_rewritten_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (_, token) = carried_out(folder.path());
    let note = fs::read(folder.path().join("checkpoint")).unwrap();
    let anchors = Anchors {
        checkpoints: vec![("kept.txt".into(), note)],
        tokens: vec![("alice.json".into(), token.bytes().to_vec())],
    };
    let verdict = verify_store(folder.path(), "interlock.demo", &anchors).unwrap();
    assert!(verdict.is_good(), "{verdict:?}");
    assert_eq!(verdict.assurance, Assurance::Witnessed { size: 10 });

    // The host writes its journal anew, with its own key, and leaves Alice's word out.
    let again = tempfile::tempdir().unwrap();
    fs::copy(
        folder.path().join("host.key"),
        again.path().join("host.key"),
    )
    .unwrap();
    let store = open(again.path()).unwrap();
    record(&store, sample::policy()).unwrap();
    drop(store);
    assert!(verify(again.path()).is_good(), "by itself it looks well");
    let verdict = verify_store(again.path(), "interlock.demo", &anchors).unwrap();
    assert_eq!(verdict.problems.len(), 3, "{:?}", verdict.problems);
    assert!(!verdict.is_good());
}

#[test]
fn an_intent_that_the_gate_would_not_permit_is_named_even_where_the_host_signed_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 1);
    drop(store);
    // A host that skips its gate: the token is a quarter of an hour too old.
    let places = Places::new(folder.path()).unwrap();
    let connection = connect(&places, Use::Write).unwrap();
    let key = HostKey::load(&places.key(), "interlock.demo")
        .unwrap()
        .unwrap();
    let basis = sample::basis(&plan, 0, &[&token], 5);
    let entry = Entry::Intent {
        plan: plan.id(),
        index: 0,
        kind: Kind::Apply,
        step: 0,
        action: ActionText::from(&sample::action(&plan, 0)),
        rule: basis.rule,
        policy: basis.policy,
        read_at: 5,
        tokens: basis.tokens,
        redeems: Some(vec![token]),
    };
    append::put(&connection, sample::start().plus_seconds(1800), &entry).unwrap();
    writer::sign(&connection, &key).unwrap();
    let bad = verify(folder.path()).first_bad.unwrap();
    assert_eq!(bad.first, 5);
    let text = bad.what.to_string();
    assert!(text.starts_with("its approval does not hold: "), "{text}");
    assert!(text.contains("expired"), "{text}");
}

#[test]
fn one_decision_is_provable_without_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let (plan, _) = carried_out(folder.path());
    let host = public(folder.path());
    let proof = prove(folder.path(), &host, &plan.id()).unwrap();
    let proved = check(&proof, &host).unwrap();
    assert_eq!((proved.plan, proved.entry.index), (plan.id(), 5));
    assert!(matches!(
        proved.entry.entry,
        Entry::Intent {
            redeems: Some(_),
            ..
        }
    ));
    let text = String::from_utf8(proof).unwrap();
    for (from, to) in [
        ("\"index\":5,\"plan\"", "\"index\":4,\"plan\""),
        ("842", "843"),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(
            check(text.replacen(from, to, 1).as_bytes(), &host).is_err(),
            "{from}"
        );
    }
    let other = tempfile::tempdir().unwrap();
    carried_out(other.path());
    assert!(check(text.as_bytes(), &public(other.path())).is_err());
}

#[test]
fn the_checkpoint_outside_is_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    carried_out(folder.path());
    let note = fs::read(folder.path().join("checkpoint")).unwrap();
    let signed = Signed::verify(&note, &public(folder.path())).unwrap();
    assert_eq!(signed.head().size, 10);
}

#[test]
fn a_reconciliation_counts_only_as_signed() {
    for (signer, about, good) in [
        ("alice", 0, true),
        ("mallory", 0, false),
        ("alice", 1, false),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path()).unwrap();
        let (plan, token) = approved(&store, "k7qd", 2);
        intend(&store, &plan, 0, &token).unwrap();
        let mut entry = sample::reconciled(signer, &plan, about);
        if let Entry::Reconciled { index, .. } = &mut entry {
            *index = 0;
        }
        record(&store, entry).unwrap();
        assert_eq!(state(&store, &plan), PlanState::Stopped { at: 0 });
        drop(store);
        let verdict = verify(folder.path());
        assert_eq!(verdict.is_good(), good, "{signer} {about}: {verdict:?}");
        if !good {
            assert_eq!(verdict.first_bad.unwrap().first, 6);
        }
    }
}
