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

#[test]
fn a_surge_beside_sessions_that_are_stuck_is_a_second_cause() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| {
            db.max_connections(50)
                .sessions_like(15, |n, s| {
                    s.pid(100 + n as i32).role("web").idle_in_transaction("8m")
                })
                .sessions_like(28, |n, s| s.pid(200 + n as i32).role("gw").active("1s"))
                .sessions_like(4, |n, s| s.pid(300 + n as i32).role("jobs").idle("50m"))
        })
        .metrics(exporter(47.0, 90.0, 400.0));
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["traffic_surge", "idle_in_transaction"]);
    assert_eq!(run.plan().pids(), (100..115).collect::<Vec<i32>>());
    for hypothesis in &run.report().hypotheses {
        let refuted = hypothesis
            .checks
            .iter()
            .filter(|check| matches!(check.outcome, interlock_sdk::wire::Checked::Refuted));
        assert_eq!(refuted.count(), 0, "{}", hypothesis.cause);
    }
}
