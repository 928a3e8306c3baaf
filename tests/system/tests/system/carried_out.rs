//! Evidence in, a human's decision, exactly that decision carried out.

use interlock_system_tests::{Person, World};
use interlock_test_servers::{Plot, Variant};

use crate::seen::{RUN, alive, planned, sorted};

async fn all_that_was_stuck_is_gone(world: &World) {
    let (guilty, innocent) = (&world.incident.guilty, &world.incident.innocent);
    assert_eq!(alive(world, guilty).await, Vec::<i32>::new());
    assert_eq!(alive(world, innocent).await, sorted(innocent));
    let cast = world.cast();
    let late = world
        .postgres()
        .connect(cast.shop.role, cast.database, "late")
        .await;
    assert!(late.is_ok(), "the database accepts connections again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_signed_is_done_and_nothing_else() {
    let world = World::build(Plot::IdleInTransaction).start().await.unwrap();
    let guilty = sorted(&world.incident.guilty);

    let run = world
        .interlock(Person::Bob, &RUN)
        .await
        .unwrap()
        .expect(3)
        .json();
    assert_eq!(run["causes"][0], "idle_in_transaction", "{run:#}");
    let (run_id, plan) = (
        run["run"].as_str().unwrap(),
        run["plan"]["plan"].as_str().unwrap(),
    );
    let show = world
        .interlock(Person::Bob, &["plan", "show", plan, "--json"])
        .await
        .unwrap();
    assert_eq!(planned(&show.expect(0).json()), guilty);
    assert_eq!(
        alive(&world, &guilty).await,
        guilty,
        "a run changes nothing"
    );

    let refused = world
        .interlock(Person::Bob, &["apply", plan])
        .await
        .unwrap()
        .expect(3);
    assert!(
        refused.stdout.contains("nothing was changed"),
        "{}",
        refused.stdout
    );
    assert_eq!(
        alive(&world, &guilty).await,
        guilty,
        "without approval nothing is done"
    );

    let word = format!("{} {}", world.cast().server, guilty.len());
    assert_eq!(run["plan"]["confirm"], word.as_str());
    let key = world.people.key(Person::Alice).display().to_string();
    let approve = [
        "approve",
        plan,
        "--key",
        &key,
        "--reason",
        "none is a job",
        "--confirm",
        &word,
    ];
    world
        .interlock(Person::Bob, &approve)
        .await
        .unwrap()
        .expect(0);
    assert_eq!(
        alive(&world, &guilty).await,
        guilty,
        "an approval alone does nothing"
    );

    let applied = world
        .interlock(Person::Bob, &["apply", plan, "--json"])
        .await
        .unwrap();
    let applied = applied.expect(0).json();
    assert_eq!(applied["result"], "done");
    assert_eq!(applied["verdict"], "fixed", "{applied:#}");
    all_that_was_stuck_is_gone(&world).await;

    let again = world
        .interlock(Person::Bob, &["apply", plan])
        .await
        .unwrap()
        .expect(4);
    assert!(
        again.everything().contains("applied"),
        "{}",
        again.everything()
    );
    world
        .interlock(Person::Bob, &["journal", "verify"])
        .await
        .unwrap()
        .expect(0);
    world
        .interlock(Person::Bob, &["replay", run_id])
        .await
        .unwrap()
        .expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approver_elsewhere_needs_the_exported_files_and_a_key_and_no_more() {
    let world = World::build(Plot::IdleInTransaction)
        .variant(Variant::Second)
        .unwatched()
        .start()
        .await
        .unwrap();
    let guilty = sorted(&world.incident.guilty);
    let run = world
        .interlock(Person::Bob, &RUN)
        .await
        .unwrap()
        .expect(3)
        .json();
    let plan = run["plan"]["plan"].as_str().unwrap();

    let handed = world.make_folder("handed", Person::Bob).unwrap();
    let handed = handed.display().to_string();
    let export = ["plan", "export", plan, "--out", &handed];
    world
        .interlock(Person::Bob, &export)
        .await
        .unwrap()
        .expect(0);
    let file = world
        .only_file(&handed, |name| !name.contains("evidence"))
        .unwrap();

    let word = format!("{} {}", world.cast().server, guilty.len());
    let approve = ["approve", &file, "--confirm", &word, "--out", "token.json"];
    // Her key is where ssh looks for it, and the host's folder is none of hers.
    let approved = world
        .interlock(Person::Alice, &approve)
        .await
        .unwrap()
        .expect(0);
    assert!(
        approved.everything().contains("still so"),
        "{}",
        approved.everything()
    );
    let token = world
        .people
        .home(Person::Alice)
        .join("token.json")
        .display()
        .to_string();

    let apply = ["apply", plan, "--token", &token];
    world
        .interlock(Person::Bob, &apply)
        .await
        .unwrap()
        .expect(0);
    all_that_was_stuck_is_gone(&world).await;
    world
        .interlock(Person::Bob, &["journal", "verify"])
        .await
        .unwrap()
        .expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_requester_cannot_approve_and_a_stranger_cannot_either() {
    let world = World::build(Plot::IdleInTransaction)
        .unwatched()
        .start()
        .await
        .unwrap();
    let guilty = sorted(&world.incident.guilty);
    let run = world
        .interlock(Person::Bob, &RUN)
        .await
        .unwrap()
        .expect(3)
        .json();
    let plan = run["plan"]["plan"].as_str().unwrap();
    let word = format!("{} {}", world.cast().server, guilty.len());
    for person in [Person::Bob, Person::Mallory] {
        let key = world.people.key(person).display().to_string();
        let approve = ["approve", plan, "--key", &key, "--confirm", &word];
        let signed = world.interlock(Person::Bob, &approve).await.unwrap();
        // Whether it may be signed at all is the command's choice; that it does not count is not.
        let denied = world
            .interlock(Person::Bob, &["apply", plan])
            .await
            .unwrap();
        assert!([3, 4].contains(&denied.code), "{signed:?} {denied:?}");
        assert_eq!(alive(&world, &guilty).await, guilty);
    }
    // No secret of the database is anywhere in what was written.
    let show = [
        "runs",
        "show",
        run["run"].as_str().unwrap(),
        "--calls",
        "--json",
    ];
    let all = world
        .interlock(Person::Bob, &show)
        .await
        .unwrap()
        .expect(0)
        .everything();
    for secret in world.postgres().logins().secrets() {
        assert!(!all.contains(secret));
        assert!(
            !world.state_holds(secret).unwrap(),
            "the state folder holds a password"
        );
    }
}
