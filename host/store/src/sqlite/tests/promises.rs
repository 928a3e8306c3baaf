//! One promise a test.

use interlock_gate::history::Kind;
use interlock_gate::state::PlanState;

use super::*;

fn spent(result: Result<Leaf, Refused>) -> bool {
    matches!(result, Err(Refused::Spent { .. }))
}

#[test]
fn a_plan_is_carried_out_action_by_action() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 2);
    assert_eq!(state(&store, &plan), PlanState::Waiting);
    for index in [0, 1] {
        intend(&store, &plan, index, &token).unwrap();
        record(&store, sample::done(&plan, index)).unwrap();
    }
    assert_eq!(state(&store, &plan), PlanState::Applied);
    let history = block_on(store.history(&plan.id())).unwrap();
    assert_eq!(history.done.len(), 2);
    assert_eq!(history.applied.unwrap().tokens, [token.digest()]);
    assert_eq!(history.intents.len(), 2);
    block_on(store.rows_equal_the_fold()).unwrap();
    drop(store);
    let store = open(folder.path()).unwrap();
    assert_eq!(state(&store, &plan), PlanState::Applied);
}

#[test]
fn a_plan_is_redeemed_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 2);
    intend(&store, &plan, 0, &token).unwrap();
    assert!(spent(intend(&store, &plan, 0, &token)));
    record(&store, sample::done(&plan, 0)).unwrap();
    assert!(spent(intend(&store, &plan, 0, &token)));
    intend(&store, &plan, 1, &token).unwrap();
    record(&store, sample::done(&plan, 1)).unwrap();
    for index in [0, 1] {
        assert!(spent(intend(&store, &plan, index, &token)));
    }
}

#[test]
fn no_action_begins_while_another_is_in_doubt() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 2);
    intend(&store, &plan, 0, &token).unwrap();
    assert!(matches!(
        intend(&store, &plan, 1, &token),
        Err(Refused::Illegal { .. })
    ));
    let doubts = block_on(store.doubts()).unwrap();
    assert_eq!(
        (doubts.len(), doubts[0].index, &doubts[0].outcome),
        (1, 0, &None)
    );
}

#[test]
fn a_rejection_between_decide_and_intend_wins() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 1);
    let basis = sample::basis(&plan, 0, &[&token], size(&store));
    let rejection = sample::token("alice", &plan, Decision::Reject, 9);
    record(&store, sample::token_entry(&rejection)).unwrap();
    let refused = block_on(store.append(&sample::action(&plan, 0), &basis)).unwrap_err();
    assert!(matches!(refused, Refused::Newer { .. }), "{refused}");
    assert_eq!(state(&store, &plan), PlanState::Rejected);
    assert!(
        intend(&store, &plan, 0, &token).is_err(),
        "a rejected plan never begins"
    );
}

#[test]
fn an_entry_about_another_plan_is_not_newer() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 1);
    let basis = sample::basis(&plan, 0, &[&token], size(&store));
    approved(&store, "b704", 1);
    block_on(store.append(&sample::action(&plan, 0), &basis)).unwrap();
}

#[test]
fn a_policy_that_changes_between_decide_and_intend_wins() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 1);
    let basis = sample::basis(&plan, 0, &[&token], size(&store));
    let changed = format!("{}# changed\n", sample::policy_text());
    record(&store, sample::policy_entry(&changed)).unwrap();
    let refused = block_on(store.append(&sample::action(&plan, 0), &basis)).unwrap_err();
    assert!(matches!(refused, Refused::NotHeld { .. }), "{refused}");
}

#[test]
fn an_intent_needs_its_plan_policy_and_tokens_in_this_journal() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 2);
    let stranger = sample::plan(&store.host(), "k7qd", 3, 0);
    let elsewhere = sample::token("alice", &plan, Decision::Approve, 99);
    let ask =
        |plan: &Plan, index, tokens: &[&Token], change: fn(&mut interlock_gate::permit::Basis)| {
            let mut basis = sample::basis(plan, index, tokens, size(&store));
            change(&mut basis);
            block_on(store.append(&sample::action(plan, index), &basis))
        };
    let not_held = |result| matches!(result, Err(Refused::NotHeld { .. }));
    assert!(not_held(ask(&stranger, 0, &[&token], |_| ())));
    assert!(not_held(ask(&plan, 0, &[&token, &elsewhere], |_| ())));
    assert!(not_held(ask(&plan, 0, &[], |_| ())));
    assert!(not_held(ask(&plan, 0, &[&token], |basis| {
        basis.policy = interlock_gate::ids::PolicyDigest::of(b"another");
    })));
    let basis = sample::basis(&plan, 0, &[&token], size(&store));
    let other = block_on(store.append(&sample::action(&plan, 1), &basis));
    assert!(
        matches!(other, Err(Refused::Illegal { .. })),
        "the action is that of the basis"
    );
    assert!(
        ask(&plan, 0, &[&token], |_| ()).is_ok(),
        "the twin that is held is taken"
    );
}

