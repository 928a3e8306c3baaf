use interlock_sdk::FakeHost;

use crate::{bystander, diagnose, exporter, remediate};

#[test]
fn more_work_that_gets_done_is_a_surge_and_nobody_is_ended() {
    for (role, before, now) in [("web", 60.0, 480.0), ("mobile_gw", 200.0, 390.0)] {
        let host = FakeHost::at("03:12:08Z")
            .database("db", |db| {
                db.max_connections(50)
                    .sessions_like(30, |n, s| s.pid(100 + n as i32).role(role).active("1s"))
                    .sessions_like(12, |n, s| s.pid(200 + n as i32).role(role).idle("2s"))
                    .sessions_like(4, |n, s| s.pid(300 + n as i32).role("jobs").idle("40m"))
                    .session(|s| s.pid(400).role("report").idle_in_transaction("9m"))
            })
            .metrics(exporter(47.0, before, now))
            .changes(|c| c.deployment("25m", "web", "9.2"));
        let run = host.run(diagnose).then(remediate);
        assert_eq!(run.causes(), ["traffic_surge"]);
        assert!(run.plan().is_empty());
    }
}

#[test]
fn busy_sessions_whose_throughput_is_flat_are_not_called_a_surge() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| {
            db.max_connections(50)
                .sessions_like(40, |n, s| s.pid(100 + n as i32).role("web").active("50s"))
                .sessions_like(7, |n, s| bystander(n, s.pid(900 + n as i32)))
        })
        .metrics(exporter(47.0, 310.0, 290.0));
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), Vec::<&str>::new());
    assert!(run.unresolved().is_some());
}

#[test]
fn a_rise_too_small_to_fill_a_server_is_none() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| {
            db.max_connections(23)
                .sessions_like(20, |n, s| s.pid(100 + n as i32).active("1s"))
        })
        .metrics(exporter(20.0, 0.5, 1.4));
    assert_eq!(host.run(diagnose).causes(), Vec::<&str>::new());
}

#[test]
fn a_surge_that_is_a_minute_old_shows_in_the_counted_commits() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| {
            db.max_connections(50)
                .sessions_like(47, |n, s| s.pid(100 + n as i32).role("web").idle("50ms"))
        })
        .incident(|i| {
            i.began("80s")
                .alert("High", &[("server", "db")])
                .alert_began("60s")
        })
        .metrics(|m| {
            m.line("xact_commit[", &[("70s", 40.0), ("20s", 300.0)])
                .line(
                    "xact_commit)",
                    &[("80s", 0.0), ("60s", 800.0), ("0s", 20_000.0)],
                )
        });
    let run = host.run(diagnose);
    assert_eq!(run.causes(), ["traffic_surge"]);
    assert!(
        run.report().summary.contains("was 40/s"),
        "{}",
        run.report().summary
    );
}
