use interlock_sdk::{FakeDatabase, FakeHost, FakeSession};

use crate::{could_not_check, diagnose, exporter, remediate};

fn ordinary(db: FakeDatabase) -> FakeDatabase {
    db.max_connections(50)
        .sessions_like(19, |n, s| {
            s.pid(100 + n as i32).role("web").began("9h").idle("20m")
        })
        .sessions_like(18, |n, s| {
            s.pid(200 + n as i32).role("api").began("4h").idle("3s")
        })
        .sessions_like(10, |n, s| {
            s.pid(300 + n as i32).role("jobs").began("1d").active("1s")
        })
}

#[test]
fn pools_that_sum_above_the_slots_are_named_and_nobody_is_ended() {
    for (pool, instances) in [(10, 2), (5, 5)] {
        let host = FakeHost::at("03:12:08Z")
            .database("db", ordinary)
            .metrics(exporter(47.0, 200.0, 210.0))
            .topology(|t| {
                t.service("web", |s| s.pool("db", "web", pool, instances))
                    .service("api", |s| s.pool("db", "api", 20, 1))
                    .service("jobs", |s| {
                        s.pool("db", "jobs", 10, 1).pool("other", "jobs", 90, 1)
                    })
            });
        let run = host.run(diagnose).then(remediate);
        assert_eq!(run.causes(), ["max_connections_too_low"]);
        assert!(run.plan().is_empty());
    }
}

#[test]
fn one_role_far_above_its_own_pool_is_another_matter() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", ordinary)
        .metrics(exporter(47.0, 200.0, 210.0))
        .topology(|t| {
            t.service("web", |s| s.pool("db", "web", 5, 1))
                .service("api", |s| s.pool("db", "api", 40, 1))
                .service("jobs", |s| s.pool("db", "jobs", 40, 1))
        });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), Vec::<&str>::new());
    assert!(run.plan().is_empty());
}

#[test]
fn a_pool_without_a_size_is_said_to_be_what_is_missing() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", ordinary)
        .metrics(exporter(47.0, 200.0, 210.0))
        .topology(|t| {
            t.service("web", |s| s.uses("db", "web"))
                .service("api", |s| s.pool("db", "api", 20, 1))
        });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), Vec::<&str>::new());
    assert!(could_not_check(&run).contains("the pool of role `web`"));
}

#[test]
fn pools_above_the_slots_are_not_blamed_for_sessions_that_are_held_up() {
    let cases: [fn(FakeSession) -> FakeSession; 2] =
        [|s| s.idle_in_transaction("3m"), |s| s.active("4m")];
    for held_up in cases {
        let host = FakeHost::at("03:12:08Z")
            .database("db", |db| {
                db.max_connections(50)
                    .sessions_like(27, |n, s| held_up(s.pid(100 + n as i32).role("web")))
                    .sessions_like(20, |n, s| s.pid(200 + n as i32).role("api").idle("3s"))
            })
            .metrics(exporter(47.0, 200.0, 90.0))
            .topology(|t| {
                t.service("web", |s| s.pool("db", "web", 40, 1))
                    .service("api", |s| s.pool("db", "api", 40, 1))
            });
        let run = host.run(diagnose).then(remediate);
        assert_eq!(run.causes(), Vec::<&str>::new());
        assert!(run.unresolved().is_some_and(|why| why.contains("held up")));
        assert!(run.plan().is_empty());
    }
}
