//! A bundle answers as the systems that it was taken from would have.

// Every function here is part of a test.
#![allow(clippy::unwrap_used)]

mod recorded;

use std::collections::BTreeMap;

use interlock_bundle::{About, Bundle, Observed, labels_of};
use interlock_capabilities::call;
use interlock_capabilities::read::Window;
use interlock_capabilities::read::alerts::{Alert, AlertsAsk};
use interlock_capabilities::read::changes::{Change, ChangesAsk};
use interlock_capabilities::read::logs::{LogLine, SearchAsk};
use interlock_capabilities::read::metrics::{
    Instant, InstantAsk, Matrix, Point, RangeAsk, Sample, Series,
};
use interlock_capabilities::{AnswerLimit, Gap, Read, Readers};
use interlock_gate::time::Time;

const LIMIT: AnswerLimit = AnswerLimit { bytes_max: 1 << 22 };
const S: u64 = 1_000_000;
const T0: u64 = 1_700_000_000 * S;
const NOW: u64 = T0 + 600 * S;

fn time(micros: u64) -> Time {
    Time::from_micros(micros).unwrap()
}

fn bundle(observed: Observed) -> Bundle {
    let mut about = About::new("INC-7", time(T0), time(T0 + 3600 * S));
    about.now = time(NOW);
    Bundle::new(about, observed)
}

fn ask<C: Read>(readers: &Readers, ask: C::Ask) -> Result<C::Answer, Gap> {
    let mut soon = C::start(readers, ask, LIMIT);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match soon.as_mut().poll(&mut context) {
        std::task::Poll::Ready(answer) => answer,
        std::task::Poll::Pending => panic!("an answer in memory was waited for"),
    }
}

/// A series with a value every so many seconds from `T0` on.
fn series(name: &str, every: u64, values: &[f64]) -> Series {
    let points = values.iter().zip(0_u64..);
    Series {
        labels: labels_of(name).unwrap(),
        points: points
            .map(|(value, index)| Point {
                at: T0 + index * every * S,
                value: *value,
            })
            .collect(),
    }
}

fn metrics(all: Vec<Series>) -> Readers {
    let metrics = Some(all);
    bundle(Observed {
        metrics,
        ..Observed::default()
    })
    .readers()
}

fn instant(readers: &Readers, query: &str, at: u64) -> Result<Instant, Gap> {
    let query = query.to_owned();
    ask::<call::MetricsInstant>(readers, InstantAsk { query, at })
}

fn range(readers: &Readers, query: &str, begin: u64, end: u64) -> Result<Matrix, Gap> {
    let ask_this = RangeAsk {
        query: query.to_owned(),
        window: Window { begin, end },
        step_ms: 60_000,
    };
    ask::<call::MetricsRange>(readers, ask_this)
}

/// What came, a line a series: its labels and value.
fn told(answer: Result<Instant, Gap>) -> Vec<String> {
    let line = |sample: Sample| {
        let labels = interlock_bundle::series_text(&sample.labels);
        format!("{labels} {}", sample.value)
    };
    match answer {
        Ok(instant) => instant.samples.into_iter().map(line).collect(),
        Err(gap) => vec![gap.to_string()],
    }
}

