use interlock_sdk::{FakeDatabase, FakeHost};

use crate::{bystander, could_not_check, diagnose, exporter, remediate, ruled_out};

/// 36 of 47 slots are held by `role`, in transactions of 5 to 14 minutes.
fn held(db: FakeDatabase, role: &'static str) -> FakeDatabase {
    db.max_connections(50)
        .sessions_like(36, |n, s| {
            let age = format!("{}s", 310 + n * 15);
            s.pid(100 + n as i32)
                .role(role)
                .database("orders")
                .idle_in_transaction(&age)
        })
        .sessions_like(11, |n, s| bystander(n, s.pid(900 + n as i32)))
}

fn pids(from: i32, count: i32) -> Vec<i32> {
    (from..from + count).collect()
}

#[test]
fn the_sessions_that_hold_transactions_are_named_and_no_others() {
    for role in ["checkout", "billing_rw"] {
        let host = FakeHost::at("03:12:08Z")
            .database("orders-db", |db| held(db, role))
            .metrics(exporter(47.0, 310.0, 41.0))
            .changes(|c| c.deployment("28m", "catalogue", "catalogue 7.1"));
        let run = host.run(diagnose).then(remediate);
        assert_eq!(run.causes(), ["idle_in_transaction"]);
        assert_eq!(run.plan().pids(), pids(100, 36));
        assert!(
            run.plan()
                .only_if()
                .iter()
                .all(|state| *state == "idle in transaction")
        );
        let report = run.report();
        assert!(
            report
                .summary
                .contains("orders-db is full (47 of 47 ordinary slots)")
        );
        assert!(report.summary.contains(role), "{}", report.summary);
        for cause in ["lock_convoy", "traffic_surge", "not_a_connection_problem"] {
            assert!(ruled_out(&run).contains(&cause), "{cause}");
        }
    }
}

#[test]
fn a_failed_transaction_counts_though_its_age_is_not_told() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(23)
            .sessions_like(15, |n, s| s.pid(100 + n as i32).role("web").aborted("9m"))
            .sessions_like(5, |n, s| bystander(n, s.pid(900 + n as i32)))
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["idle_in_transaction"]);
    assert_eq!(run.plan().pids(), pids(100, 15));
    assert_eq!(run.plan().only_if()[0], "idle in transaction (aborted)");
}

#[test]
fn young_transactions_and_those_in_use_are_left_alone() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(33)
            .sessions_like(20, |n, s| {
                s.pid(100 + n as i32).role("web").idle_in_transaction("8m")
            })
            .sessions_like(4, |n, s| {
                s.pid(200 + n as i32).role("web").idle_in_transaction("20s")
            })
            // A long transaction that issued a statement just now is at work.
            .session(|s| {
                s.pid(300)
                    .role("web")
                    .idle_in_transaction("2s")
                    .transaction("40m")
            })
            .session(|s| s.pid(301).role("web").active("2s").transaction("40m"))
            .sessions_like(4, |n, s| bystander(n, s.pid(900 + n as i32)))
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["idle_in_transaction"]);
    assert_eq!(run.plan().pids(), pids(100, 20));
}

#[test]
fn backups_reports_superusers_and_our_own_sessions_are_spared() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(40)
            .sessions_like(25, |n, s| {
                s.pid(100 + n as i32).role("web").idle_in_transaction("8m")
            })
            .session(|s| {
                s.pid(200)
                    .role("web")
                    .application("pg_dump")
                    .idle_in_transaction("30m")
            })
            // A backup's leader: its workers read by its snapshot, whatever it calls itself.
            .session(|s| {
                s.pid(201)
                    .role("web")
                    .idle_in_transaction("30m")
                    .snapshot("771")
            })
            .session(|s| s.pid(202).role("web").active("29m").snapshot("771"))
            .session(|s| {
                s.pid(203)
                    .role("web")
                    .superuser()
                    .idle_in_transaction("30m")
            })
            .session(|s| s.pid(204).role("web").ours().idle_in_transaction("30m"))
            .session(|s| s.pid(205).role("reporting").idle_in_transaction("30m"))
            .session(|s| {
                s.pid(206)
                    .role("web")
                    .backend("walsender")
                    .idle_in_transaction("30m")
            })
            .session(|s| {
                s.pid(207)
                    .role("web")
                    .works_for(202)
                    .idle_in_transaction("30m")
            })
            .sessions_like(6, |n, s| bystander(n, s.pid(900 + n as i32)))
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["idle_in_transaction"]);
    assert_eq!(run.plan().pids(), pids(100, 25));
}

