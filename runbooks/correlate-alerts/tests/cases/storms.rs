use correlate_alerts::Cases;
use interlock_sdk::wire::{Gap, PastIncident};
use interlock_sdk::{FakeHost, FakeRun, FakeTopology};

use crate::correlate;

fn found(run: &FakeRun) -> Cases {
    let Some(findings) = &run.report().findings else {
        panic!("no findings: {:?}", run.report());
    };
    serde_json::from_str(findings).unwrap_or_else(|error| panic!("{error}: {findings}"))
}

/// A database, twelve services on it, a gateway before them, and a service with nobody.
fn shop(mut topology: FakeTopology) -> FakeTopology {
    topology = topology.service("orders-db", |s| s);
    for number in 0..12 {
        topology = topology.service(&format!("api-{number}"), |s| s.depends_on("orders-db"));
    }
    topology.service("mail", |s| s.depends_on("smtp"))
}

/// Forty alerts: the database, three rounds on each service, and two of nobody's.
fn forty() -> FakeHost {
    FakeHost::at("03:12:08Z").topology(shop).alerts(|mut a| {
        a = a.firing("PostgresDown", "597s", &[("service", "orders-db")]);
        a = a.firing("DiskSlow", "590s", &[("service", "orders-db")]);
        for number in 0..12 {
            let name = format!("api-{number}");
            for alert in ["HighErrorRate", "HighLatency", "SlowRequests"] {
                a = a.firing(alert, &format!("{}s", 560 - number * 7), &[("app", &name)]);
            }
        }
        a.firing("Watchdog", "9m", &[])
            .firing("BackupLate", "8m", &[("service", "attic")])
    })
}

#[test]
fn forty_alerts_read_as_one_sentence() {
    let run = forty().run(correlate);
    assert_eq!(
        run.report().summary,
        "40 alerts are 1 case: `orders-db` first at 03:02:11Z, then 12 services that depend on it; \
         2 alerts could not be placed."
    );
    assert_eq!(run.causes()[0], "shared_dependency");
    let cases = found(&run);
    assert_eq!(cases.cases.len(), 1);
    assert_eq!(cases.cases[0].alerts.len(), 38);
    let why: Vec<&str> = cases.unplaced.iter().map(|one| &*one.why).collect();
    assert_eq!(why, ["no name", "unknown service"]);
    let unchecked = run.report().could_not_check.iter();
    let unplaced: Vec<&str> = unchecked
        .map(|one| &*one.what)
        .filter(|what| what.starts_with("where"))
        .collect();
    assert_eq!(
        unplaced,
        [
            "where 1 alert without a service belongs",
            "where 1 alert of unknown services belongs"
        ]
    );
}

#[test]
fn a_hypothesis_cites_its_alerts_and_one_item_of_the_topology() {
    let run = forty().run(correlate);
    let first = &run.report().hypotheses[0];
    assert_eq!(first.supports[0].items.len(), 38);
    let places: Vec<&Vec<u32>> = first
        .supports
        .iter()
        .filter(|cite| cite.call != first.supports[0].call)
        .map(|cite| &cite.items)
        .collect();
    assert_eq!(places, [&vec![0]]);
}

#[test]
fn two_storms_at_once_that_nothing_links_are_two_cases() {
    let run = FakeHost::at("03:12:08Z")
        .topology(|t| {
            t.service("a", |s| s)
                .service("b", |s| s.depends_on("a"))
                .service("c", |s| s)
                .service("d", |s| s.depends_on("c"))
        })
        .alerts(|a| {
            a.firing("HighErrorRate", "4m", &[("service", "a")])
                .firing("HighErrorRate", "3m", &[("service", "b")])
                .firing("HighErrorRate", "200s", &[("service", "d")])
                .firing("CrashLooping", "210s", &[("service", "c")])
                .firing("HighLatency", "190s", &[("service", "d")])
        })
        .run(correlate);
    assert_eq!(
        run.report().summary,
        "5 alerts are 2 cases: `c` first at 03:08:38Z, then 1 service that depends on it (3 alerts); \
         `a` first at 03:08:08Z, then 1 service that depends on it (2 alerts)."
    );
}

#[test]
fn the_same_services_hours_apart_are_two_cases() {
    let run = FakeHost::at("03:12:08Z")
        .topology(|t| t.service("a", |s| s).service("b", |s| s.depends_on("a")))
        .alerts(|a| {
            a.firing("HighErrorRate", "3h", &[("service", "a")])
                .firing("HighErrorRate", "179m", &[("service", "b")])
                .firing("HighLatency", "4m", &[("service", "a")])
        })
        .run(correlate);
    assert_eq!(found(&run).cases.len(), 2);
}

#[test]
fn what_a_service_stopped_calling_is_blamed_on_the_caller() {
    let run = FakeHost::at("03:12:08Z")
        .topology(|t| {
            t.service("web", |s| s.depends_on("checkout"))
                .service("checkout", |s| {
                    s.depends_on("pay").depends_on("ship").depends_on("mail")
                })
                .service("pay", |s| s)
                .service("ship", |s| s)
                .service("mail", |s| s)
        })
        .alerts(|a| {
            a.firing("NoRequestsReceived", "200s", &[("service", "pay")])
                .firing("NoRequestsReceived", "190s", &[("service", "ship")])
                .firing("NoRequestsReceived", "180s", &[("service", "mail")])
                .firing(
                    "KubePodCrashLooping",
                    "210s",
                    &[("pod", "checkout-7d9f8-abcde")],
                )
                .firing("HighErrorRate", "185s", &[("service", "web")])
        })
        .run(correlate);
    assert_eq!(found(&run).cases[0].origin.as_deref(), Some("checkout"));
    assert_eq!(run.causes()[0], "lost_traffic");
}

