use interlock_sdk::wire::Gap;
use interlock_sdk::{FakeDatabase, FakeHost, FakeSession};

use crate::{bystander, diagnose, exporter, remediate};

type Describe = fn(FakeSession) -> FakeSession;

/// 20 readers wait for a migration that waits for pid 7.
fn queue(db: FakeDatabase) -> FakeDatabase {
    db.max_connections(33)
        .session(|s| {
            s.pid(50)
                .role("migrator")
                .application("flyway")
                .waits_for(&[7], "6m")
        })
        .sessions_like(20, |n, s| {
            s.pid(100 + n as i32).role("web").waits_for(&[50], "5m")
        })
        .sessions_like(7, |n, s| bystander(n, s.pid(900 + n as i32)))
}

#[test]
fn the_root_is_ended_and_never_the_migration_that_waits_before_the_others() {
    for role in ["support_tool", "alice"] {
        let host = FakeHost::at("03:12:08Z")
            .database("orders-db", |db| {
                queue(db).session(|s| {
                    s.pid(7)
                        .role(role)
                        .idle_in_transaction("17m")
                        .holds("orders", "AccessShareLock")
                })
            })
            .metrics(exporter(30.0, 80.0, 3.0))
            .changes(|c| c.change("migration", "7m", Some("orders-api"), "add column"));
        let run = host.run(diagnose).then(remediate);
        assert_eq!(run.causes(), ["lock_convoy"]);
        assert_eq!(run.plan().pids(), [7]);
        assert_eq!(run.plan().only_if(), ["idle in transaction"]);
        assert!(
            run.report()
                .notes
                .iter()
                .any(|note| note.contains("pid 50 waits too"))
        );
    }
}

#[test]
fn a_prepared_transaction_is_named_and_no_session_is_ended() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(23)
            .prepared("991", "tx-47", "payments", "25m")
            .lock(0, |l| {
                l.prepared().relation("ledger").mode("RowExclusiveLock")
            })
            .sessions_like(15, |n, s| {
                s.pid(100 + n as i32).role("pay").waits_for(&[0], "9m")
            })
            .sessions_like(4, |n, s| bystander(n, s.pid(900 + n as i32)))
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["lock_convoy"]);
    assert!(run.plan().is_empty());
    assert!(run.report().summary.contains("prepared transaction"));
    let named = format!("{:?}", run.report().hypotheses[0].supports);
    assert!(
        named.contains("tx-47") && !named.contains("tx-48"),
        "{named}"
    );
    assert!(
        run.report()
            .notes
            .iter()
            .any(|note| note.contains("ROLLBACK PREPARED"))
    );
}

#[test]
fn a_root_that_may_not_be_signalled_is_named_and_left_alone() {
    let cases: [(&str, Describe); 7] = [
        ("superuser", |s| s.superuser().idle_in_transaction("17m")),
        ("autovacuum worker", |s| {
            s.backend("autovacuum worker").active("17m")
        }),
        ("backup", |s| s.application("pg_dump").active("17m")),
        ("backup", |s| s.role("backup").idle_in_transaction("17m")),
        ("less than", |s| s.idle_in_transaction("3s")),
        ("less than", |s| s.active("20s")),
        ("what it holds is meant", |s| s.idle("17m")),
    ];
    for (why, root) in cases {
        let host = FakeHost::at("03:12:08Z")
            .database("db", |db| queue(db).session(|s| root(s.pid(7).role("x"))));
        let run = host.run(diagnose).then(remediate);
        assert_eq!(run.causes(), ["lock_convoy"], "{why}");
        assert!(run.plan().is_empty(), "{why}");
        assert!(
            run.report().notes.iter().any(|note| note.contains(why)),
            "{why}"
        );
    }
}

#[test]
fn a_long_statement_that_all_wait_for_may_be_ended_while_it_runs() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        queue(db).session(|s| {
            s.pid(7)
                .role("migrator")
                .active("20m")
                .query("ALTER TABLE orders")
        })
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["lock_convoy"]);
    assert_eq!(run.plan().pids(), [7]);
    assert_eq!(run.plan().only_if(), ["active"]);
}

#[test]
fn nothing_is_ended_once_nobody_waits_any_more() {
    let root = |db: FakeDatabase| db.session(|s| s.pid(7).role("x").idle_in_transaction("17m"));
    let before = FakeHost::at("03:12:08Z").database("db", |db| root(queue(db)));
    let after = FakeHost::at("03:12:08Z").database("db", root);
    let run = before.run(diagnose).when(&after).then(remediate);
    assert_eq!(run.causes(), ["lock_convoy"]);
    assert!(run.plan().is_empty());
}

#[test]
fn without_the_locks_the_waiters_are_seen_and_the_root_is_not() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        queue(db)
            .session(|s| s.pid(7).role("x").idle_in_transaction("17m"))
            .no_answer("locks", Gap::Unreachable("timed out".to_owned()))
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["lock_convoy"]);
    assert!(run.plan().is_empty());
    assert!(
        run.report()
            .could_not_check
            .iter()
            .any(|entry| entry.why.contains("timed out"))
    );
}

#[test]
fn many_short_waits_on_a_busy_row_are_no_convoy() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| {
            db.max_connections(23)
                .session(|s| s.pid(7).role("web").active("1s"))
                .sessions_like(10, |n, s| {
                    s.pid(100 + n as i32).role("web").waits_for(&[7], "1s")
                })
                .sessions_like(9, |n, s| s.pid(200 + n as i32).role("web").active("1s"))
        })
        .metrics(exporter(20.0, 40.0, 400.0));
    let run = host.run(diagnose).then(remediate);
    assert!(!run.causes().contains(&"lock_convoy"), "{:?}", run.causes());
    assert!(run.plan().is_empty());
}

#[test]
fn a_ring_of_waiters_has_no_root() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(9)
            .session(|s| s.pid(1).waits_for(&[2], "2m"))
            .session(|s| s.pid(2).waits_for(&[1], "2m"))
            .sessions_like(4, |n, s| s.pid(10 + n as i32).waits_for(&[1], "1m"))
    });
    let run = host.run(diagnose).then(remediate);
    assert!(run.unresolved().is_some());
    assert!(run.plan().is_empty());
}

#[test]
fn a_queue_on_a_server_that_is_filling_is_not_called_a_false_alarm() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| {
            queue(db)
                .max_connections(48)
                .session(|s| s.pid(7).role("alice").idle_in_transaction("17m"))
        })
        .metrics(exporter(29.0, 80.0, 3.0));
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["lock_convoy"]);
    assert_eq!(run.plan().pids(), [7]);
}
