//! One storm: alerts of several scenarios and of none, over several copies of the applications.

use interlock_bundle::{About, Bundle, Observed, Truth, TruthCase};
use interlock_capabilities::read::Label;
use interlock_capabilities::read::alerts::Alert;
use interlock_capabilities::read::topology::Service;
use interlock_gate::time::Time;

use super::apps::APPS;
use super::dice::fingerprint;

/// 2026-03-14T00:00:00Z: a day for times that are made up anyway.
const DAY_S: u64 = 1_773_446_400;
/// How long after its begin a storm is looked at.
pub(super) const LENGTH_S: u64 = 9_000;
/// Copies of each application.
pub(super) const COPIES: u64 = 3;
/// What every service depends on, and nothing ever happens to.
const PLATFORM: &str = "platform/dns";

const SOURCE: &str = "ITBench incident scenarios (Apache-2.0), mixed; times are synthetic";

/// A storm, and what is true of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Storm {
    /// Its name: `tune-07`, `held-out-12`.
    pub(super) name: String,
    /// What alerts.
    pub(super) alerts: Vec<Alert>,
    /// Which alerts belong together, and where each group begins.
    pub(super) truth: Truth,
}

/// An alert, before it has a time.
pub(super) struct Rings<'r> {
    pub(super) name: &'r str,
    pub(super) namespace: String,
    /// In the application's own words; nothing where no service is named.
    pub(super) service: Option<&'r str>,
    pub(super) at_s: u64,
}

impl Storm {
    pub(super) fn new(name: String) -> Self {
        let truth = Truth {
            note: Some(SOURCE.to_owned()),
            ..Truth::default()
        };
        Storm {
            name,
            alerts: Vec::new(),
            truth,
        }
    }

    /// Adds the alerts of one beginning. One that rings already is not raised again, whoever
    /// else would have.
    pub(super) fn add(&mut self, rings: Vec<Rings<'_>>, origins: Vec<String>) {
        let mut case = TruthCase {
            origins,
            alerts: Vec::new(),
        };
        for ring in rings {
            let alert = alert(&ring);
            if self
                .alerts
                .iter()
                .all(|other| other.fingerprint != alert.fingerprint)
            {
                case.alerts.push(alert.fingerprint.clone());
                self.alerts.push(alert);
            }
        }
        if !case.alerts.is_empty() {
            self.truth.cases.push(case);
        }
    }

    /// Sorts what a run reads by time, then fingerprint, so that no order tells groups apart.
    pub(super) fn finished(mut self) -> Self {
        let key = |alert: &Alert| (alert.starts_at, alert.fingerprint.clone());
        self.alerts.sort_by_key(key);
        self.truth
            .cases
            .sort_by_key(|case| std::cmp::Reverse(case.alerts.len()));
        for origin in self.truth.cases.iter().flat_map(|case| &case.origins) {
            if !self.truth.subjects.contains(origin) {
                self.truth.subjects.push(origin.clone());
            }
        }
        self
    }

    /// What a run is given of it: alerts and topology.
    pub(super) fn bundle(&self) -> Bundle {
        let (begin, now) = (moment(0), moment(LENGTH_S));
        let mut about = About::new(&self.name, begin, now);
        about.title = format!("{} alerts", self.alerts.len());
        about.source = Some(SOURCE.to_owned());
        let observed = Observed {
            alerts: Some(self.alerts.clone()),
            topology: Some(topology()),
            ..Observed::default()
        };
        Bundle::new(about, observed)
    }
}

/// Every copy of every application, and the platform under all of them.
pub(super) fn topology() -> Vec<Service> {
    let mut services = vec![service(PLATFORM.to_owned(), Vec::new())];
    for app in &APPS {
        for copy in 1..=COPIES {
            let name = |name: &str| format!("{}-{copy}/{name}", app.namespace);
            services.extend(app.services().map(|(of, calls)| {
                let calls = calls.iter().map(|to| name(to));
                service(name(of), calls.chain([PLATFORM.to_owned()]).collect())
            }));
        }
    }
    services
}

fn service(name: String, depends_on: Vec<String>) -> Service {
    Service {
        name,
        depends_on,
        databases: Vec::new(),
    }
}

/// So many seconds after the day's begin.
fn moment(second: u64) -> Time {
    // A second of one day in 2026 is far from the end of the span.
    Time::from_micros((DAY_S + second) * 1_000_000).unwrap_or_default()
}

fn alert(ring: &Rings<'_>) -> Alert {
    let mut labels = vec![
        label("alertname", ring.name),
        label("namespace", &ring.namespace),
        label("severity", "warning"),
    ];
    let print = fingerprint(&format!(
        "{}/{}/{}",
        ring.name,
        ring.namespace,
        ring.service.unwrap_or_default()
    ));
    if let Some(service) = ring.service {
        // As the rules of Kubernetes name things: a pod by its full name, a service by its own.
        if ring.name.starts_with("Kube") || ring.name.contains("Pods") {
            let (set, pod) = (&print[..10], &print[10..15]);
            labels.push(label("pod", &format!("{service}-{set}-{pod}")));
        } else {
            labels.push(label("service", service));
        }
    }
    Alert {
        name: ring.name.to_owned(),
        state: "firing".to_owned(),
        starts_at: (DAY_S + ring.at_s) * 1_000_000,
        ends_at: None,
        fingerprint: print,
        labels,
        annotations: Vec::new(),
        source: "alertmanager".to_owned(),
    }
}

fn label(name: &str, value: &str) -> Label {
    Label {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}