fn shop() -> Readers {
    metrics(vec![
        series(
            r#"latency_seconds{service="web",stat="p99"}"#,
            60,
            &[0.2; 11],
        ),
        series(
            r#"latency_seconds{service="db",stat="p99"}"#,
            60,
            &[0.4; 11],
        ),
        series(
            r#"latency_seconds{service="db",stat="p50"}"#,
            60,
            &[0.1; 11],
        ),
        series(r#"requests{service="web"}"#, 60, &[1.0, 2.0, f64::NAN]),
    ])
}

#[test]
fn selectors_match_by_every_operator() {
    let readers = shop();
    let count = |query: &str| instant(&readers, query, NOW).map(|it| it.samples.len());
    for (query, expected) in [
        ("latency_seconds", 3),
        (r#"latency_seconds{service="db"}"#, 2),
        (r#"latency_seconds{service!="db"}"#, 1),
        (
            r#"{__name__="latency_seconds",stat=~"p(50|99)",service=~"d."}"#,
            2,
        ),
        (r#"latency_seconds{service!~"d.*"}"#, 1),
        (r#"latency_seconds{service=~"d"}"#, 0),
        (r#"latency_seconds{zone=""}"#, 3),
        (r#"latency_seconds{zone!=""}"#, 0),
        ("unknown_metric", 0),
    ] {
        assert_eq!(count(query), Ok(expected), "{query}");
    }
}

#[test]
fn a_value_counts_for_five_minutes_and_not_a_microsecond_longer() {
    let readers = metrics(vec![series("up", 60, &[1.0])]);
    let count = |at| instant(&readers, "up", at).unwrap().samples.len();
    assert_eq!(count(T0), 1);
    assert_eq!(count(T0 + 300 * S), 1);
    assert_eq!(count(T0 + 300 * S + 1000), 0);
    assert_eq!(count(T0 - 1000), 0);
    let at_offset = instant(&readers, "up offset 1m", T0 + 60 * S).unwrap();
    assert_eq!(at_offset.samples.len(), 1);
    assert_eq!(at_offset.samples[0].at, T0 + 60 * S);
}

#[test]
fn groups_are_made_as_prometheus_makes_them() {
    let readers = shop();
    let told = |query| told(instant(&readers, query, NOW));
    assert_eq!(told("sum(latency_seconds)"), ["{} 0.7"]);
    assert_eq!(
        told("max by (service) (latency_seconds)"),
        [r#"{service="db"} 0.4"#, r#"{service="web"} 0.2"#]
    );
    assert_eq!(
        told("avg without (stat) (latency_seconds)"),
        [r#"{service="db"} 0.25"#, r#"{service="web"} 0.2"#]
    );
    assert_eq!(told("count(latency_seconds)"), ["{} 3"]);
    assert_eq!(told("min(latency_seconds)"), ["{} 0.1"]);
    assert_eq!(told("sum(unknown_metric)"), [""; 0]);
}

/// The figures are those of `promtool test rules` (2.42) for the same samples.
#[test]
fn a_rate_is_stretched_to_the_ends_of_its_range_as_by_prometheus() {
    let counter = [0.0, 60.0, 120.0, 180.0, 10.0, 70.0];
    let readers = metrics(vec![series("hits", 60, &counter)]);
    let one = |query: &str, at| told(instant(&readers, query, at));
    assert_eq!(one("rate(hits[3m])", T0 + 180 * S), ["{} 1"]);
    assert_eq!(one("increase(hits[3m])", T0 + 180 * S), ["{} 180"]);
    // Fell from 180 to 10: it began anew.
    assert_eq!(one("increase(hits[2m])", T0 + 300 * S), ["{} 70"]);
    // The samples end 59 s before the range does, and begin at zero.
    assert_eq!(one("increase(hits[4m])", T0 + 240 * S - S), ["{} 239"]);
    assert_eq!(one("increase(hits[3m])", T0 + 330 * S), ["{} 105"]);
    assert_eq!(one("delta(hits[3m])", T0 + 310 * S), ["{} -165"]);
    assert_eq!(one("count_over_time(hits[5m])", T0 + 300 * S), ["{} 6"]);
    assert_eq!(one("rate(hits[30s])", T0 + 60 * S), [""; 0]);
    assert_eq!(one("max_over_time(hits[3m])", T0 + 180 * S), ["{} 180"]);
    assert_eq!(one("avg_over_time(hits[2m])", T0 + 120 * S), ["{} 60"]);
    assert_eq!(one("last_over_time(hits[2m])", T0 + 130 * S), ["hits 120"]);
    assert_eq!(one("sum(rate(hits[3m]))", T0 + 180 * S), ["{} 1"]);
}

#[test]
fn a_range_has_a_point_a_step_and_leaves_its_end_out() {
    let readers = metrics(vec![series("up", 60, &[0.0, 1.0, 2.0, 3.0])]);
    let matrix = range(&readers, "up", T0, T0 + 180 * S).unwrap();
    let points: Vec<(u64, f64)> = matrix.series[0]
        .points
        .iter()
        .map(|p| ((p.at - T0) / S, p.value))
        .collect();
    assert_eq!(points, [(0, 0.0), (60, 1.0), (120, 2.0)]);
    assert!(matches!(
        range(&readers, "up", T0, T0),
        Err(Gap::Refused(_))
    ));
}

#[test]
fn what_a_bundle_does_not_compute_is_refused_and_never_empty() {
    let readers = shop();
    for query in [
        "latency_seconds > 1",
        "-latency_seconds",
        "topk(1, latency_seconds)",
        "absent(latency_seconds)",
        "latency_seconds[5m]",
        "histogram_quantile(0.9, latency_seconds)",
        "rate(latency_seconds[5m:1m])",
        "latency_seconds @ 5",
        "1",
        "latency_seconds{",
        "",
    ] {
        let answer = instant(&readers, query, NOW);
        assert!(
            matches!(answer, Err(Gap::Refused(_))),
            "{query}: {answer:?}"
        );
    }
}

#[test]
fn nothing_from_after_the_runs_time_is_known() {
    let (before, after) = (NOW - S, NOW + S);
    let change = |at: u64| Change {
        id: at.to_string(),
        at,
        kind: "deployment".to_owned(),
        service: None,
        title: String::new(),
        author: None,
        source: "file".to_owned(),
    };
    let alert = |starts_at, ends_at| Alert {
        name: "Slow".to_owned(),
        state: "resolved".to_owned(),
        starts_at,
        ends_at: Some(ends_at),
        fingerprint: String::new(),
        labels: Vec::new(),
        annotations: Vec::new(),
        source: "alertmanager".to_owned(),
    };
    let line = |at: u64| LogLine {
        at: Some(at),
        text: "line".to_owned(),
    };
    let point = |at| Point { at, value: 1.0 };
    let readers = bundle(Observed {
        changes: Some(vec![change(after), change(before)]),
        alerts: Some(vec![
            alert(before, after),
            alert(T0, before),
            alert(after, after + S),
        ]),
        logs: BTreeMap::from([("app".to_owned(), vec![line(before), line(after)])]),
        metrics: Some(vec![Series {
            labels: labels_of("up").unwrap(),
            points: vec![point(before), point(after)],
        }]),
        ..Observed::default()
    })
    .readers();
    let window = Window {
        begin: T0,
        end: after + 60 * S,
    };
    let changes = ChangesAsk {
        window: window.clone(),
    };
    let changes = ask::<call::ChangesList>(&readers, changes).unwrap();
    assert_eq!(changes.changes, [change(before)]);
    let alerts = ask::<call::AlertsList>(&readers, AlertsAsk {}).unwrap();
    assert_eq!(alerts.alerts.len(), 1);
    // That it ends is not known yet either.
    assert_eq!(alerts.alerts[0].state, "firing");
    assert_eq!(alerts.alerts[0].ends_at, None);
    let logs = ask::<call::LogsSearch>(&readers, search("app", "", window)).unwrap();
    assert_eq!(logs.lines, [line(before)]);
    let counted = instant(&readers, "count_over_time(up[5m])", after + 2 * S);
    assert_eq!(told(counted), ["{} 1"]);
}

fn search(source: &str, pattern: &str, window: Window) -> SearchAsk {
    SearchAsk {
        source: source.to_owned(),
        window,
        pattern: pattern.to_owned(),
        most: 2,
    }
}

#[test]
fn the_newest_lines_of_a_log_are_kept_and_all_are_counted() {
    let line = |at: Option<u64>, text: &str| LogLine {
        at,
        text: text.to_owned(),
    };
    let at = |s: u64| Some(T0 + s * S);
    let lines = vec![
        line(at(1), "error one"),
        line(at(2), "fine"),
        line(at(3), "error two"),
        line(None, "  error goes on"),
        line(at(4), "error three"),
    ];
    let readers = bundle(Observed {
        logs: BTreeMap::from([("app".to_owned(), lines.clone())]),
        ..Observed::default()
    })
    .readers();
    let window = Window {
        begin: T0,
        end: T0 + 10 * S,
    };
    let found = ask::<call::LogsSearch>(&readers, search("app", "error", window.clone())).unwrap();
    assert_eq!((found.matched, found.truncated), (4, true));
    assert_eq!(found.lines, lines[3..]);
    let other = ask::<call::LogsSearch>(&readers, search("web", "error", window.clone()));
    assert!(matches!(other, Err(Gap::NoSource(_))));
    let bad = ask::<call::LogsSearch>(&readers, search("app", "(", window));
    assert!(matches!(bad, Err(Gap::Refused(_))));
}
