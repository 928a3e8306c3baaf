//! A component that does other things than usual, in a system where nothing is slow.

use interlock_sdk::{FakeHost, FakeMetrics};

use super::{blamed, locate, plain, refuted, topology};

const HABITS: &str = r#"kind="habit""#;

/// A counter that has risen by `usual` until the incident began, and by `now` since.
fn counter(metrics: FakeMetrics, labels: &[(&str, &str)], [usual, now]: [f64; 2]) -> FakeMetrics {
    let points = [("40h", 0.0), ("10m", usual), ("1s", usual + now)];
    metrics.series(HABITS, labels, &points)
}

/// Each is asked alike. The store no longer says that it found something; the front fails a little
/// oftener for it.
fn habits(metrics: FakeMetrics) -> FakeMetrics {
    let told = [
        ("front", "/buy", "order failed", [20.0, 9.0]),
        ("cart", "/add", "added", [1000.0, 50.0]),
        ("store", "/find", "found", [990.0, 1.0]),
    ];
    told.into_iter()
        .fold(metrics, |metrics, (service, operation, event, seen)| {
            let of = |metric| {
                [
                    ("__name__", metric),
                    ("kind", "habit"),
                    ("service", service),
                    ("operation", operation),
                ]
            };
            let asked = of("operation_traces_total");
            let metrics = counter(metrics, &asked, [1000.0, 50.0]);
            let mut followed = of("operation_event_traces_total").to_vec();
            followed.extend([("event", event), ("level", "info")]);
            counter(metrics, &followed, seen)
        })
}

#[test]
fn a_component_whose_log_no_longer_says_what_it_always_said_is_blamed() {
    let host = FakeHost::at("12:00:00Z")
        .incident(|incident| incident.began("10m"))
        .topology(topology(plain))
        .metrics(habits)
        .changes(|changes| changes);
    let run = host.run(locate::locate);
    assert_eq!(blamed(&run, plain)[0], "store");
    let report = run.report();
    let first = &report.hypotheses[0];
    assert_eq!(first.cause, "failing_component");
    assert_eq!(refuted(first), Vec::<&str>::new(), "{first:#?}");
    assert_eq!(
        first.supports.len(),
        2,
        "its place and what it does: {first:#?}"
    );
    let says = &first.supports[1].says;
    assert_eq!(says, "/find is followed by `found` in 2 %, usually in 99 %");
    assert_eq!(first.checks.len(), 2);
    for later in &report.hypotheses[1..] {
        assert!(!refuted(later).is_empty(), "{later:#?}");
    }
    let says = "store does other things than usual when it is asked";
    assert!(report.summary.starts_with(says), "{}", report.summary);
}
