//! An act whose outcome is not known stays a doubt until a person settles it; nothing tries it again.

use interlock_system_tests::{Person, World};
use interlock_test_servers::Variant;

use crate::proxy::{AtAct, Proxy};
use crate::seen::{alive, sorted};
use crate::waiting::{Waiting, bob, bob_types, full, pids_of, reasons, started, text};

/// Puts the wire between the host's writes and the database.
async fn wired(world: &World, at_act: AtAct) -> Proxy {
    let port = world.postgres().port();
    let proxy = Proxy::start(port, at_act).await;
    let dsn = text(world, "secrets/write.dsn");
    let through = dsn.replace(&format!(":{port}/"), &format!(":{}/", proxy.port()));
    assert_ne!(dsn, through);
    world.write("secrets/write.dsn", &through, 0o600).unwrap();
    proxy
}

/// A person looks, and says on a terminal what they found.
async fn settled(world: &World, run: &str, found: &str) {
    let key = world.people.key(Person::Alice).display().to_string();
    let reconcile = [
        "runs",
        "reconcile",
        run,
        "--found",
        found,
        "--reason",
        "I looked",
        "--key",
        &key,
    ];
    let refused = bob(world, &reconcile).await.expect(4);
    assert!(refused.stderr.contains("terminal"), "{}", refused.stderr);
    let done = bob_types(world, &reconcile, "").await.expect(0);
    assert!(
        done.stdout.contains("reconciled by alice"),
        "{}",
        done.stdout
    );
    // There is no doubt left to settle.
    bob_types(world, &reconcile, "").await.expect(2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_killed_between_intent_and_outcome_leaves_a_doubt_that_nothing_retries() {
    let world = started(full()).await;
    let guilty = sorted(&world.incident.guilty);
    let mut proxy = wired(&world, AtAct::Swallow).await;
    let waiting = Waiting::of(&world).await;
    waiting
        .decide(&world, "approve", Person::Alice)
        .await
        .expect(0);

    let mut applying = world
        .command(Person::Bob, &world.path("bin/interlock"))
        .args(["apply", &waiting.plan])
        .spawn()
        .unwrap();
    proxy.first_act().await;
    // SIGKILL: nothing of it can say a word more.
    applying.kill().await.unwrap();

    for _ in 0..2 {
        let unknown = waiting.apply(&world, &[]).await.expect(6);
        assert!(
            reasons(&unknown).contains("not known"),
            "{}",
            unknown.stdout
        );
        assert!(
            unknown.stderr.contains("runs reconcile"),
            "{}",
            unknown.stderr
        );
    }
    assert_eq!(proxy.acts(), 1, "nothing is tried twice");
    assert_eq!(alive(&world, &guilty).await, guilty);
    let verified = bob(&world, &["journal", "verify", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(
        (&verified["in_doubt"], &verified["intents"]),
        (&1.into(), &1.into())
    );

    settled(&world, &waiting.run, "not-done").await;
    let stopped = waiting.apply(&world, &[]).await.expect(4);
    assert!(reasons(&stopped).contains("stopped"), "{}", stopped.stdout);
    assert_eq!(proxy.acts(), 1, "a plan that stopped is never resumed");
    assert_eq!(alive(&world, &guilty).await, guilty);
    let verified = bob(&world, &["journal", "verify", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(verified["in_doubt"], 0);
    bob(&world, &["replay", &waiting.run]).await.expect(0);

    // Another run may propose the same: it is another plan.
    let another = Waiting::of(&world).await;
    assert_ne!(another.plan, waiting.plan);
    assert_eq!(pids_of(&another.body(&world).await), guilty);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_dies_in_the_act_leaves_the_outcome_unknown() {
    let world = started(full().variant(Variant::Second)).await;
    let guilty = sorted(&world.incident.guilty);
    let proxy = wired(&world, AtAct::Cut).await;
    let waiting = Waiting::of(&world).await.narrowed(&world, "1").await;
    let first = pids_of(&waiting.body(&world).await);
    waiting
        .decide(&world, "approve", Person::Alice)
        .await
        .expect(0);
    let unknown = waiting.apply(&world, &[]).await.expect(6).json();
    assert_eq!(unknown["result"], "unknown", "{unknown:#}");
    waiting.apply(&world, &[]).await.expect(6);
    assert_eq!(proxy.acts(), 1, "nothing is tried twice");
    let left: Vec<i32> = guilty
        .iter()
        .copied()
        .filter(|pid| !first.contains(pid))
        .collect();
    assert_eq!(alive(&world, &guilty).await, left, "the act did arrive");

    settled(&world, &waiting.run, "done").await;
    let show = bob(&world, &["runs", "show", &waiting.run]).await.expect(0);
    assert!(show.stdout.contains("alice"), "{}", show.stdout);
    waiting.apply(&world, &[]).await.expect(4);
    bob(&world, &["journal", "verify"]).await.expect(0);
}