#[test]
fn a_dependency_that_is_itself_quiet_is_named_where_most_that_needs_it_alerts() {
    let run = FakeHost::at("03:12:08Z")
        .topology(|t| {
            let mut t = t.service("db", |s| s);
            for name in ["a", "b", "c"] {
                t = t.service(name, |s| s.depends_on("db"));
            }
            t
        })
        .alerts(|a| {
            a.firing("HighErrorRate", "200s", &[("service", "a")])
                .firing("HighErrorRate", "190s", &[("service", "b")])
                .firing("HighErrorRate", "180s", &[("service", "c")])
        })
        .run(correlate);
    assert_eq!(
        run.report().summary,
        "3 alerts are 1 case: `db`, itself quiet, from 03:08:48Z, then 3 services that depend on it."
    );
}

#[test]
fn a_change_of_the_origin_shortly_before_is_cited() {
    let run = FakeHost::at("03:12:08Z")
        .topology(|t| t.service("a", |s| s).service("b", |s| s.depends_on("a")))
        .changes(|c| c.deployment("3h", "b", "7").deployment("6m", "a", "8"))
        .alerts(|a| {
            a.firing("HighErrorRate", "4m", &[("service", "a")]).firing(
                "HighErrorRate",
                "3m",
                &[("service", "b")],
            )
        })
        .run(correlate);
    assert_eq!(run.causes()[0], "bad_change");
    let cited = &run.report().hypotheses[0].supports;
    assert!(
        cited
            .iter()
            .any(|cite| cite.says == "`a` was changed at 03:06:08Z")
    );
}

#[test]
fn services_that_a_past_incident_names_together_are_one_case() {
    let host = FakeHost::at("03:12:08Z")
        .topology(|t| t.service("a", |s| s).service("b", |s| s))
        .alerts(|a| {
            a.firing("HighErrorRate", "4m", &[("service", "a")]).firing(
                "HighErrorRate",
                "3m",
                &[("service", "b")],
            )
        });
    assert_eq!(found(&host.run(correlate)).cases.len(), 2);
    let run = host
        .past_incidents(vec![PastIncident {
            id: "INC-7".to_owned(),
            at: 0,
            cause: None,
            because: "the same services alert: `a`, `b`.".to_owned(),
        }])
        .run(correlate);
    assert_eq!(found(&run).cases.len(), 1);
}

#[test]
fn without_a_topology_only_time_links_and_the_report_says_so() {
    let run = FakeHost::at("03:12:08Z")
        .no_answer("topology", Gap::Unreachable("no route".to_owned()))
        .alerts(|a| {
            a.firing("HighErrorRate", "4m", &[("service", "a")])
                .firing("HighErrorRate", "3m", &[("service", "b")])
                .firing("HighErrorRate", "3h", &[("service", "c")])
        })
        .run(correlate);
    assert_eq!(run.causes(), ["common_time_only"]);
    assert_eq!(
        run.report().summary,
        "3 alerts are 1 case: linked by time alone, from 03:08:08Z; 1 alert could not be placed."
    );
    let unchecked = &run.report().could_not_check;
    assert!(unchecked.iter().any(|one| one.what == "topology.services"));
}

#[test]
fn an_unknown_service_that_alerts_twice_is_a_case_by_its_name() {
    let run = FakeHost::at("03:12:08Z")
        .topology(|t| t.service("a", |s| s))
        .alerts(|a| {
            a.firing("HighErrorRate", "4m", &[("service", "x")]).firing(
                "HighLatency",
                "3m",
                &[("service", "x")],
            )
        })
        .run(correlate);
    assert_eq!(
        run.report().summary,
        "2 alerts are 1 case: `x`, which the topology does not know, from 03:08:08Z."
    );
}

#[test]
fn nothing_to_group_and_nothing_to_read_are_different_answers() {
    let none = FakeHost::at("03:12:08Z").alerts(|a| a).run(correlate);
    assert_eq!(none.report().summary, "No alert fires.");
    let unread = FakeHost::at("03:12:08Z").run(correlate);
    assert_eq!(unread.report().summary, "The alerts could not be read.");
}

#[test]
fn an_alert_that_two_sources_list_is_counted_once() {
    let labels = [("service", "a"), ("severity", "page")];
    let turned = [("severity", "page"), ("service", "a")];
    let run = FakeHost::at("03:12:08Z")
        .topology(|t| t.service("a", |s| s))
        .alerts(|a| {
            a.firing("HighErrorRate", "4m", &labels)
                .firing("HighErrorRate", "4m", &turned)
                .firing("HighErrorRate", "3m", &labels)
        })
        .run(correlate);
    assert_eq!(
        run.report().summary,
        "2 alerts are 1 case: `a` first at 03:08:08Z."
    );
    assert_eq!(found(&run).cases[0].alerts, [0, 1, 2]);
}
