//! A plan's life, with the gate in it.

use interlock_capabilities::intent::Outcome;
use interlock_gate::case::Case;
use interlock_gate::decide::decide;
use interlock_gate::history::Kind;
use interlock_gate::policy::Policy;

use super::*;
use crate::entry::RecordedOutcome;
use crate::verify::{Anchors, verify_store};

#[test]
fn a_plan_is_carried_back_in_reverse_order() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let plan = sample::plan_of(&store.host(), "k7qd", sample::scalings(3), None);
    let token = sample::token("alice", &plan, Decision::Approve, 1);
    for entry in [
        sample::policy(),
        sample::run_opened("k7qd"),
        sample::planned(&plan),
        sample::token_entry(&token),
    ] {
        record(&store, entry).unwrap();
    }
    let policy = Policy::parse(&sample::policy_text()).unwrap();
    let mut order = Vec::new();
    for kind in [Kind::Apply, Kind::Undo] {
        for turn in 0..3 {
            let history = block_on(store.history(&plan.id())).unwrap();
            let tokens = block_on(store.tokens(&plan.id())).unwrap();
            let (here, now) = (store.host(), sample::start());
            let (plan, policy, history) = (&plan, &policy, &history);
            let case = Case {
                policy,
                plan,
                kind,
                tokens: &tokens,
                history,
                here: &here,
                now,
            };
            let permit = decide(&case).unwrap();
            let index = permit.basis().index;
            block_on(store.append(&permit.action(), permit.basis())).unwrap();
            // The second workload was gone: nothing to take back there.
            let outcome = match (kind, turn) {
                (Kind::Apply, 1) => Outcome::Gone,
                _ => Outcome::Done {
                    after: sample::workload(u8::try_from(index + 1).unwrap(), 2),
                },
            };
            let outcome = RecordedOutcome::from(&outcome);
            record(
                &store,
                Entry::Outcome {
                    plan: plan.id(),
                    index,
                    kind,
                    outcome,
                },
            )
            .unwrap();
            order.push((kind.word(), index));
            if state(&store, plan) == PlanState::Undone {
                break;
            }
        }
    }
    let apply = [("apply", 0), ("apply", 1), ("apply", 2)];
    assert_eq!(
        order,
        [apply.as_slice(), &[("undo", 2), ("undo", 0)]].concat()
    );
    assert_eq!(state(&store, &plan), PlanState::Undone);
    block_on(store.rows_equal_the_fold()).unwrap();
    drop(store);
    let verdict = verify_store(folder.path(), "interlock.demo", &Anchors::default()).unwrap();
    assert!(verdict.is_good(), "{verdict:?}");
    assert_eq!(verdict.counts.redeemed, 2);
}

#[test]
fn narrowing_supersedes_the_parent() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 3);
    let narrowed = sample::plan_of(
        &store.host(),
        "k7qd",
        sample::terminations(3, 1),
        Some(&plan),
    );
    record(&store, sample::planned(&narrowed)).unwrap();
    assert_eq!(state(&store, &plan), PlanState::Superseded);
    assert!(intend(&store, &plan, 0, &token).is_err());
    let about = block_on(store.plans_of(&sample::run("k7qd"))).unwrap();
    assert_eq!(about.len(), 2);
    block_on(store.rows_equal_the_fold()).unwrap();
}

#[test]
fn a_plan_that_names_a_checkpoint_of_another_journal_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    record(&store, sample::run_opened("k7qd")).unwrap();
    let mut body = sample::plan(&store.host(), "k7qd", 1, 0).body().clone();
    let head = block_on(store.head()).unwrap();
    body.checkpoint.size = head.size;
    let wrong = Plan::new(body.clone()).unwrap();
    let refused = record(&store, sample::planned(&wrong)).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("a checkpoint of 2 entries that is not ours"),
        "{refused}"
    );
    body.checkpoint.root = head.root.to_string().replace("sha256:", "");
    record(&store, sample::planned(&Plan::new(body).unwrap())).unwrap();
}

#[test]
fn an_act_that_found_its_session_changed_lets_the_independent_rest_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 3);
    let outcomes = [
        Outcome::Gone,
        Outcome::Refused {
            why: "must be a superuser".into(),
        },
        Outcome::Unknown {
            why: "the connection broke".into(),
        },
    ];
    for (index, outcome) in (0..).zip(&outcomes) {
        intend(&store, &plan, index, &token).unwrap();
        record(
            &store,
            sample::outcome(&plan, index, RecordedOutcome::from(outcome)),
        )
        .unwrap();
    }
    assert_eq!(state(&store, &plan), PlanState::Unknown { at: 2 });
}

#[test]
fn the_gate_permits_by_this_history_what_the_journal_then_takes() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, _) = approved(&store, "k7qd", 2);
    let policy = Policy::parse(&block_on(store.policy()).unwrap().unwrap().1).unwrap();
    for index in 0..2 {
        let history = block_on(store.history(&plan.id())).unwrap();
        let tokens = block_on(store.tokens(&plan.id())).unwrap();
        let permit = decide(&Case {
            policy: &policy,
            plan: &plan,
            kind: Kind::Apply,
            tokens: &tokens,
            history: &history,
            here: &store.host(),
            now: sample::start(),
        })
        .unwrap();
        block_on(store.append(&permit.action(), permit.basis())).unwrap();
        record(&store, sample::done(&plan, index)).unwrap();
    }
    assert_eq!(state(&store, &plan), PlanState::Applied);
}
