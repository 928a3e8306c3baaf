//! What is written is what is read, whatever it says; and what no reader may do.

// Every function here is part of a test.
#![allow(clippy::unwrap_used)]

mod random;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use interlock_bundle::{About, Bundle, BundleError, Corpus, Observed, TimelineLine, Truth};
use interlock_capabilities::call;
use interlock_capabilities::read::metrics::{Point, Series};
use interlock_capabilities::read::topology::ServicesAsk;
use interlock_capabilities::read::{Label, Window, alerts, changes, database, logs, metrics};
use interlock_capabilities::{AnswerLimit, Gap, Read, Readers};
use interlock_gate::time::Time;
use proptest::collection::vec;
use proptest::prelude::*;
use random::observed;

const LIMIT: AnswerLimit = AnswerLimit { bytes_max: 1 << 22 };
const SECOND: u64 = 1_000_000;
const BEGIN: u64 = 1_700_000_000 * SECOND;

fn time(micros: u64) -> Time {
    Time::from_micros(micros).unwrap()
}

fn about() -> About {
    About::new("INC-7", time(BEGIN), time(BEGIN + 3600 * SECOND))
}

fn label(name: &str, value: &str) -> Label {
    Label {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn what_is_written_is_what_is_read(observed in observed(), title in any::<String>()) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("one");
        let mut about = about();
        about.title = title.clone();
        about.source = Some(title);
        let bundle = Bundle::new(about, observed);
        bundle.write(&path).unwrap();
        prop_assert_eq!(Bundle::read(&path).unwrap(), bundle);
    }

    #[test]
    fn truth_is_read_as_written(cause in any::<String>(), subjects in vec(any::<String>(), 0..3)) {
        let dir = tempfile::tempdir().unwrap();
        let truth = Truth { note: Some(cause.clone()), cause: Some(cause), subjects, ..Truth::default() };
        truth.write(dir.path()).unwrap();
        prop_assert_eq!(Truth::read(dir.path()).unwrap(), Some(truth));
    }

    #[test]
    fn no_bytes_make_a_reader_panic(
        which in 0..8_usize,
        noise in vec(any::<u8>(), 0..200),
        words in "(time|series|value|,|\n|\"|\\{|\\}|1|=|a|schema|:|null|\\[|\\]){0,40}",
        text in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("one");
        Bundle::new(about(), Observed::default()).write(&path).unwrap();
        let bytes = if text { words.into_bytes() } else { noise };
        let names = [
            "bundle.toml", "truth.toml", "observed/alerts.json", "observed/metrics.csv",
            "observed/changes.json", "observed/topology.json", "observed/timeline.jsonl",
            "observed/calls.jsonl",
        ];
        fs::write(path.join(names[which]), bytes).unwrap();
        let _ = Truth::read(&path);
        if let Ok(bundle) = Bundle::read(&path) {
            ask_all(&bundle.readers());
        }
    }

    #[test]
    fn no_question_makes_a_reader_panic(
        observed in observed(), query in any::<String>(), begin in any::<u64>(), end in any::<u64>(),
        step_ms in any::<u64>(),
    ) {
        let readers = Bundle::new(about(), observed).readers();
        let window = Window { begin, end };
        let range = metrics::RangeAsk { query: query.clone(), window: window.clone(), step_ms };
        let _ = ask::<call::MetricsRange>(&readers, range);
        let instant = metrics::InstantAsk { query: query.clone(), at: begin };
        let _ = ask::<call::MetricsInstant>(&readers, instant);
        let search = logs::SearchAsk { source: "a".to_owned(), window: window.clone(), pattern: query, most: 3 };
        let _ = ask::<call::LogsSearch>(&readers, search);
        let _ = ask::<call::ChangesList>(&readers, changes::ChangesAsk { window });
    }
}

fn ask<C: Read>(readers: &Readers, ask: C::Ask) -> Result<C::Answer, Gap> {
    let mut soon = C::start(readers, ask, LIMIT);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match soon.as_mut().poll(&mut context) {
        std::task::Poll::Ready(answer) => answer,
        std::task::Poll::Pending => panic!("an answer in memory was waited for"),
    }
}

