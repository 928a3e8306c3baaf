use interlock_sdk::{FakeDatabase, FakeHost, FakeSession};

use crate::{bystander, diagnose, exporter, remediate};

/// Opened that many seconds ago, used once at the beginning.
fn used_once(session: FakeSession, seconds_ago: usize) -> FakeSession {
    let last = format!("{}s", seconds_ago - 1);
    session.idle(&last).began(&format!("{seconds_ago}s"))
}

/// 32 sessions, one every 40 s, the youngest 6 minutes old; 5 that are used.
fn leaked(db: FakeDatabase, role: &'static str) -> FakeDatabase {
    db.max_connections(50)
        .sessions_like(32, |n, s| {
            used_once(s.pid(100 + n as i32).role(role), 360 + n * 40)
        })
        .sessions_like(5, |n, s| {
            s.pid(200 + n as i32).role(role).began("25m").idle("3s")
        })
        .sessions_like(10, |n, s| bystander(n, s.pid(900 + n as i32)))
}

#[test]
fn sessions_above_the_pool_that_began_after_the_deployment_are_ended() {
    for (service, role) in [("checkout", "checkout"), ("price-feed", "svc_feed")] {
        let host = FakeHost::at("03:12:08Z")
            .database("orders-db", |db| leaked(db, role))
            .metrics(exporter(47.0, 90.0, 92.0))
            .topology(|t| {
                t.service(service, |s| s.pool("orders-db", role, 5, 1))
                    .service("orders-api", |s| s.pool("orders-db", "orders_api", 10, 1))
            })
            .changes(|c| {
                c.deployment("29m", service, "2.31.0")
                    .deployment("3m", "catalogue", "7.1")
            });
        let run = host.run(diagnose).then(remediate);
        assert_eq!(run.causes(), ["leak_after_deployment"]);
        assert_eq!(run.plan().pids(), (100..132).collect::<Vec<i32>>());
        assert!(run.plan().only_if().iter().all(|state| *state == "idle"));
    }
}

#[test]
fn without_a_pool_size_steady_growth_after_its_own_deployment_tells() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| leaked(db, "checkout"))
        .metrics(exporter(47.0, 90.0, 92.0))
        .topology(|t| t.service("checkout", |s| s.uses("db", "checkout")))
        .changes(|c| c.deployment("29m", "checkout", "2.31.0"));
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["leak_after_deployment"]);
    assert_eq!(run.plan().pids().len(), 32);
}

#[test]
fn a_deployment_of_another_service_is_no_evidence() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| leaked(db, "checkout"))
        .metrics(exporter(47.0, 90.0, 92.0))
        .changes(|c| c.deployment("29m", "catalogue", "7.1"));
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), Vec::<&str>::new());
    assert!(
        run.unresolved()
            .is_some_and(|why| why.contains("look alike"))
    );
    assert!(run.plan().is_empty());
}

#[test]
fn growth_that_began_before_the_deployment_is_not_blamed_on_it() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| leaked(db, "checkout"))
        .metrics(exporter(47.0, 90.0, 92.0))
        .topology(|t| t.service("checkout", |s| s.pool("db", "checkout", 5, 1)))
        .changes(|c| c.deployment("8m", "checkout", "2.31.0"));
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), Vec::<&str>::new());
    assert!(
        run.unresolved()
            .is_some_and(|why| why.contains("before its service was changed"))
    );
    assert!(run.plan().is_empty());
}

#[test]
fn a_large_pool_at_rest_is_no_leak() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| {
            db.max_connections(50)
                // Opened at once when it started, as a pool does, and never needed.
                .sessions_like(40, |n, s| {
                    used_once(s.pid(100 + n as i32).role("batch"), 1_500)
                })
                .sessions_like(7, |n, s| bystander(n, s.pid(900 + n as i32)))
        })
        .metrics(exporter(47.0, 90.0, 92.0))
        .changes(|c| c.deployment("26m", "batch", "4.0"));
    for topology in [None, Some(40)] {
        let host = match topology {
            None => host.clone(),
            Some(size) => host
                .clone()
                .topology(move |t| t.service("batch", |s| s.pool("db", "batch", size, 1))),
        };
        let run = host.run(diagnose).then(remediate);
        assert!(
            !run.causes().contains(&"leak_after_deployment"),
            "{topology:?}"
        );
        assert!(run.plan().is_empty());
    }
}

#[test]
fn where_most_of_them_may_be_the_pools_own_nothing_is_ended() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| leaked(db, "checkout"))
        .metrics(exporter(47.0, 90.0, 92.0))
        .topology(|t| t.service("checkout", |s| s.pool("db", "checkout", 14, 2)))
        .changes(|c| c.deployment("29m", "checkout", "2.31.0"));
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["leak_after_deployment"]);
    assert!(run.plan().is_empty());
}

#[test]
fn a_leak_that_is_seconds_old_counts_in_seconds() {
    let host = FakeHost::at("03:12:08Z")
        .input("stuck_after", "1m")
        .database("db", |db| {
            db.max_connections(50)
                .sessions_like(35, |n, s| {
                    used_once(s.pid(100 + n as i32).role("puma"), 64 + n / 9)
                })
                .sessions_like(3, |n, s| {
                    s.pid(200 + n as i32).role("puma").began("70s").idle("1s")
                })
                .sessions_like(9, |n, s| bystander(n, s.pid(900 + n as i32)))
        })
        .topology(|t| t.service("invoicer", |s| s.pool("db", "puma", 6, 2)))
        .changes(|c| {
            c.deployment("72s", "invoicer", "5.4.2")
                .deployment("90s", "portal", "7")
        });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["leak_after_deployment"]);
    assert_eq!(run.plan().pids(), (100..135).collect::<Vec<i32>>());
}

#[test]
fn what_the_pool_opened_at_its_start_is_left_to_it() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| {
            leaked(db, "checkout")
                // Five at once when it started, and hardly any work for them since.
                .sessions_like(5, |n, s| {
                    used_once(s.pid(300 + n as i32).role("checkout"), 1_700)
                })
        })
        .metrics(exporter(47.0, 90.0, 92.0))
        .topology(|t| t.service("checkout", |s| s.uses("db", "checkout")))
        .changes(|c| c.deployment("29m", "checkout", "2.31.0"));
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["leak_after_deployment"]);
    assert_eq!(run.plan().pids(), (100..132).collect::<Vec<i32>>());
}
