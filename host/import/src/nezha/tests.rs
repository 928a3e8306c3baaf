use std::fs;
use std::path::Path;

use interlock_bundle::{Bundle, Corpus, Truth};

use super::import;
use crate::ImportError;

const DAY: &str = "2024-03-05";
const SHOP: &str = "shop-5d8f7c6b99-abcde";
const STORE: &str = "store-77b9c5d4f8-xyz12";

/// A tiny day in the set's layout: a shop that calls a store, which is broken at 10:00.
fn set(root: &Path) {
    for half in ["rca_data", "construct_data"] {
        for kind in ["metric", "log", "trace"] {
            fs::create_dir_all(root.join(half).join(DAY).join(kind)).expect("a folder");
        }
    }
    let faulty = root.join("rca_data").join(DAY);
    let normal = root.join("construct_data").join(DAY);
    let put = |folder: &Path, name: &str, text: String| {
        fs::write(folder.join(name), text).expect("a file");
    };
    put(
        &faulty,
        &format!("{DAY}-fault_list.json"),
        format!(
            r#"{{"10": [{{"inject_time": "{DAY} 10:00:00", "inject_timestamp": "1709603999",
                "inject_pod": "{STORE}", "inject_type": "return"}}]}}"#
        ),
    );
    for pod in [SHOP, STORE] {
        let mut rows =
            "Time,TimeStamp,PodName,CpuUsageRate(%),MemoryUsageRate(%),PodWorkload(Ops),\
             PodServerLatencyP90(s),PodSuccessRate(%)\n"
                .to_owned();
        for minute in 0..180 {
            let clock = format!(
                "{DAY} {:02}:{:02}:05.25 +0000 UTC m=+1.5",
                8 + minute / 60,
                minute % 60
            );
            // The number is years off, as it is of a pod of the set.
            rows += &format!("{clock},1909600000,{pod},{},20,2.5,,0\n", 5 + minute % 3);
        }
        put(&faulty.join("metric"), &format!("{pod}_metric.csv"), rows);
    }
    put(
        &faulty.join("metric"),
        "dependency.csv",
        "Source,Target,Weight\nshop,store,1\nshop,10.1.2.3,1\n".to_owned(),
    );
    recorded(
        &normal,
        "07_00",
        "07:00",
        "INFO s.Store#7 [find] found item",
    );
    recorded(
        &faulty,
        "10_01",
        "10:00",
        "ERROR s.Store#9 [find] no such item",
    );
}