#[test]
fn an_hourly_limit_counts_over_all_runs_and_forgets_after_an_hour() {
    let folder = tempfile::tempdir().unwrap();
    let hand = Hand::new();
    let store = open_by(folder.path(), &hand).unwrap();
    for name in ["aaaa", "bbbb"] {
        let (plan, token) = approved(&store, name, 3);
        for index in 0..3 {
            let result = intend(&store, &plan, index, &token);
            if name == "bbbb" && index == 2 {
                let limit = Refused::Limit {
                    rule: sample::RULE.into(),
                    limit: 5,
                    per: "per hour",
                };
                assert_eq!(result, Err(limit));
                hand.move_on(3600);
                intend(&store, &plan, index, &token).unwrap();
            } else {
                result.unwrap();
            }
            record(&store, sample::done(&plan, index)).unwrap();
        }
    }
}

#[test]
fn a_token_is_kept_once_and_only_from_an_approver() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, token) = approved(&store, "k7qd", 1);
    let again = record(&store, sample::token_entry(&token)).unwrap();
    assert_eq!(
        (again.index, size(&store)),
        (4, 5),
        "the same token is its own leaf"
    );
    let mallory = sample::token("mallory", &plan, Decision::Reject, 1);
    let refused = record(&store, sample::token_entry(&mallory)).unwrap_err();
    assert!(refused.to_string().contains("of no approver"), "{refused}");
    let same_nonce = sample::token("alice", &plan, Decision::Reject, b'k');
    assert!(spent(record(&store, sample::token_entry(&same_nonce))));
}

#[test]
fn an_entry_speaks_only_of_what_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    record(&store, sample::run_opened("k7qd")).unwrap();
    let missing = record(&store, sample::step_ended("k7qd", b"cassette"));
    assert!(matches!(missing, Err(Refused::NotHeld { .. })));
    let digest = block_on(store.keep(b"cassette".to_vec())).unwrap();
    record(&store, sample::step_ended("k7qd", b"cassette")).unwrap();
    assert_eq!(block_on(store.blob(&digest)).unwrap().unwrap(), b"cassette");
}

#[test]
fn time_never_runs_back_in_the_journal() {
    let folder = tempfile::tempdir().unwrap();
    let hand = Hand::new();
    hand.move_on(500);
    let store = open_by(folder.path(), &hand).unwrap();
    drop(store);
    let store = open(folder.path()).unwrap();
    record(&store, sample::policy()).unwrap();
    let newest = block_on(store.newest_at()).unwrap().unwrap();
    assert_eq!(newest, sample::start().plus_seconds(500));
}

#[test]
fn a_store_is_bound_to_one_policy_path() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    record(&store, sample::policy()).unwrap();
    let Entry::Policy { digest, text, .. } = sample::policy() else {
        unreachable!()
    };
    let moved = Entry::Policy {
        digest,
        path: "elsewhere.toml".into(),
        text,
    };
    let refused = record(&store, moved).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("bound to the policy `policies/postgres.toml`"),
        "{refused}"
    );
}

#[test]
fn an_entry_read_before_a_newer_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, _) = approved(&store, "k7qd", 1);
    let read_at = size(&store);
    let began = |read_at| {
        let entry = Entry::ApplyBegan {
            plan: plan.id(),
            kind: Kind::Apply,
            conformed: Some(true),
        };
        block_on(store.record(entry, read_at))
    };
    assert!(matches!(began(read_at - 1), Err(Refused::Newer { .. })));
    began(read_at).unwrap();
}

#[test]
fn short_names_must_fit_one_thing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let (plan, _) = approved(&store, "k7qd", 1);
    let found = block_on(store.find_plan(&plan.id().short())).unwrap();
    assert_eq!(found, plan.id());
    assert_eq!(
        block_on(store.find_plan(&plan.id().to_string())).unwrap(),
        plan.id()
    );
    assert_eq!(
        block_on(store.find_run("r-k7")).unwrap(),
        sample::run("k7qd")
    );
    for bad in ["", "zz", "%"] {
        assert!(block_on(store.find_plan(bad)).is_err(), "{bad}");
        assert!(block_on(store.find_run(bad)).is_err(), "{bad}");
    }
}
