//! Storms of a size that no person reads, natively; the sandbox is measured by the benchmark.

use std::time::{Duration, Instant};

use correlate_alerts::{Scene, group, origins};
use interlock_sdk::wire::{Alert, Label, Service};

fn services(count: usize) -> Vec<Service> {
    let name = |number: usize| format!("svc-{number}");
    (0..count)
        .map(|number| Service {
            name: name(number),
            // Toward 0, so that the graph has layers; every fiftieth is a hub.
            depends_on: [number / 2, number / 3, number / 50 * 50]
                .into_iter()
                .filter(|to| *to < number)
                .map(name)
                .collect(),
            databases: Vec::new(),
        })
        .collect()
}

fn alerts(count: usize, services: usize, apart: u64) -> Vec<Alert> {
    (0..count)
        .map(|number| Alert {
            name: ["HighErrorRate", "NoRequestsReceived", "HighLatency"][number % 3].to_owned(),
            state: "firing".to_owned(),
            starts_at: number as u64 * apart,
            ends_at: None,
            fingerprint: format!("{number:016x}"),
            labels: vec![Label {
                name: "service".to_owned(),
                value: format!("svc-{}", number * 7919 % services),
            }],
            annotations: Vec::new(),
            source: "alertmanager".to_owned(),
        })
        .collect()
}

fn timed(alerts: &[Alert], services: &[Service]) -> (usize, Duration) {
    let began = Instant::now();
    let scene = Scene::new(Some(services), alerts);
    let grouped = group(&scene);
    for case in &grouped.cases {
        origins(&scene, case);
    }
    (grouped.cases.len(), began.elapsed())
}

#[test]
fn ten_thousand_alerts_over_a_thousand_services_take_no_second() {
    let services = services(1_000);
    // All at once; over an hour; over a month, where each service alerts anew again and again.
    for apart in [1, 360_000, 260_000_000, 3_000_000_000] {
        let (cases, took) = timed(&alerts(10_000, 1_000, apart), &services);
        assert!(cases > 0);
        assert!(took < Duration::from_secs(1), "{apart} µs apart: {took:?}");
    }
}