#[test]
fn what_has_moved_since_the_diagnosis_is_not_proposed() {
    let describe = |db: FakeDatabase, reused: &'static str| {
        db.max_connections(13)
            .sessions_like(7, |n, s| {
                s.pid(100 + n as i32).role("web").idle_in_transaction("8m")
            })
            // The same pid, another session.
            .session(|s| {
                s.pid(107)
                    .role("web")
                    .idle_in_transaction("8m")
                    .began(reused)
            })
            // The same session, another transaction.
            .session(|s| {
                let age = if reused == "9m" { "10s" } else { "8m" };
                s.pid(108).role("web").idle_in_transaction(age).began("3h")
            })
            .session(|s| s.pid(900).role("other").idle("1h"))
    };
    let before = FakeHost::at("03:12:08Z").database("db", |db| describe(db, "2h"));
    let after = FakeHost::at("03:12:08Z").database("db", |db| describe(db, "9m"));
    let run = before.run(diagnose).when(&after).then(remediate);
    assert_eq!(run.plan().pids(), pids(100, 7));
}

#[test]
fn a_role_that_holds_too_little_to_explain_it_is_not_blamed() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(50)
            .sessions_like(4, |n, s| {
                s.pid(100 + n as i32).role("web").idle_in_transaction("8m")
            })
            .sessions_like(43, |n, s| {
                s.pid(200 + n as i32).role("shop").began("3h").idle("40m")
            })
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), Vec::<&str>::new());
    assert!(run.unresolved().is_some());
    assert!(run.plan().is_empty());
    assert!(could_not_check(&run).contains("metrics"));
}

#[test]
fn a_crowd_that_calls_itself_a_backup_and_does_nothing_is_none() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(43)
            .sessions_like(30, |n, s| {
                s.pid(100 + n as i32)
                    .role("reports_api")
                    .idle_in_transaction("8m")
            })
            .sessions_like(10, |n, s| bystander(n, s.pid(900 + n as i32)))
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["idle_in_transaction"]);
    assert_eq!(run.plan().pids(), pids(100, 30));
}

#[test]
fn a_backup_with_many_jobs_is_not_blamed() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(23)
            .sessions_like(8, |n, s| {
                s.pid(100 + n as i32)
                    .role("dba")
                    .idle_in_transaction("30m")
                    .snapshot("771")
            })
            .sessions_like(4, |n, s| {
                s.pid(200 + n as i32)
                    .role("dba")
                    .active("29m")
                    .snapshot("771")
            })
            .sessions_like(8, |n, s| bystander(n, s.pid(900 + n as i32)))
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), Vec::<&str>::new());
    assert!(run.plan().is_empty());
}

#[test]
fn one_application_in_many_databases_is_one_group() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(33)
            .sessions_like(24, |n, s| {
                let tenant = format!("tenant_{n}");
                s.pid(100 + n as i32)
                    .role("web")
                    .database(&tenant)
                    .idle_in_transaction("8m")
            })
            .sessions_like(6, |n, s| bystander(n, s.pid(900 + n as i32)))
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["idle_in_transaction"]);
    assert_eq!(run.plan().pids(), pids(100, 24));
}

#[test]
fn of_several_exporters_the_alerts_own_is_believed() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", |db| held(db, "checkout"))
        .incident(|i| {
            i.alert(
                "PostgresConnectionsHigh",
                &[("server", "db"), ("instance", "b:9187")],
            )
        })
        .metrics(|m| {
            m.values_by(
                "xact_commit[1m]",
                "instance",
                &[("a:9187", 900.0), ("b:9187", 41.0)],
            )
            .values_by("pg_up", "instance", &[("a:9187", 1.0), ("b:9187", 1.0)])
        });
    let run = host.run(diagnose);
    assert_eq!(run.causes(), ["idle_in_transaction"]);
    let because = &run.report().ruled_out;
    let surge = because
        .iter()
        .find(|ruled_out| ruled_out.cause == "traffic_surge");
    assert!(surge.is_some_and(|surge| surge.because[0].says.contains("41/s")));
}

#[test]
fn a_superusers_sessions_are_named_and_not_ended() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(33)
            .sessions_like(24, |n, s| {
                s.pid(100 + n as i32)
                    .role("postgres")
                    .superuser()
                    .idle_in_transaction("8m")
            })
            .sessions_like(6, |n, s| bystander(n, s.pid(900 + n as i32)))
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["idle_in_transaction"]);
    assert!(run.plan().is_empty());
}

#[test]
fn a_horizon_that_is_shared_by_chance_spares_nobody() {
    let host = FakeHost::at("03:12:08Z").database("db", |db| {
        db.max_connections(33)
            .sessions_like(24, |n, s| {
                s.pid(100 + n as i32)
                    .role("web")
                    .idle_in_transaction("8m")
                    .snapshot("771")
            })
            .session(|s| s.pid(200).role("web").active("1s").snapshot("771"))
            .sessions_like(5, |n, s| bystander(n, s.pid(900 + n as i32)))
    });
    let run = host.run(diagnose).then(remediate);
    assert_eq!(run.causes(), ["idle_in_transaction"]);
    assert_eq!(run.plan().pids(), pids(100, 24));
}
