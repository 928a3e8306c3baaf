//! What counts is today: the policy in force, the latest word of each approver, the plan as it is now.

use interlock_system_tests::Person;

use crate::seen::{RUN, alive, sorted};
use crate::waiting::{Waiting, bob, change_policy, full, pids_of, reasons, started, text};

const POLICY: &str = "policies/postgres.toml";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_changed_after_the_approval_is_the_one_that_counts() {
    let world = started(full()).await;
    let guilty = sorted(&world.incident.guilty);
    let waiting = Waiting::of(&world).await;
    waiting
        .decide(&world, "approve", Person::Alice)
        .await
        .expect(0);
    let policy = text(&world, POLICY);
    let alice = world.people.public_key(Person::Alice).unwrap();
    let freeze = "[[freeze]]\nname = \"quarter end\"\nfrom = 2020-01-01T00:00:00Z\n\
                  until = 2099-01-01T00:00:00Z\n";
    let lifted = format!("{freeze}except_roles = [\"incident-commander\"]\n");
    let never = "[[never]]\ncapability = \"database.terminate\"\ntargets = [\"*/client\"]\n";
    let added = |text: &str| format!("\n{text}\n[[never]]");
    let changes = [
        (
            "min = 1 }",
            "min = 2 }".to_owned(),
            4,
            "rule changed since planned",
        ),
        (
            "need = 1,",
            "need = 2,".to_owned(),
            4,
            "rule changed since planned",
        ),
        (
            "per_run = 60",
            "per_run = 2".to_owned(),
            4,
            "permits 2 actions a run",
        ),
        ("\n[[never]]", added(freeze), 4, "nobody may lift it"),
        (
            "\n[[never]]",
            added(&lifted),
            3,
            "needs 1 more by incident-commander",
        ),
        ("\n[[never]]", added(never), 4, "is forbidden"),
        (
            "version = 1\n",
            format!("version = 1\n[revoked]\nkeys = [\"{alice}\"]\n"),
            4,
            "revoked key",
        ),
        (
            "version = 1\n",
            format!("version = 1\n[revoked]\nplans = [\"{}\"]\n", waiting.plan),
            4,
            "the policy revokes this plan",
        ),
        (
            "name = \"end stuck sessions\"",
            "name = \"another\"".to_owned(),
            4,
            "rule changed",
        ),
    ];
    for (from, to, code, reason) in changes {
        change_policy(&world, from, &to);
        let refused = waiting.apply(&world, &[]).await;
        assert_eq!(refused.code, code, "{reason}: {}", refused.everything());
        let said = reasons(&refused);
        assert!(said.contains(reason), "no `{reason}` in: {said}");
        world.write(POLICY, &policy, 0o644).unwrap();
    }
    // A text that does not parse is no policy: nothing runs.
    change_policy(&world, "need = 1,", "need = 0,");
    waiting.apply(&world, &[]).await.expect(2);
    bob(&world, &RUN).await.expect(2);
    world.write(POLICY, &policy, 0o644).unwrap();
    assert_eq!(alive(&world, &guilty).await, guilty);

    // With the policy as it was the approval counts as before.
    let explained = bob(&world, &["policy", "explain", &waiting.plan]).await;
    assert!([0, 3].contains(&explained.code), "{explained:#?}");
    let applied = waiting.apply(&world, &[]).await;
    assert_eq!(applied.json()["result"], "done", "{}", applied.everything());
    assert_eq!(alive(&world, &guilty).await, Vec::<i32>::new());
    bob(&world, &["journal", "verify"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_beats_every_yes_and_holds_for_an_hour() {
    let world = started(full()).await;
    let guilty = sorted(&world.incident.guilty);

    // Narrowed: the parent is superseded, and its approval is not the child's.
    let parent = Waiting::of(&world).await;
    parent
        .decide(&world, "approve", Person::Alice)
        .await
        .expect(0);
    let child = parent.narrowed(&world, "1-3").await;
    assert_ne!(child.plan, parent.plan);
    let three = pids_of(&child.body(&world).await);
    assert_eq!(three.len(), 3);
    let said = reasons(&parent.apply(&world, &[]).await.expect(4));
    assert!(said.contains("superseded"), "{said}");
    let said = reasons(&child.apply(&world, &[]).await.expect(3));
    assert!(
        said.contains("has 0"),
        "approvals do not carry over: {said}"
    );

    // Revoked by another after it was approved.
    child
        .decide(&world, "approve", Person::Alice)
        .await
        .expect(0);
    child
        .decide(&world, "revoke", Person::Carol)
        .await
        .expect(0);
    let said = reasons(&child.apply(&world, &[]).await.expect(4));
    assert!(said.contains("revoked"), "{said}");

    // Rejected: no approval helps, before or after.
    let plan = Waiting::of(&world).await;
    assert!(![&parent.plan, &child.plan].contains(&&plan.plan));
    plan.decide(&world, "approve", Person::Alice)
        .await
        .expect(0);
    plan.decide(&world, "reject", Person::Carol).await.expect(0);
    let said = reasons(&plan.apply(&world, &[]).await.expect(4));
    assert!(said.contains("rejected"), "{said}");
    let late = plan.decide(&world, "approve", Person::Alice).await;
    let said = reasons(&plan.apply(&world, &[]).await.expect(4));
    assert!(said.contains("rejected"), "{late:#?} {said}");

    // The same act is not asked for again within the hour.
    let again = bob(&world, &RUN).await.expect(4);
    assert!(
        again.everything().contains("rejected"),
        "{}",
        again.everything()
    );
    assert_eq!(
        again.json()["plan"],
        serde_json::Value::Null,
        "{}",
        again.stdout
    );
    assert_eq!(alive(&world, &guilty).await, guilty);
    bob(&world, &["journal", "verify"]).await.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_is_not_made_twice_while_it_waits() {
    let world = started(full()).await;
    let first = Waiting::of(&world).await;
    let again = bob(&world, &RUN).await.expect(3).json();
    assert_eq!(again["plan"]["plan"], first.plan.as_str(), "{again:#}");
    let list = bob(&world, &["plan", "list", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(list["plans"].as_array().unwrap().len(), 1, "{list:#}");
}
