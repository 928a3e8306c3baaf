//! Whatever a bundle may hold.

use interlock_bundle::{Observed, TimelineLine};
use interlock_capabilities::Recorded;
use interlock_capabilities::call::{Answer, Ask};
use interlock_capabilities::read::alerts::Alert;
use interlock_capabilities::read::changes::Change;
use interlock_capabilities::read::logs::LogLine;
use interlock_capabilities::read::metrics::{Point, Series};
use interlock_capabilities::read::topology::{DatabaseUse, Service};
use interlock_capabilities::read::{Label, database};
use interlock_gate::ids::CallId;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use crate::{BEGIN, SECOND, time};

fn labels() -> impl Strategy<Value = Vec<Label>> {
    btree_map("[a-z_ é\"]{1,6}|__name__", any::<String>(), 1..4).prop_map(|all| {
        let pairs = all.into_iter();
        pairs.map(|(name, value)| Label { name, value }).collect()
    })
}

fn at() -> impl Strategy<Value = u64> {
    (0..7200_u64, 0..3_u64).prop_map(|(s, us)| BEGIN + s * SECOND + us)
}

fn value() -> impl Strategy<Value = f64> {
    // A bundle keeps every number, but not which NaN it was; no test can compare one.
    any::<f64>().prop_filter("a number", |value| !value.is_nan())
}

fn series() -> impl Strategy<Value = Vec<Series>> {
    let points = btree_map(at(), value(), 0..12).prop_map(|all| {
        all.into_iter()
            .map(|(at, value)| Point { at, value })
            .collect()
    });
    let one = (labels(), points).prop_map(|(labels, points)| Series { labels, points });
    vec(one, 0..6).prop_map(|mut all| {
        let key = |one: &Series| -> Vec<(String, String)> {
            let pairs = one.labels.iter();
            pairs.map(|l| (l.name.clone(), l.value.clone())).collect()
        };
        all.sort_by_key(key);
        all.dedup_by_key(|one| key(one));
        all
    })
}

fn alert() -> impl Strategy<Value = Alert> {
    (any::<String>(), labels(), at(), proptest::option::of(at())).prop_map(
        |(name, labels, starts_at, ends_at)| Alert {
            name,
            state: "firing".to_owned(),
            starts_at,
            ends_at,
            fingerprint: "f".to_owned(),
            annotations: labels.clone(),
            labels,
            source: "alertmanager".to_owned(),
        },
    )
}

fn change() -> impl Strategy<Value = Change> {
    (any::<String>(), at()).prop_map(|(title, at)| Change {
        id: "c".to_owned(),
        at,
        kind: "deployment".to_owned(),
        service: Some(title.clone()),
        title,
        author: None,
        source: "file".to_owned(),
    })
}

fn service() -> impl Strategy<Value = Service> {
    (any::<String>(), vec(any::<String>(), 0..3)).prop_map(|(name, depends_on)| Service {
        databases: vec![DatabaseUse {
            server: name.clone(),
            role: "r".to_owned(),
            database: None,
            pool_size: Some(3),
            instances: None,
        }],
        name,
        depends_on,
    })
}

fn line() -> impl Strategy<Value = LogLine> {
    (proptest::option::of(at()), any::<String>()).prop_map(|(at, text)| LogLine { at, text })
}

fn told() -> impl Strategy<Value = TimelineLine> {
    (at(), any::<String>(), 1..9_u64).prop_map(|(at, text, line)| TimelineLine {
        at: time(at),
        kind: "message".to_owned(),
        source: "slack".to_owned(),
        author: Some(text.clone()),
        text,
        line,
    })
}

fn recorded() -> impl Strategy<Value = Recorded> {
    (any::<String>(), at()).prop_map(|(server, at)| Recorded {
        id: CallId(1),
        ask: Ask::DatabaseLocks(database::DatabaseAsk {
            server: server.clone(),
        }),
        answer: Ok(Answer::DatabaseLocks(database::Locks {
            server,
            read_at: at,
            locks: Vec::new(),
        })),
        asked_at: time(at),
        answered_at: time(at),
    })
}

pub(crate) fn observed() -> impl Strategy<Value = Observed> {
    use proptest::option::of;
    (
        of(vec(alert(), 0..4)),
        of(series()),
        btree_map("[a-z][a-z0-9.-]{0,5}", vec(line(), 0..5), 0..3),
        of(vec(change(), 0..4)),
        of(vec(service(), 0..4)),
        vec(told(), 0..4),
        vec(recorded(), 0..3),
    )
        .prop_map(
            |(alerts, metrics, logs, changes, topology, timeline, calls)| Observed {
                alerts,
                metrics,
                logs,
                changes,
                topology,
                timeline,
                calls,
            },
        )
}
