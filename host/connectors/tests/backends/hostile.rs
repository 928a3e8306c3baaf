//! Whatever a backend does, the answer is a gap with its reason, in time, and without secrets.

use std::time::{Duration, Instant};

use interlock_capabilities::Gap;
use interlock_capabilities::read::Window;
use interlock_capabilities::read::alerts::{Alerts, AlertsAsk};
use interlock_capabilities::read::http_probe::{HttpProbe, ProbeAsk};
use interlock_capabilities::read::metrics::{InstantAsk, Metrics, RangeAsk};
use interlock_connectors::alertmanager::Alertmanager;
use interlock_connectors::endpoint::Endpoint;
use interlock_connectors::probe::{Probe, Probes};
use interlock_connectors::prometheus::Prometheus;
use interlock_test_servers::{Liar, Lie, SECRET_IN_ERROR, free_port};

use super::LIMIT;

const TIMEOUT: Duration = Duration::from_millis(400);
/// The time-out, and room for a busy machine.
const IN_TIME: Duration = Duration::from_secs(5);

fn lies() -> Vec<Lie> {
    vec![
        Lie::Hang,
        Lie::HangAfterHead,
        Lie::Reset,
        Lie::CutShort,
        Lie::Trickle {
            pause: Duration::from_millis(20),
        },
        Lie::Garbage,
        Lie::Huge { bytes: 1 << 30 },
        Lie::Endless,
        Lie::Deep { levels: 200_000 },
        Lie::WrongShape,
        Lie::NotJson,
        Lie::Json(String::new()),
        Lie::Json("null".to_owned()),
        Lie::Json("{}".to_owned()),
        Lie::Json("{\"status\":\"success\"}".to_owned()),
        Lie::Status(204),
        Lie::Status(400),
        Lie::Status(401),
        Lie::Status(404),
        Lie::Status(500),
        Lie::Status(503),
        Lie::Redirect("http://127.0.0.1:1/api/v1/query".to_owned()),
    ]
}

fn range() -> RangeAsk {
    let window = Window {
        begin: 1_700_000_000_000_000,
        end: 1_700_000_060_000_000,
    };
    RangeAsk {
        query: "up".to_owned(),
        window,
        step_ms: 1000,
    }
}

/// Asks everything that speaks HTTP, and gives back what it said.
async fn ask_all(url: &str) -> Vec<Gap> {
    let base = Endpoint::base(url).unwrap();
    let metrics = Prometheus::new(base.clone(), TIMEOUT, None).unwrap();
    let alerts = Alertmanager::new(base, TIMEOUT, None).unwrap();
    let instant = InstantAsk {
        query: "up".to_owned(),
        at: 1_700_000_000_000_000,
    };
    vec![
        metrics.instant(instant, LIMIT).await.unwrap_err(),
        metrics.range(range(), LIMIT).await.unwrap_err(),
        alerts.list(AlertsAsk {}, LIMIT).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn every_lie_is_a_gap_with_its_reason_in_time() {
    let liar = Liar::start(Lie::Hang).await.unwrap();
    for lie in lies() {
        liar.tell(lie.clone());
        let begun = Instant::now();
        let gaps = ask_all(&liar.url()).await;
        assert!(
            begun.elapsed() < IN_TIME,
            "{lie:?} took {:?}",
            begun.elapsed()
        );
        for gap in gaps {
            assert!(!gap.why().is_empty(), "{lie:?}");
            let words = gap.to_string();
            for secret in ["hunter2", SECRET_IN_ERROR, "http:", "127.0.0.1", "10.0.0.7"] {
                assert!(!words.contains(secret), "{lie:?}: {words}");
            }
            let large = matches!(lie, Lie::Huge { .. } | Lie::Endless);
            assert_eq!(matches!(gap, Gap::TooLarge(_)), large, "{lie:?}: {gap}");
            let refused = matches!(lie, Lie::Status(400 | 401));
            assert_eq!(matches!(gap, Gap::Refused(_)), refused, "{lie:?}: {gap}");
        }
    }
}

#[tokio::test]
async fn the_reasons_say_what_happened() {
    let liar = Liar::start(Lie::Hang).await.unwrap();
    let mut said = Vec::new();
    for lie in [
        Lie::Hang,
        Lie::Garbage,
        Lie::NotJson,
        Lie::Status(500),
        Lie::Status(401),
    ] {
        liar.tell(lie);
        said.push(ask_all(&liar.url()).await.remove(0).to_string());
    }
    let nobody = format!("http://127.0.0.1:{}", free_port().unwrap());
    said.push(ask_all(&nobody).await.remove(0).to_string());
    assert_eq!(
        said,
        [
            "unreachable: prometheus: no answer within 400ms",
            "unreachable: prometheus: the connection broke: invalid HTTP version parsed",
            "unreachable: prometheus answered what is no answer: no JSON (line 1, column 1)",
            "unreachable: prometheus answered status 500",
            "refused: prometheus refuses: status 401",
            "unreachable: prometheus: no connection: Connection refused (os error 111)",
        ]
    );
}

#[tokio::test]
async fn a_probe_of_a_liar_ends_in_time_and_reads_no_body() {
    let liar = Liar::start(Lie::Hang).await.unwrap();
    let url = Endpoint::exact(&liar.url()).unwrap();
    let probe = Probe {
        url,
        timeout: TIMEOUT,
        networks: Vec::new(),
    };
    let probes = Probes::new([("p".to_owned(), probe)].into());
    for lie in lies() {
        liar.tell(lie.clone());
        let begun = Instant::now();
        let result = probes
            .probe(
                ProbeAsk {
                    name: "p".to_owned(),
                },
                LIMIT,
            )
            .await
            .unwrap();
        assert!(begun.elapsed() < IN_TIME, "{lie:?}");
        let silent = matches!(lie, Lie::Hang | Lie::Reset | Lie::Garbage);
        assert_eq!(result.status.is_none(), silent, "{lie:?}: {result:?}");
        assert_eq!(result.error.is_some(), silent, "{lie:?}");
    }
}

#[tokio::test]
async fn reads_overlap() {
    let liar = Liar::start(Lie::Hang).await.unwrap();
    let base = Endpoint::base(&liar.url()).unwrap();
    let metrics = Prometheus::new(base, TIMEOUT, None).unwrap();
    let begun = Instant::now();
    let asked: Vec<_> = (0..10).map(|_| metrics.range(range(), LIMIT)).collect();
    for answer in asked {
        assert!(answer.await.is_err());
    }
    assert!(begun.elapsed() < TIMEOUT * 5, "{:?}", begun.elapsed());
}
