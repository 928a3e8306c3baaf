//! No password leaves the host: not in answers, refusals, exports, or anything that is kept.

use interlock_system_tests::{Person, Ran, World};

use crate::seen::RUN;
use crate::waiting::{Waiting, bob, full, started, text};

fn clean(world: &World, planted: &str, ran: &Ran) {
    let all = ran.everything();
    assert!(!all.contains(planted), "{}: {all}", ran.arguments);
    for secret in world.postgres().logins().secrets() {
        assert!(!all.contains(secret), "{}: {all}", ran.arguments);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_in_no_answer_no_export_and_nothing_that_is_kept() {
    let world = started(full()).await;
    let planted = "hunter2-planted";
    let (read, write) = (
        text(&world, "secrets/read.dsn"),
        text(&world, "secrets/write.dsn"),
    );
    let before_at = read.rsplit_once('@').unwrap().0;
    let password = before_at.rsplit_once(':').unwrap().1.to_owned();
    let wrong = read.replace(&password, planted);
    let nowhere =
        format!("postgresql://interlock_login:{planted}@127.0.0.1:1/postgres?sslmode=disable");
    let malformed = format!("postgresql://interlock_login:{planted}@[::1/postgres?sslmode=maybe");

    // Logins that fail, in each way, with everything that may be asked of them.
    for dsn in [&wrong, &nowhere, &malformed] {
        world.write("secrets/read.dsn", dsn, 0o600).unwrap();
        world.write("secrets/write.dsn", dsn, 0o600).unwrap();
        for command in [
            &RUN[..],
            &["-v", "doctor"],
            &["doctor", "--json"],
            &["keys"],
        ] {
            clean(&world, planted, &bob(&world, command).await);
        }
    }
    world.write("secrets/read.dsn", &read, 0o600).unwrap();

    // A run that works, and an act whose login fails.
    let waiting = Waiting::of(&world).await;
    waiting
        .decide(&world, "approve", Person::Alice)
        .await
        .expect(0);
    let refused = waiting.apply(&world, &[]).await;
    assert_ne!(refused.code, 0);
    clean(&world, planted, &refused);
    world.write("secrets/write.dsn", &write, 0o600).unwrap();
    let again = Waiting::of(&world).await;
    again
        .decide(&world, "approve", Person::Alice)
        .await
        .expect(0);
    let applied = again.apply(&world, &[]).await;
    assert_eq!(applied.json()["result"], "done", "{}", applied.everything());
    clean(&world, planted, &applied);

    again.body(&world).await;
    let (run, plan) = (again.run.as_str(), again.plan.as_str());
    let commands: [&[&str]; 10] = [
        &["-v", "runs", "show", run, "--calls"],
        &["runs", "show", run, "--calls", "--json"],
        &["runs", "list", "--json"],
        &["plan", "show", plan],
        &["plan", "show", plan, "--json"],
        &["replay", run, "--json"],
        &["journal", "export", "--out", "exported/journal"],
        &["journal", "prove", plan, "--json"],
        &["policy", "explain", plan],
        &["doctor"],
    ];
    for command in commands {
        let ran = bob(&world, command).await;
        assert!([0, 1, 4].contains(&ran.code), "{ran:#?}");
        clean(&world, planted, &ran);
    }
    for entry in std::fs::read_dir(world.path("exported")).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let exported = String::from_utf8_lossy(&bytes);
        for secret in world.postgres().logins().secrets() {
            assert!(!exported.contains(secret) && !exported.contains(planted));
        }
    }
    for secret in world.postgres().logins().secrets() {
        assert!(
            !world.state_holds(secret).unwrap(),
            "the state holds a password"
        );
    }
    assert!(
        !world.state_holds(planted).unwrap(),
        "the state holds a password"
    );
}
