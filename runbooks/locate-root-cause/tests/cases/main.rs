//! The step on described systems: who is blamed, what is cited, and what is said where an answer
//! does not come.

interlock_sdk::steps!(locate);

mod own;

use interlock_sdk::wire::{Checked, Gap, Hypothesis};
use interlock_sdk::{FakeHost, FakeMetrics, FakeRun, FakeTopology};

/// Who calls whom; the first suffers.
const CALLS: [(&str, &[&str]); 4] = [
    ("front", &["cart", "search"]),
    ("cart", &["store"]),
    ("search", &["store"]),
    ("store", &[]),
];

/// Seconds a request takes, usually and in the incident, and requests a minute.
const SECONDS: [(&str, f64, f64, f64); 4] = [
    ("front", 0.20, 0.30, 100.0),
    ("cart", 0.05, 0.05, 40.0),
    ("search", 0.10, 0.20, 100.0),
    ("store", 0.01, 0.012, 300.0),
];

/// One name for every name, so that a system can be told under others.
type Names = fn(&str) -> String;

fn plain(name: &str) -> String {
    name.to_owned()
}

fn other(name: &str) -> String {
    let other = match name {
        "front" => "store",
        "store" => "search",
        "search" => "cart",
        _ => "front",
    };
    other.to_owned()
}

fn topology(names: Names) -> impl FnOnce(FakeTopology) -> FakeTopology {
    move |topology| {
        CALLS.iter().fold(topology, |topology, (name, callees)| {
            topology.service(&names(name), |service| {
                callees.iter().fold(service, |service, callee| {
                    service.depends_on(&names(callee))
                })
            })
        })
    }
}

/// Ten minutes of it, the incident in the last five.
fn metrics(names: Names) -> impl FnOnce(FakeMetrics) -> FakeMetrics {
    move |metrics| {
        SECONDS
            .iter()
            .fold(metrics, |metrics, (name, usual, now, requests)| {
                let name = names(name);
                let labels = |metric| [("__name__", metric), ("service", name.as_str())];
                let latency = [("30h", *usual), ("7m", *usual), ("5m", *now)];
                metrics
                    .series(r#"kind="latency""#, &labels("latency_seconds"), &latency)
                    .series(
                        r#"kind="traffic""#,
                        &labels("requests"),
                        &[("30h", *requests)],
                    )
            })
    }
}

fn host(names: Names) -> FakeHost {
    FakeHost::at("12:00:00Z")
        .incident(|incident| {
            let incident = incident.service(&names("front")).began("10m");
            incident.alert("FrontSlow", &[("signal", "latency")])
        })
        .topology(topology(names))
        .metrics(metrics(names))
        .changes(|changes| changes)
}

/// The component that each hypothesis cites, likeliest first.
fn blamed(run: &FakeRun, names: Names) -> Vec<String> {
    let service = |hypothesis: &Hypothesis| {
        let cited: Vec<u32> = hypothesis
            .supports
            .iter()
            .filter(|cite| cite.call == 1)
            .flat_map(|cite| cite.items.clone())
            .collect();
        let [only] = cited.as_slice() else {
            panic!("{} items of the topology are cited", cited.len());
        };
        names(CALLS[*only as usize].0)
    };
    run.report().hypotheses.iter().map(service).collect()
}

fn refuted(hypothesis: &Hypothesis) -> Vec<&str> {
    let checks = hypothesis.checks.iter();
    checks
        .filter(|check| check.outcome == Checked::Refuted)
        .map(|check| check.what.as_str())
        .collect()
}

#[test]
fn the_callee_that_is_slow_is_blamed_and_every_check_lets_it_pass() {
    let run = host(plain).run(locate::locate);
    assert_eq!(blamed(&run, plain)[0], "search");
    let first = &run.report().hypotheses[0];
    assert_eq!(first.cause, "slow_component");
    assert_eq!(refuted(first), Vec::<&str>::new(), "{first:#?}");
    assert!(first.path.starts_with("search -> front"), "{}", first.path);
    assert!(first.contradicts.is_empty());
    for later in &run.report().hypotheses[1..] {
        assert!(!refuted(later).is_empty(), "{later:#?}");
    }
}

#[test]
fn the_same_system_under_other_names_is_judged_the_same() {
    let (run, renamed) = (
        host(plain).run(locate::locate),
        host(other).run(locate::locate),
    );
    let named: Vec<String> = blamed(&run, plain).iter().map(|name| other(name)).collect();
    assert_eq!(blamed(&renamed, other), named);
    let shape = |run: &FakeRun| -> Vec<(String, usize, usize)> {
        let all = run.report().hypotheses.iter();
        all.map(|h| (h.cause.clone(), h.supports.len(), refuted(h).len()))
            .collect()
    };
    assert_eq!(shape(&run), shape(&renamed));
}

#[test]
fn a_change_of_the_suspect_is_the_cause_that_is_named() {
    let changed = host(plain).changes(|changes| {
        changes
            .deployment("20m", "search", "search 2.1")
            .deployment("15m", "cart", "cart 7")
    });
    let run = changed.run(locate::locate);
    assert_eq!(run.causes()[0], "bad_change");
    assert_eq!(blamed(&run, plain)[0], "search");
}

#[test]
fn nothing_is_blamed_where_nothing_deviates() {
    let calm = FakeHost::at("12:00:00Z")
        .incident(|incident| incident.service("front").began("10m"))
        .topology(topology(plain))
        .metrics(|metrics| {
            metrics.series(
                r#"kind="latency""#,
                &[("__name__", "latency_seconds"), ("service", "front")],
                &[("30h", 0.2)],
            )
        });
    let run = calm.run(locate::locate);
    assert!(run.causes().is_empty());
    assert!(run.unresolved().is_some_and(|why| why.contains("nothing")));
}

#[test]
fn without_a_topology_it_says_that_it_could_not_check() {
    let blind = FakeHost::at("12:00:00Z").metrics(metrics(plain));
    let run = blind.run(locate::locate);
    assert!(run.causes().is_empty());
    assert!(run.unresolved().is_some(), "{:?}", run.failure());
}

#[test]
fn metrics_that_do_not_answer_are_said_and_not_taken_for_calm() {
    let gap = Gap::Unreachable("connection refused".to_owned());
    let run = host(plain).no_answer("metrics", gap).run(locate::locate);
    assert!(run.unresolved().is_some());
    let unchecked = &run.report().could_not_check;
    assert!(
        unchecked
            .iter()
            .any(|entry| entry.what.contains("latency, now")),
        "{unchecked:?}"
    );
}
