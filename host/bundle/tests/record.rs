//! What live sources answer becomes a bundle that answers the same.

// Every function here is part of a test.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use interlock_bundle::{About, Bundle, Observed, Recording, labels_of, record};
use interlock_capabilities::call::{self, Ask};
use interlock_capabilities::read::logs::LogLine;
use interlock_capabilities::read::metrics::{Instant, InstantAsk, Point, Series};
use interlock_capabilities::{AnswerLimit, Read, Readers};
use interlock_gate::time::Time;

const S: u64 = 1_000_000;
const T0: u64 = 1_700_000_000 * S;

fn time(micros: u64) -> Time {
    Time::from_micros(micros).unwrap()
}

fn series(name: &str, seconds: &[u64]) -> Series {
    let points = seconds.iter().map(|s| Point {
        at: T0 + s * S,
        value: 1.0,
    });
    Series {
        labels: labels_of(name).unwrap(),
        points: points.collect(),
    }
}

fn about() -> About {
    About::new("INC-7", time(T0), time(T0 + 600 * S))
}

fn instant(readers: &Readers, query: &str) -> Instant {
    let ask = InstantAsk {
        query: query.to_owned(),
        at: T0 + 590 * S,
    };
    let limit = AnswerLimit { bytes_max: 1 << 20 };
    let mut soon = call::MetricsInstant::start(readers, ask, limit);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match soon.as_mut().poll(&mut context) {
        std::task::Poll::Ready(answer) => answer.unwrap(),
        std::task::Poll::Pending => panic!("an answer in memory was waited for"),
    }
}

#[tokio::test]
async fn what_was_recorded_answers_as_its_source_did() {
    let every: Vec<u64> = (0..40).map(|n| n * 15).collect();
    let rang = "ALERTS{alertname=\"Slow\",alertstate=\"firing\",service=\"web\"}";
    // It rang from 60 to 120 s; look-back holds the last value for five minutes more.
    let live = Observed {
        metrics: Some(vec![
            series("up{job=\"web\"}", &every),
            series(rang, &[60, 75, 90, 105, 120]),
        ]),
        logs: BTreeMap::from([(
            "app".to_owned(),
            vec![LogLine {
                at: Some(T0 + S),
                text: "line".to_owned(),
            }],
        )]),
        ..Observed::default()
    };
    let live = Bundle::new(about(), live).readers();
    let what = Recording {
        begin: time(T0),
        end: time(T0 + 600 * S),
        logs: vec!["app".to_owned(), "web".to_owned(), "a b".to_owned()],
        queries: vec!["up".to_owned(), "sum(up)".to_owned(), "up > 0".to_owned()],
        step_ms: 15_000,
    };
    let (observed, missing) = record(&live, &what, time(T0 + 600 * S)).await;
    let missing: Vec<String> = missing
        .iter()
        .map(|one| format!("{}: {}", one.what, one.why))
        .collect();
    assert!(
        missing[0].starts_with("metrics `up > 0`: refused: "),
        "{missing:?}"
    );
    assert_eq!(
        missing[1..],
        [
            "log `web`: no source: the bundle holds no log `web`",
            "log `a b`: no bundle can hold a log of that name"
        ]
    );
    let alerts = observed.alerts.as_ref().unwrap();
    assert_eq!(alerts.len(), 1);
    assert_eq!(
        (alerts[0].name.as_str(), alerts[0].state.as_str()),
        ("Slow", "resolved")
    );
    assert_eq!(alerts[0].starts_at, T0 + 60 * S);
    assert_eq!(observed.logs["app"].len(), 1);
    assert!(matches!(&observed.calls[0].ask, Ask::MetricsRange(ask) if ask.query == "sum(up)"));
    assert!(observed.changes.is_none() && observed.topology.is_none());
    let kept = Bundle::new(about(), observed).readers();
    for query in ["up", "sum(up)", "up{job=~\"w.*\"}"] {
        assert_eq!(instant(&kept, query), instant(&live, query), "{query}");
    }
}
