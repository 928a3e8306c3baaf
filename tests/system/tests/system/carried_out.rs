//! Evidence in, a human's decision, exactly that decision carried out.

use interlock_system_tests::{Person, World};
use interlock_test_servers::Plot;

const RUN: [&str; 7] = [
    "run",
    "postgres-connections",
    "--incident",
    "incident.toml",
    "-i",
    "stuck_after=2s",
    "--json",
];

/// Which of these pids still have a session.
async fn alive(world: &World, pids: &[i32]) -> Vec<i32> {
    let admin = world.postgres().superuser().await.unwrap();
    world.postgres().alive(&admin, pids).await.unwrap()
}

fn sorted(pids: &[i32]) -> Vec<i32> {
    let mut pids = pids.to_vec();
    pids.sort_unstable();
    pids
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_person_signed_is_done_and_nothing_else() {
    let world = World::build(Plot::IdleInTransaction).start().await.unwrap();
    let (guilty, innocent) = (&world.incident.guilty, &world.incident.innocent);

    let run = world
        .interlock(Person::Bob, &RUN)
        .await
        .unwrap()
        .expect(3)
        .json();
    let (run_id, plan) = (
        run["run"].as_str().unwrap(),
        run["plan"]["id"].as_str().unwrap(),
    );
    assert_eq!(
        sorted(guilty),
        alive(&world, guilty).await,
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
        sorted(guilty),
        alive(&world, guilty).await,
        "without approval nothing is done"
    );

    let word = format!("{} {}", world.cast().server, guilty.len());
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
        sorted(guilty),
        alive(&world, guilty).await,
        "an approval alone does nothing"
    );

    world
        .interlock(Person::Bob, &["apply", plan])
        .await
        .unwrap()
        .expect(0);
    assert_eq!(alive(&world, guilty).await, Vec::<i32>::new());
    assert_eq!(alive(&world, innocent).await, sorted(innocent));
    let cast = world.cast();
    let late = world
        .postgres()
        .connect(cast.shop.role, cast.database, "late")
        .await;
    assert!(late.is_ok(), "the database accepts connections again");

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
