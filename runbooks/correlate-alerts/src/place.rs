//! Which service an alert is about, by its labels.

use std::collections::HashMap;

use interlock_sdk::wire::{Alert, Label};

/// The labels that may name a service, in the order in which they are tried: the more it is meant
/// to name one, the earlier. `job` and `instance` come last, since they often name the exporter.
pub const LABELS: [&str; 15] = [
    "service",
    "service_name",
    "app",
    "app_kubernetes_io_name",
    "application",
    "deployment",
    "statefulset",
    "daemonset",
    "workload",
    "container",
    "pod",
    "server",
    "database",
    "job",
    "instance",
];

/// Those that name what watches as often as what is watched: a name that the topology does not know
/// is not taken from them.
const OF_THE_WATCHER: [&str; 2] = ["job", "instance"];

/// Where an alert belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// At a node of the scene.
    At(usize),
    /// At a service that the topology does not know, by this name.
    Named(String),
    /// No label names a service.
    Nowhere,
}

/// The place of an alert: the first label whose value is a node's name. With a `namespace` label,
/// `namespace/name` is tried before `name`; of a `job` what comes after `/`, of an `instance` what comes
/// before `:`, of a `pod` what is left without its one or two last parts.
pub(crate) fn place(alert: &Alert, nodes: &HashMap<&str, usize>) -> Place {
    let namespace = value(&alert.labels, "namespace");
    let mut unknown = None;
    for label in LABELS {
        let Some(value) = value(&alert.labels, label) else {
            continue;
        };
        let known = forms(label, value)
            .into_iter()
            .flatten()
            .find_map(|form| find(namespace, form, nodes));
        if let Some(node) = known {
            return Place::At(node);
        }
        if unknown.is_none() && !OF_THE_WATCHER.contains(&label) {
            // Two pods of one unknown deployment have one name as little as two services do.
            unknown = Some(match namespace {
                Some(namespace) => format!("{namespace}/{value}"),
                None => value.to_owned(),
            });
        }
    }
    unknown.map_or(Place::Nowhere, Place::Named)
}

fn find(namespace: Option<&str>, name: &str, nodes: &HashMap<&str, usize>) -> Option<usize> {
    let full = namespace.and_then(|namespace| nodes.get(format!("{namespace}/{name}").as_str()));
    full.or_else(|| nodes.get(name)).copied()
}

/// What a label's value may stand for, the whole of it first.
fn forms<'v>(label: &str, value: &'v str) -> [Option<&'v str>; 3] {
    let cut = |text: &'v str| text.rsplit_once('-').map(|(name, _)| name);
    let first = Some(value);
    match label {
        "pod" => {
            let once = cut(value);
            [first, once, once.and_then(cut)]
        }
        "instance" => [first, value.rsplit_once(':').map(|(host, _)| host), None],
        _ => [first, value.rsplit_once('/').map(|(_, name)| name), None],
    }
}

fn value<'l>(labels: &'l [Label], name: &str) -> Option<&'l str> {
    let found = labels.iter().find(|label| label.name == name)?;
    Some(found.value.as_str()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(labels: &[(&str, &str)]) -> Place {
        let nodes = HashMap::from([("cart", 0), ("web", 1), ("shop/cart", 2), ("orders-db", 3)]);
        let label = |(name, value): &(&str, &str)| Label {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        let alert = Alert {
            name: "A".to_owned(),
            state: "firing".to_owned(),
            starts_at: 0,
            ends_at: None,
            fingerprint: String::new(),
            labels: labels.iter().map(label).collect(),
            annotations: Vec::new(),
            source: "alertmanager".to_owned(),
        };
        place(&alert, &nodes)
    }

    #[test]
    fn the_first_label_that_names_a_service_places_an_alert() {
        let cases: [(&[(&str, &str)], Place); 12] = [
            (&[("app", "web"), ("service", "cart")], Place::At(0)),
            (&[("service", "nobody"), ("app", "web")], Place::At(1)),
            (&[("service", "cart"), ("namespace", "shop")], Place::At(2)),
            (&[("service", "cart"), ("namespace", "mail")], Place::At(0)),
            (&[("pod", "cart-7d9f8b-x2x4k")], Place::At(0)),
            (&[("pod", "web-0")], Place::At(1)),
            (&[("job", "shop/web")], Place::At(1)),
            (&[("instance", "orders-db:9187")], Place::At(3)),
            (
                &[("server", "orders-db"), ("job", "postgres")],
                Place::At(3),
            ),
            (&[("service", "nobody")], Place::Named("nobody".to_owned())),
            (&[("service", ""), ("job", "node")], Place::Nowhere),
            (&[], Place::Nowhere),
        ];
        for (labels, place) in cases {
            assert_eq!(placed(labels), place, "{labels:?}");
        }
    }
}