/// Five traces of a minute from its 40th second on: the shop asks the store, which writes a line.
fn recorded(day: &Path, file: &str, minute: &str, line: &str) {
    let begin = super::rows::utc(&format!("{DAY} {minute}:40")).expect("a time") * 1_000;
    let mut spans = "TraceID,SpanID,ParentID,PodName,OperationName,StartTimeUnixNano,EndTimeUnixNano,Duration\n".to_owned();
    let mut logs = "Timestamp,TimeUnixNano,Node,PodName,Container,TraceID,SpanID,Log\n".to_owned();
    for trace in 0..5u64 {
        let at = begin + trace * 1_000_000_000;
        let mut span = |id: &str, parent: &str, pod: &str, operation: &str, until: u64| {
            spans += &format!(
                "t{trace},{id},{parent},{pod},{operation},{at},{},1\n",
                at + until
            );
        };
        span("a", "root", SHOP, "/buy", 9_000_000);
        span("b", "a", SHOP, "HTTP GET", 8_000_000);
        span("c", "b", STORE, "Store.find", 5_000_000);
        let log = format!(r#"{{""log"":""10:00:40.1 {line}: {trace}\n"",""stream"":""stdout""}}"#);
        logs += &format!("x,{at},n,{STORE},server,t{trace},c,\"{log}\"\n");
        logs += &format!("x,{at},n,{STORE},server,,,\"a line of no span\"\n");
    }
    fs::write(day.join("trace").join(format!("{file}_trace.csv")), spans).expect("a file");
    fs::write(day.join("log").join(format!("{file}_log.csv")), logs).expect("a file");
}

fn imported() -> (tempfile::TempDir, Corpus) {
    let folder = tempfile::tempdir().expect("a folder");
    set(&folder.path().join("set"));
    let out = folder.path().join("out");
    let made = import(&folder.path().join("set"), &out, &mut |_, _, _| {}).expect("imports");
    assert_eq!(made.bundles, ["nezha-2024-03-05-00"]);
    assert_eq!(made.truths, 1);
    let corpus = Corpus::open(&out).expect("a corpus");
    (folder, corpus)
}

/// The first and the last value of a series, by what stands in its labels.
fn values(bundle: &Bundle, labels: &[&str]) -> Vec<f64> {
    let all = bundle.observed().metrics.iter().flatten();
    let mut found = all.filter(|series| {
        let has = |wanted: &&str| series.labels.iter().any(|label| label.value == *wanted);
        series.labels.len() >= labels.len() && labels.iter().all(has)
    });
    let series = found
        .next()
        .unwrap_or_else(|| panic!("no series of {labels:?}"));
    series.points.iter().map(|point| point.value).collect()
}

#[test]
fn a_fault_becomes_a_window_that_begins_after_it_with_the_truth_beside() {
    let (folder, corpus) = imported();
    let bundle = corpus.bundle("nezha-2024-03-05-00").expect("reads");
    assert_eq!(
        bundle.about().begin.to_string(),
        "2024-03-05T10:00:30.000000Z"
    );
    assert_eq!(bundle.now().to_string(), "2024-03-05T10:05:00.000000Z");
    let truth = Truth::read(&folder.path().join("out/nezha-2024-03-05-00")).expect("reads");
    let truth = truth.expect("is told");
    assert_eq!(truth.subjects, ["store"]);
    assert_eq!(truth.note.as_deref(), Some("return"));
}

#[test]
fn nothing_that_a_run_can_read_tells_the_truth() {
    let (folder, _) = imported();
    let bundle = folder.path().join("out/nezha-2024-03-05-00");
    let about = fs::read_to_string(bundle.join("bundle.toml")).expect("a file");
    let alerts = fs::read_to_string(bundle.join("observed/alerts.json")).expect("a file");
    for text in [about, alerts] {
        for word in ["store", "return", STORE, "inject"] {
            assert!(!text.contains(word), "`{word}` stands in {text}");
        }
    }
}

#[test]
fn counts_of_traces_tell_what_followed_an_operation_now_and_usually() {
    let (_folder, corpus) = imported();
    let bundle = corpus.bundle("nezha-2024-03-05-00").expect("reads");
    // The usual minutes, the begin of the window and its end: counters from nothing, twice.
    let asked = values(&bundle, &["operation_traces_total", "Store.find"]);
    assert_eq!(asked, [0.0, 5.0, 0.0, 5.0]);
    let usual = values(&bundle, &["INFO s.Store#7 [find] found item", "info"]);
    assert_eq!(usual, [0.0, 5.0]);
    let now = values(&bundle, &["ERROR s.Store#9 [find] no such item", "error"]);
    assert_eq!(now, [0.0, 5.0]);
}

#[test]
fn a_call_is_seen_from_both_its_ends() {
    let (_folder, corpus) = imported();
    let bundle = corpus.bundle("nezha-2024-03-05-00").expect("reads");
    let client = values(&bundle, &["call_seconds", "client", "shop", "store"]);
    let server = values(&bundle, &["call_seconds", "server", "shop", "store"]);
    assert_eq!((client, server), (vec![0.008; 2], vec![0.005; 2]));
    let topology = bundle.observed().topology.clone().expect("a topology");
    let edges: Vec<_> = topology
        .iter()
        .map(|s| (s.name.as_str(), s.depends_on.join(",")))
        .collect();
    assert_eq!(
        edges,
        [("shop", "store".to_owned()), ("store", String::new())]
    );
}

#[test]
fn the_usual_period_lies_before_the_day_and_holds_no_minute_of_a_fault() {
    let (_folder, corpus) = imported();
    let bundle = corpus.bundle("nezha-2024-03-05-00").expect("reads");
    let midnight = super::rows::utc("2024-03-05 00:00:00").expect("a time");
    let all = bundle.observed().metrics.iter().flatten();
    let cpu = all.filter(|series| series.labels.iter().any(|l| l.value == "cpu_usage_ratio"));
    let mut pods = 0;
    for series in cpu {
        pods += 1;
        let usual = series
            .points
            .iter()
            .filter(|point| point.at < midnight)
            .count();
        // 180 minutes, without the eight of the fault.
        assert_eq!(usual, 172);
        let window = series.points.iter().filter(|point| point.at >= midnight);
        assert_eq!(window.count(), 14, "what led to it, and the window");
    }
    assert_eq!(pods, 2);
    let label = |name: &str| {
        let alerts = bundle.incident().alerts;
        let found = alerts[0]
            .labels
            .iter()
            .find(|label| label.name == name)
            .cloned();
        found
            .and_then(|label| label.value.parse::<u64>().ok())
            .expect("a number")
    };
    assert_eq!(label("usual_until") * 1_000_000, midnight);
    assert_eq!(label("usual_until") - label("usual_from"), 4 * 3600);
}

#[test]
fn a_folder_without_a_fault_list_and_a_cell_that_is_no_time_are_refused_with_their_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("set");
    fs::create_dir_all(root.join("rca_data").join(DAY)).expect("a folder");
    let out = folder.path().join("out");
    let refused = import(&root, &out, &mut |_, _, _| {});
    assert!(
        matches!(refused, Err(ImportError::Whole { .. })),
        "{refused:?}"
    );
    set(&root);
    let metric = root.join("rca_data").join(DAY).join("metric");
    fs::write(
        metric.join(format!("{SHOP}_metric.csv")),
        "Time,PodName\nnoon,shop\n",
    )
    .expect("a file");
    let refused = import(&root, &out, &mut |_, _, _| {}).expect_err("no time");
    assert!(
        refused
            .to_string()
            .contains("_metric.csv:2: `noon` is no time"),
        "{refused}"
    );
}
