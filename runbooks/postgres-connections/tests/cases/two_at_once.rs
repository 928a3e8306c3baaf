use interlock_sdk::FakeHost;

use crate::{bystander, diagnose, exporter, remediate};

#[test]
fn two_causes_are_two_hypotheses_and_the_plan_is_for_one() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| {
            db.max_connections(50)
                .sessions_like(20, |n, s| {
                    s.pid(100 + n as i32).role("web").idle_in_transaction("8m")
                })
                .session(|s| s.pid(7).role("alice").idle_in_transaction("17m"))
                .sessions_like(14, |n, s| {
                    s.pid(200 + n as i32).role("pay").waits_for(&[7], "6m")
                })
                .sessions_like(12, |n, s| bystander(n, s.pid(900 + n as i32)))
        })
        .metrics(exporter(47.0, 90.0, 12.0));
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["idle_in_transaction", "lock_convoy"]);
    assert_eq!(run.plan().pids(), (100..120).collect::<Vec<i32>>());
    assert!(
        run.report()
            .notes
            .iter()
            .any(|note| note.contains("run again"))
    );
}

#[test]
fn pools_that_are_too_large_are_not_blamed_for_sessions_that_are_stuck() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| {
            db.max_connections(50)
                .sessions_like(35, |n, s| {
                    s.pid(100 + n as i32).role("web").idle_in_transaction("8m")
                })
                .sessions_like(12, |n, s| bystander(n, s.pid(900 + n as i32)))
        })
        .topology(|t| {
            t.service("web", |s| s.pool("db", "web", 40, 1))
                .service("orders", |s| s.pool("db", "orders_api", 40, 1))
        });
    assert_eq!(host.run(diagnose).causes(), ["idle_in_transaction"]);
}
