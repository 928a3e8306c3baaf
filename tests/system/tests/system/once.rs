//! A plan is carried out once, and leaves alone what has changed meanwhile.

use interlock_system_tests::Person;
use interlock_test_servers::Variant;

use crate::seen::{alive, sorted};
use crate::waiting::{Waiting, bob, full, now, pids_of, started};
use crate::words::{approval, key_of, signed};

/// How many processes try at once.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_processes_that_apply_the_same_plan_exactly_one_acts() {
    let world = started(full()).await;
    let guilty = sorted(&world.incident.guilty);
    let waiting = Waiting::of(&world).await;
    let plan = waiting.body(&world).await;
    // Each brings the approval along: that must not be redeemed twice either.
    let token = signed(
        &approval(&plan, "alice", now()),
        &key_of(&world, Person::Alice),
    );
    let token = String::from_utf8(token).unwrap();
    let file = world.write("token.json", &token, 0o644).unwrap();

    let file = [file.as_path()];
    let one = || waiting.apply(&world, &file);
    let (a, b, c, d, e, f) = tokio::join!(one(), one(), one(), one(), one(), one());
    let all = [a, b, c, d, e, f];
    assert_eq!(all.len(), AT_ONCE);
    let acted: Vec<_> = all
        .iter()
        .filter(|ran| ran.json()["result"] == "done")
        .collect();
    assert_eq!(acted.len(), 1, "{all:#?}");
    for ran in all.iter().filter(|ran| ran.json()["result"] != "done") {
        assert_eq!(ran.code, 4, "{ran:#?}");
    }
    assert_eq!(alive(&world, &guilty).await, Vec::<i32>::new());
    let verified = bob(&world, &["journal", "verify", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(verified["redeemed"], 1, "{verified:#}");
    assert_eq!(verified["intents"], guilty.len(), "{verified:#}");
    assert_eq!(verified["outcomes"]["done"], guilty.len(), "{verified:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_moved_or_went_is_told_apart_and_the_others_go_on() {
    let world = started(full().variant(Variant::Second)).await;
    let guilty = world.incident.guilty.clone();
    let (moved, gone) = (guilty[0], guilty[1]);
    let waiting = Waiting::of(&world).await;
    assert_eq!(pids_of(&waiting.body(&world).await), sorted(&guilty));
    waiting
        .decide(&world, "approve", Person::Alice)
        .await
        .expect(0);

    // The first comes back to life and begins another transaction; the second ends by itself.
    let sessions = &world.incident.held.sessions;
    let session = sessions
        .iter()
        .find(|session| session.pid() == moved)
        .unwrap();
    session.run("commit").await.unwrap();
    session.run("begin").await.unwrap();
    session.run("select 1").await.unwrap();
    let admin = world.postgres().superuser().await.unwrap();
    admin
        .run(&format!("select pg_terminate_backend({gone}, 5000)"))
        .await
        .unwrap();

    let applied = waiting.apply(&world, &[]).await;
    let document = applied.json();
    assert_eq!(document["result"], "done", "{}", applied.everything());
    let acts = document["acts"].as_array().unwrap();
    assert_eq!(acts.len(), guilty.len());
    let plan = waiting.body(&world).await;
    for (act, planned) in acts.iter().zip(plan.acts()) {
        let text = interlock_gate::plan::ActionText::from(&planned.1.action);
        let pid = text.arguments["pid"].as_i64().unwrap();
        let expected = match i32::try_from(pid).unwrap() {
            pid if pid == moved => "moved",
            pid if pid == gone => "gone",
            _ => "done",
        };
        assert_eq!(act["outcome"], expected, "pid {pid}: {act:#}");
    }
    assert_eq!(
        alive(&world, &guilty).await,
        [moved],
        "what moved is left alone"
    );
    bob(&world, &["journal", "verify"]).await.expect(0);
}