/// Every answer that a run could have of these readers, as the text that a record keeps.
fn ask_all(readers: &Readers) -> String {
    let window = Window {
        begin: 0,
        end: u64::MAX / 2,
    };
    let mut all = String::new();
    let mut put = |answer: &dyn std::fmt::Debug| all += &format!("{answer:?}\n");
    put(&ask::<call::AlertsList>(readers, alerts::AlertsAsk {}));
    put(&ask::<call::TopologyServices>(readers, ServicesAsk {}));
    let window_ask = changes::ChangesAsk {
        window: window.clone(),
    };
    put(&ask::<call::ChangesList>(readers, window_ask));
    for source in ["app", "truth", "../truth.toml", "../../truth.toml"] {
        let search = logs::SearchAsk {
            source: source.to_owned(),
            window: window.clone(),
            pattern: String::new(),
            most: 9,
        };
        put(&ask::<call::LogsSearch>(readers, search));
        let locks = database::DatabaseAsk {
            server: source.to_owned(),
        };
        put(&ask::<call::DatabaseLocks>(readers, locks));
    }
    let query = "{__name__=~\".+\"}".to_owned();
    let at = BEGIN + 3600 * SECOND;
    put(&ask::<call::MetricsInstant>(
        readers,
        metrics::InstantAsk { query, at },
    ));
    all
}

#[test]
fn what_a_run_can_read_never_holds_the_truth() {
    const SECRET: &str = "zebra-crossing-1848";
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("one");
    let observed = Observed {
        alerts: Some(Vec::new()),
        metrics: Some(vec![Series {
            labels: vec![label("__name__", "up"), label("service", "shop")],
            points: vec![Point {
                at: BEGIN + 3590 * SECOND,
                value: 1.0,
            }],
        }]),
        logs: BTreeMap::from([("app".to_owned(), Vec::new())]),
        // What people wrote while it lasted may tell the cause, and is no run's.
        timeline: vec![TimelineLine {
            at: time(BEGIN),
            kind: "message".to_owned(),
            source: "slack".to_owned(),
            author: None,
            text: SECRET.to_owned(),
            line: 1,
        }],
        ..Observed::default()
    };
    Bundle::new(about(), observed).write(&path).unwrap();
    let truth = Truth {
        cause: Some(SECRET.to_owned()),
        subjects: vec![SECRET.to_owned()],
        note: Some(SECRET.to_owned()),
        ..Truth::default()
    };
    truth.write(&path).unwrap();
    let bundle = Bundle::read(&path).unwrap();
    let given = format!("{:?}\n{}", bundle.incident(), ask_all(&bundle.readers()));
    assert!(given.contains("shop"), "{given}");
    assert!(!given.contains(SECRET), "{given}");
    // Not even opened: a truth that cannot be read is nothing to the bundle.
    fs::remove_file(path.join("truth.toml")).unwrap();
    fs::create_dir(path.join("truth.toml")).unwrap();
    assert_eq!(Bundle::read(&path).unwrap(), bundle);
    assert!(matches!(Truth::read(&path), Err(BundleError::Kind { .. })));
}

fn refused(path: &Path) -> String {
    Bundle::read(path).err().unwrap().to_string()
}

#[test]
fn a_mistake_is_told_with_its_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("one");
    Bundle::new(about(), Observed::default())
        .write(&path)
        .unwrap();
    for (name, text, expected) in [
        (
            "metrics.csv",
            "time,up\n2023-11-14T22:13:20Z,1\n2023-11-14T22:14:20Z,x\n",
            "metrics.csv:3: `x` is no number",
        ),
        (
            "metrics.csv",
            "time,up\n\"2023-11-14T22:13:20Z\",1,2\n",
            "metrics.csv:2: it has 3 cells, and the header 2",
        ),
        (
            "metrics.csv",
            "time,series,value\nnow,up,1\n",
            "metrics.csv:2: `now` is no time",
        ),
        (
            "timeline.jsonl",
            "\n{\"at\":1}\n",
            "timeline.jsonl:2: invalid type: integer `1`",
        ),
        (
            "topology.json",
            "{\n\"services\": [\n{\"name\": \"a\"}]}",
            "topology.json:3: missing field `depends_on`",
        ),
    ] {
        let file = path.join("observed").join(name);
        fs::write(&file, text).unwrap();
        let why = refused(&path);
        assert!(why.contains(expected), "{why}");
        fs::remove_file(&file).unwrap();
    }
    let text = "schema = \"interlock.bundle.v1\"\nid = \"a b\"\n\
                begin = 2026-01-01T00:00:00Z\nend = 2026-01-02T00:00:00Z\n";
    fs::write(path.join("bundle.toml"), text).unwrap();
    assert!(refused(&path).contains("bundle.toml:2: `a b` is no name"));
    fs::write(
        path.join("bundle.toml"),
        text.replace("a b", "a").replace("01-02", "01-01"),
    )
    .unwrap();
    let why = refused(&path);
    assert!(
        why.contains("bundle.toml:3: the incident ends before it begins"),
        "{why}"
    );
}

