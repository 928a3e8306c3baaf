use interlock_sdk::{FakeDatabase, FakeHost, FakeMetrics};

use crate::{bystander, diagnose, exporter, remediate, ruled_out};

type Describe = Box<dyn FnOnce(FakeMetrics) -> FakeMetrics>;

fn at_ease(db: FakeDatabase) -> FakeDatabase {
    db.max_connections(100)
        .sessions_like(14, |n, s| bystander(n, s.pid(900 + n as i32)))
        .session(|s| s.pid(7).role("report").idle_in_transaction("30m"))
}

#[test]
fn free_slots_and_a_wrong_alert_in_each_of_its_forms() {
    let calm = |age: f64, up: f64, counted: f64| {
        move |m: FakeMetrics| {
            m.value("timestamp(pg_up)", age)
                .value("pg_stat_activity_count)", counted)
                .value("pg_up", up)
        }
    };
    let cases: [(&str, Describe); 5] = [
        ("s old", Box::new(calm(900.0, 1.0, 95.0))),
        ("missing", Box::new(|m| m)),
        ("does not reach", Box::new(calm(4.0, 0.0, 95.0))),
        ("which is not what holds", Box::new(calm(4.0, 1.0, 96.0))),
        ("threshold", Box::new(calm(4.0, 1.0, 17.0))),
    ];
    for (says, metrics) in cases {
        let host = FakeHost::at("03:12:08Z")
            .database("db", at_ease)
            .metrics(metrics)
            .logs("db", |l| l.line("02:58:00Z", "LOG: checkpoint complete"));
        let run = host.run(diagnose).then(remediate);
        assert_eq!(run.causes(), ["not_a_connection_problem"], "{says}");
        assert!(
            run.report().summary.contains(says),
            "{says}: {}",
            run.report().summary
        );
        assert!(run.plan().is_empty());
    }
}

#[test]
fn connections_that_are_refused_now_refute_it() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", at_ease)
        .metrics(exporter(15.0, 90.0, 92.0))
        .logs("db", |l| {
            l.lines(9, "03:11:30Z", "FATAL:  sorry, too many clients already")
        });
    let run = host.run(diagnose);
    assert_eq!(run.causes(), Vec::<&str>::new());
    assert!(ruled_out(&run).contains(&"not_a_connection_problem"));
    assert!(run.unresolved().is_some());
}

#[test]
fn a_full_server_that_has_recovered_is_not_called_a_false_alarm() {
    let host = FakeHost::at("03:12:08Z")
        .database("db", at_ease)
        .metrics(|m| {
            m.value("timestamp(pg_up)", 4.0)
                .line(
                    "pg_stat_activity_count)",
                    &[("2h", 20.0), ("10m", 97.0), ("5m", 96.0), ("0s", 16.0)],
                )
                .value("pg_up", 1.0)
        });
    let run = host.run(diagnose);
    assert_eq!(run.causes(), Vec::<&str>::new());
    assert!(
        run.unresolved()
            .is_some_and(|why| why.contains("it has passed"))
    );
}
