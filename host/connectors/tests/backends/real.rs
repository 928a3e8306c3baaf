//! What real backends answer is read as it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use interlock_capabilities::Gap;
use interlock_capabilities::read::Window;
use interlock_capabilities::read::alerts::{Alerts, AlertsAsk};
use interlock_capabilities::read::metrics::{InstantAsk, Metrics, RangeAsk};
use interlock_connectors::alertmanager::Alertmanager;
use interlock_connectors::endpoint::Endpoint;
use interlock_connectors::health::Health;
use interlock_connectors::prometheus::Prometheus;
use interlock_test_servers::prometheus::PrometheusSetup;

use super::LIMIT;

const TIMEOUT: Duration = Duration::from_secs(5);

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_micros()).unwrap()
}

#[tokio::test]
async fn prometheus_is_asked_and_understood() {
    let setup = PrometheusSetup {
        interval: Duration::from_secs(1),
        targets: Vec::new(),
        alert: None,
        alertmanager: None,
    };
    let server = interlock_test_servers::Prometheus::start(&setup)
        .await
        .unwrap();
    let base = Endpoint::base(&server.url()).unwrap();
    let metrics = Prometheus::new(base, TIMEOUT, None).unwrap();
    assert!(matches!(metrics.health().await, Health::Good { .. }));
    let at = now();
    let ask = |query: &str| {
        metrics.instant(
            InstantAsk {
                query: query.to_owned(),
                at,
            },
            LIMIT,
        )
    };

    let one = ask("vector(0.5)").await.unwrap();
    assert_eq!((one.samples.len(), one.samples[0].value), (1, 0.5));
    assert_eq!(one.samples[0].at, at / 1000 * 1000);
    assert!(
        ask("vector(0) / 0").await.unwrap().samples[0]
            .value
            .is_nan()
    );
    assert_eq!(ask("1 / 0").await.unwrap().samples[0].value, f64::INFINITY);
    assert_eq!(
        ask("vector(-1) / 0").await.unwrap().samples[0].value,
        f64::NEG_INFINITY
    );
    // Nothing matches: that is an answer.
    assert_eq!(ask("no_such_metric").await.unwrap().samples.len(), 0);

    let gap = ask("sum(").await.unwrap_err();
    assert!(
        matches!(&gap, Gap::Refused(why) if why.contains("parse error")),
        "{gap}"
    );
    assert!(matches!(ask("\"text\"").await, Err(Gap::Refused(_))));
    assert!(matches!(ask("up[1m]").await, Err(Gap::Refused(_))));

    let window = Window {
        begin: at - 60_000_000,
        end: at,
    };
    let range = RangeAsk {
        query: "vector(1)".to_owned(),
        window,
        step_ms: 15_000,
    };
    let matrix = metrics.range(range, LIMIT).await.unwrap();
    assert_eq!((matrix.step_ms, matrix.series[0].points.len()), (15_000, 4));
}

#[tokio::test]
async fn alertmanager_is_asked_and_understood() {
    let server = interlock_test_servers::Alertmanager::start().await.unwrap();
    let base = Endpoint::base(&server.url()).unwrap();
    let alerts = Alertmanager::new(base, TIMEOUT, None).unwrap();
    assert_eq!(
        alerts.list(AlertsAsk {}, LIMIT).await.unwrap().alerts.len(),
        0
    );
    server
        .post(&[("alertname", "High"), ("server", "orders-db")])
        .await
        .unwrap();
    server
        .wait_for("High", Duration::from_secs(10))
        .await
        .unwrap();
    let list = alerts.list(AlertsAsk {}, LIMIT).await.unwrap();
    let alert = &list.alerts[0];
    assert_eq!(
        (alert.name.as_str(), alert.state.as_str()),
        ("High", "firing")
    );
    assert_eq!(
        (alert.ends_at, alert.source.as_str()),
        (None, "alertmanager")
    );
    assert_eq!(alert.labels[1].value, "orders-db");
    let small = interlock_capabilities::AnswerLimit { bytes_max: 20 };
    assert!(matches!(
        alerts.list(AlertsAsk {}, small).await,
        Err(Gap::TooLarge(_))
    ));
}