#[test]
fn no_link_is_followed_and_no_pipe_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("one");
    Bundle::new(about(), Observed::default())
        .write(&path)
        .unwrap();
    let inside = path.join("observed");
    let link = |to: &Path, from: &Path| std::os::unix::fs::symlink(to, from).unwrap();
    link(Path::new("/etc/passwd"), &inside.join("metrics.csv"));
    assert!(matches!(Bundle::read(&path), Err(BundleError::Link { .. })));
    fs::remove_file(inside.join("metrics.csv")).unwrap();
    link(Path::new("/etc"), &inside.join("logs"));
    assert!(matches!(Bundle::read(&path), Err(BundleError::Link { .. })));
    fs::remove_file(inside.join("logs")).unwrap();
    link(&inside, &path.join("other"));
    link(&path, &dir.path().join("two"));
    assert!(matches!(
        Bundle::read(&dir.path().join("two")),
        Err(BundleError::Link { .. })
    ));
    assert_eq!(Corpus::open(dir.path()).unwrap().names(), ["one"]);
}

#[test]
fn a_shared_part_is_merged_and_the_bundles_own_value_counts() {
    let dir = tempfile::tempdir().unwrap();
    let one = |value, at| Series {
        labels: vec![label("__name__", "up")],
        points: vec![Point { at, value }],
    };
    let shared = Observed {
        metrics: Some(vec![one(1.0, BEGIN - SECOND), one(1.0, BEGIN)]),
        ..Observed::default()
    };
    Bundle::write_shared(dir.path(), "normal", shared).unwrap();
    let own = Observed {
        metrics: Some(vec![one(5.0, BEGIN)]),
        ..Observed::default()
    };
    let mut about = about();
    about.shared = Some("normal".to_owned());
    let path = dir.path().join("one");
    Bundle::new(about, own).write(&path).unwrap();
    let corpus = Corpus::open(dir.path()).unwrap();
    let read = corpus.bundle("one").unwrap();
    assert_eq!(read, Bundle::read(&path).unwrap());
    let points = &read.observed().metrics.as_ref().unwrap()[0].points;
    assert_eq!(
        points.iter().map(|p| p.value).collect::<Vec<_>>(),
        [1.0, 5.0]
    );
    assert_eq!(corpus.names(), ["one"]);
    let before = corpus.digest().unwrap();
    Truth::default().write(&path).unwrap();
    assert_ne!(corpus.digest().unwrap(), before);
}

#[test]
fn nothing_is_overwritten_and_no_half_bundle_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("one");
    let bundle = Bundle::new(about(), Observed::default());
    bundle.write(&path).unwrap();
    assert!(matches!(
        bundle.write(&path),
        Err(BundleError::Exists { .. })
    ));
    let bad = Observed {
        logs: BTreeMap::from([("../x".to_owned(), Vec::new())]),
        ..Observed::default()
    };
    let error = Bundle::new(about(), bad).write(&dir.path().join("two"));
    assert!(matches!(error, Err(BundleError::Name { .. })));
    assert_eq!(Corpus::open(dir.path()).unwrap().names(), ["one"]);
    assert!(matches!(
        bundle.write(&dir.path().join(".hidden")),
        Err(BundleError::Name { .. })
    ));
}
