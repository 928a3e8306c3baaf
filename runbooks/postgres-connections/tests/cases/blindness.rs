use interlock_sdk::wire::Gap;
use interlock_sdk::{FakeHost, FakeMetrics};

use crate::{bystander, could_not_check, diagnose, exporter, remediate};

const REFUSED: &str = "FATAL 53300: remaining connection slots are reserved";

#[test]
fn a_reader_without_pg_monitor_cannot_check_and_says_so() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(50)
            .sessions_like(46, |n, s| {
                s.pid(100 + n as i32).role("web").idle("9m").unseen()
            })
            .session(|s| s.pid(9).role("interlock").ours().active("0s"))
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), Vec::<&str>::new());
    assert!(run.unresolved().is_some());
    assert!(
        could_not_check(&run).contains("pg_monitor"),
        "{}",
        could_not_check(&run)
    );
    assert!(run.plan().is_empty());
}

#[test]
fn unseen_sessions_are_not_taken_for_free_slots() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(50)
            .sessions_like(25, |n, s| bystander(n, s.pid(900 + n as i32)))
            .sessions_like(21, |n, s| {
                s.pid(100 + n as i32).role("web").idle("9m").unseen()
            })
    });
    let run = host.run(diagnose);
    assert_eq!(run.causes(), Vec::<&str>::new());
    assert!(run.unresolved().is_some());
}

#[test]
fn the_locks_tell_a_convoy_even_to_a_reader_without_rights_and_nothing_is_proposed() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(33)
            .session(|s| s.pid(7).role("alice").idle_in_transaction("9m").unseen())
            .sessions_like(29, |n, s| {
                s.pid(100 + n as i32)
                    .role("w")
                    .waits_for(&[7], "5m")
                    .unseen()
            })
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["lock_convoy"]);
    assert!(run.plan().is_empty());
    assert!(could_not_check(&run).contains("pg_monitor"));
}

#[test]
fn on_a_full_server_that_refuses_us_metrics_and_logs_alone_are_used_and_said_so() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| db.unreachable(REFUSED))
        .logs("db", |l| l.lines(20, "03:11:40Z", REFUSED))
        .metrics(|m: FakeMetrics| {
            m.value("timestamp(pg_up)", 4.0)
                .value("pg_settings_max_connections", 50.0)
                .line(
                    "xact_commit",
                    &[("3h", 310.0), ("20m", 310.0), ("10m", 41.0)],
                )
                .line(
                    "max_tx_duration",
                    &[("3h", 0.0), ("15m", 0.0), ("0s", 900.0)],
                )
                .line(
                    "pg_stat_activity_count{",
                    &[("3h", 0.0), ("15m", 0.0), ("8m", 37.0)],
                )
                .line(
                    "pg_stat_activity_count)",
                    &[("3h", 12.0), ("15m", 12.0), ("8m", 47.0)],
                )
                .value("pg_up", 1.0)
        });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["idle_in_transaction"]);
    assert!(
        run.report()
            .notes
            .iter()
            .any(|note| note.contains("metrics, logs and locks alone"))
    );
    assert!(could_not_check(&run).contains("53300"));
    assert!(run.plan().is_empty());
}

#[test]
fn without_server_and_with_metrics_that_do_not_decide_no_cause_is_named() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| db.unreachable(REFUSED))
        .metrics(exporter(47.0, 310.0, 41.0));
    let run = host.run(diagnose);
    assert_eq!(run.causes(), Vec::<&str>::new());
    assert!(
        run.unresolved()
            .is_some_and(|why| why.contains("do not decide"))
    );

    let nothing = FakeHost::at("03:12:08Z").database("db", |db| db.unreachable(REFUSED));
    let run = nothing.run(diagnose).then(remediate);
    assert!(run.unresolved().is_some());
    assert!(run.failure().is_none());
}

#[test]
fn a_server_that_no_source_has_is_unresolved_and_no_fault() {
    let host = FakeHost::at("03:12:08Z").incident(|i| {
        i.alert(
            "PostgresConnectionsHigh",
            &[("server", "db\"} or vector(1)")],
        )
    });
    let run = host.run(diagnose).then(remediate);
    assert!(run.unresolved().is_some());
    assert!(run.failure().is_none());
    // The label's text reaches no query.
    assert!(
        run.calls()
            .iter()
            .all(|call| !call.starts_with("metrics") || !call.contains("vector"))
    );
}

#[test]
fn everything_is_asked_before_anything_is_read() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| db.max_connections(10));
    assert_eq!(host.run(diagnose).calls().len(), 16);
}

#[test]
fn where_sessions_are_refused_whole_the_locks_still_tell_a_convoy() {
    let lacks = "the login lacks pg_monitor, so other sessions' state is hidden from it";
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(33)
            .session(|s| s.pid(7).role("alice").idle_in_transaction("9m"))
            .sessions_like(27, |n, s| {
                s.pid(100 + n as i32).role("w").waits_for(&[7], "5m")
            })
            .no_answer("sessions", Gap::Refused(lacks.to_owned()))
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["lock_convoy"]);
    assert!(run.plan().is_empty());
    assert!(could_not_check(&run).contains("pg_monitor"));
}
