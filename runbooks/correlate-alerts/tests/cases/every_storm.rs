//! What must hold whatever the answers hold.

use std::collections::{BTreeMap, BTreeSet};

use correlate_alerts::{Scene, group, origins};
use interlock_sdk::wire::{Alert, Change, DatabaseUse, Label, PastIncident, Service};
use proptest::prelude::*;

const NAMES: [&str; 9] = ["a", "b", "c", "d", "e", "f", "shop/g", "", "é\u{202e}"];
const ALERTS: [&str; 6] = [
    "HighErrorRate",
    "NoRequestsReceived",
    "PodCrashLooping",
    "HighLatency",
    "",
    "no",
];
const KEYS: [&str; 6] = ["service", "app", "pod", "job", "namespace", "severity"];

fn service() -> impl Strategy<Value = Service> {
    let name = || prop::sample::select(&NAMES[..]).prop_map(str::to_owned);
    let needs = prop::collection::vec(name(), 0..4);
    (name(), needs, prop::option::of(name())).prop_map(|(name, depends_on, server)| Service {
        name,
        depends_on,
        databases: server
            .into_iter()
            .map(|server| DatabaseUse {
                server,
                role: "r".to_owned(),
                database: None,
                pool_size: None,
                instances: None,
            })
            .collect(),
    })
}

fn alert() -> impl Strategy<Value = Alert> {
    let label = (
        prop::sample::select(&KEYS[..]),
        prop::sample::select(&NAMES[..]),
    )
        .prop_map(|(name, value)| Label {
            name: name.to_owned(),
            value: value.to_owned(),
        });
    let minutes = prop_oneof![0u64..90, Just(u64::MAX / 60_000_000)];
    (
        prop::sample::select(&ALERTS[..]),
        prop::collection::vec(label, 0..3),
        minutes,
        0u64..60_000_000,
    )
        .prop_map(|(name, labels, minutes, micros)| Alert {
            name: name.to_owned(),
            state: "firing".to_owned(),
            starts_at: minutes.saturating_mul(60_000_000).saturating_add(micros),
            ends_at: None,
            fingerprint: "same".to_owned(),
            labels,
            annotations: Vec::new(),
            source: "alertmanager".to_owned(),
        })
}

fn change() -> impl Strategy<Value = Change> {
    (prop::sample::select(&NAMES[..]), 0u64..5_400_000_000).prop_map(|(service, at)| Change {
        id: "c".to_owned(),
        at,
        kind: "deployment".to_owned(),
        service: Some(service.to_owned()),
        title: String::new(),
        author: None,
        source: "file".to_owned(),
    })
}

fn past() -> impl Strategy<Value = PastIncident> {
    prop::collection::vec(prop::sample::select(&NAMES[..]), 0..4).prop_map(|names| PastIncident {
        id: "i".to_owned(),
        at: 0,
        cause: None,
        because: format!("same: {}.", names.join(", ")),
    })
}

prop_compose! {
    fn read()(
        services in prop::option::weighted(0.9, prop::collection::vec(service(), 0..9)),
        alerts in prop::collection::vec(alert(), 0..30),
        changes in prop::collection::vec(change(), 0..4),
        past in prop::collection::vec(past(), 0..3),
    ) -> (Option<Vec<Service>>, Vec<Alert>, Vec<Change>, Vec<PastIncident>) {
        (services, alerts, changes, past)
    }
}

type Read = (
    Option<Vec<Service>>,
    Vec<Alert>,
    Vec<Change>,
    Vec<PastIncident>,
);

fn scene((services, alerts, changes, past): &Read) -> Scene {
    Scene::new(services.as_deref(), alerts)
        .changed(changes)
        .remembered(past)
}

/// Cases as sets of alerts, each with its candidates, by what `say` makes of alerts and names.
fn told(
    read: &Read,
    alert: impl Fn(usize) -> usize,
    name: impl Fn(&str) -> String,
) -> BTreeMap<BTreeSet<usize>, Vec<(String, u64)>> {
    let scene = scene(read);
    group(&scene)
        .cases
        .iter()
        .map(|case| {
            let alerts = case.alerts.iter().map(|one| alert(*one)).collect();
            let origins = origins(&scene, case).into_iter();
            let origins = origins.map(|one| (name(&scene.nodes[one.node].name), one.score));
            (alerts, origins.collect())
        })
        .collect()
}

proptest! {
    #[test]
    fn every_alert_is_in_exactly_one_case_or_unplaced(read in read()) {
        let scene = scene(&read);
        let grouped = group(&scene);
        let mut all: Vec<usize> = grouped.cases.iter().flat_map(|case| case.alerts.clone()).collect();
        all.extend(grouped.unplaced.iter().map(|(alert, _)| *alert));
        all.sort_unstable();
        prop_assert_eq!(all, (0..read.1.len()).collect::<Vec<usize>>());
        for case in &grouped.cases {
            let _ = origins(&scene, case);
        }
    }

    #[test]
    fn the_order_of_the_answers_does_not_matter(read in read(), seed in any::<u64>()) {
        let mut order: Vec<usize> = (0..read.1.len()).collect();
        let mut state = seed | 1;
        for last in (1..order.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            order.swap(last, (state >> 33) as usize % (last + 1));
        }
        let mut other = read.clone();
        other.1 = order.iter().map(|one| read.1[*one].clone()).collect();
        if let Some(services) = &mut other.0 {
            services.reverse();
            services.iter_mut().for_each(|service| service.depends_on.reverse());
        }
        other.2.reverse();
        let same = str::to_owned;
        prop_assert_eq!(told(&read, |one| one, same), told(&other, |one| order[one], same));
    }

    /// With moments that are all different: of equals the name decides, and nothing else could.
    #[test]
    fn other_names_give_the_same_cases_and_the_same_ranking(read in read(), by in 1usize..6) {
        const LETTERS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
        let rename = |name: &str| match LETTERS.iter().position(|letter| *letter == name) {
            Some(place) => LETTERS[(place + by) % 6].to_owned(),
            None => name.to_owned(),
        };
        let mut other = read.clone();
        for service in other.0.iter_mut().flatten() {
            service.name = rename(&service.name);
            service.depends_on.iter_mut().for_each(|name| *name = rename(name));
            service.databases.iter_mut().for_each(|one| one.server = rename(&one.server));
        }
        for label in other.1.iter_mut().flat_map(|alert| &mut alert.labels) {
            label.value = rename(&label.value);
        }
        for service in other.2.iter_mut().filter_map(|change| change.service.as_mut()) {
            *service = rename(service);
        }
        for past in &mut other.3 {
            let words: Vec<String> = past.because.split(' ').map(|word| {
                let bare = word.trim_end_matches([',', '.']);
                word.replace(bare, &rename(bare))
            }).collect();
            past.because = words.join(" ");
        }
        let scored = |told: BTreeMap<BTreeSet<usize>, Vec<(String, u64)>>| {
            told.into_iter().map(|(alerts, mut origins)| {
                // Equals stand in any order.
                origins.sort_by(|one, two| two.1.cmp(&one.1).then(one.0.cmp(&two.0)));
                (alerts, origins)
            }).collect::<Vec<_>>()
        };
        let renamed = scored(told(&read, |one| one, rename));
        prop_assert_eq!(renamed, scored(told(&other, |one| one, str::to_owned)));
    }
}
