//! A storm of any size: several failures at once, each spreading to what depends on it.

use interlock_bundle::{About, Bundle, Observed};
use interlock_capabilities::read::Label;
use interlock_capabilities::read::alerts::Alert;
use interlock_capabilities::read::topology::Service;
use interlock_gate::time::Time;

/// 2026-03-14T00:00:00Z.
const BEGIN_S: u64 = 1_773_446_400;
/// All of them begin within an hour.
const WITHIN_S: u64 = 3_600;

/// So many alerts over so many services.
pub(super) fn of(alerts: usize, services: usize) -> Bundle {
    let time = |second: u64| Time::from_micros(second * 1_000_000).unwrap_or_default();
    let mut about = About::new("storm", time(BEGIN_S), time(BEGIN_S + WITHIN_S));
    about.title = format!("{alerts} alerts over {services} services");
    let observed = Observed {
        alerts: Some(
            (0..alerts)
                .map(|one| alert(one, alerts, services))
                .collect(),
        ),
        topology: Some((0..services).map(service).collect()),
        ..Observed::default()
    };
    Bundle::new(about, observed)
}

fn name(number: usize) -> String {
    format!("service-{number:04}")
}

/// Layers toward 0, and a hub for every fifty.
fn service(number: usize) -> Service {
    let calls = [number / 2, number / 3, number / 50 * 50];
    let mut depends_on: Vec<String> = calls
        .into_iter()
        .filter(|to| *to < number)
        .map(name)
        .collect();
    depends_on.dedup();
    Service {
        name: name(number),
        depends_on,
        databases: Vec::new(),
    }
}

fn alert(number: usize, of: usize, services: usize) -> Alert {
    const NAMES: [&str; 4] = [
        "HighRequestErrorRate",
        "HighRequestLatency",
        "NoRequestsReceived",
        "KubePodCrashLooping",
    ];
    let service = name(number * 7_919 % services);
    let second = number as u64 * WITHIN_S / of as u64;
    let label = |name: &str, value: &str| Label {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    Alert {
        name: NAMES[number / 3 % NAMES.len()].to_owned(),
        state: "firing".to_owned(),
        starts_at: (BEGIN_S + second) * 1_000_000,
        ends_at: None,
        fingerprint: format!("{number:016x}"),
        labels: vec![
            label("alertname", NAMES[number / 3 % NAMES.len()]),
            label("namespace", "shop"),
            label("service", &service),
            label("severity", "warning"),
        ],
        annotations: Vec::new(),
        source: "alertmanager".to_owned(),
    }
}
