//! What was read, as numbers and edges.

use std::collections::{HashMap, HashSet};

use interlock_sdk::wire::{Alert, Change, PastIncident, Service};

use crate::place::{Place, place};
use crate::speaks::Speaks;

/// A service, or a database server or service that one of them depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its place in the topology's answer; nothing where it is only named there.
    pub item: Option<u32>,
    /// What it depends on, each once.
    pub needs: Vec<usize>,
    /// What depends on it, each once.
    pub needed_by: Vec<usize>,
}

/// One alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// Since when, in microseconds of UTC.
    pub at: u64,
    /// Where.
    pub place: Place,
    /// Of what.
    pub speaks: Speaks,
    /// It is in the answer before, from another source: it is not counted again.
    pub again: bool,
}

/// Everything that decides.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// Services and servers.
    pub nodes: Vec<Node>,
    /// The alerts, in the order of the answer.
    pub alerts: Vec<Rung>,
    /// When a change was made, where, and its place in the answer; by node, then time.
    pub changes: Vec<(usize, u64, u32)>,
    /// The nodes that a past incident names, and its place in the answer.
    pub past: Vec<(Vec<usize>, u32)>,
    /// Whether the topology could be had: without it, only the time can link alerts.
    pub mapped: bool,
    /// In microseconds: see [`Facts::window`](crate::Facts::window).
    pub window: u64,
    /// In microseconds: see [`Facts::changes_before`](crate::Facts::changes_before).
    pub changes_before: u64,
}

/// What two sources say alike of one alert: its name, since when it rings, its labels by name.
type Listed<'a> = (&'a str, u64, Vec<(&'a str, &'a str)>);

/// Words of a past incident that are looked at.
const PAST_WORDS_MAX: usize = 2_000;

impl Scene {
    /// A scene of these services and alerts. `services` is nothing where the topology could not be
    /// had.
    pub fn new(services: Option<&[Service]>, alerts: &[Alert]) -> Self {
        let nodes = nodes(services.unwrap_or_default());
        let by_name = by_name(&nodes);
        let mut listed: HashSet<Listed<'_>> = HashSet::with_capacity(alerts.len());
        let rungs = alerts.iter().map(|alert| {
            let pairs = alert.labels.iter();
            let mut pairs: Vec<(&str, &str)> = pairs
                .map(|label| (label.name.as_str(), label.value.as_str()))
                .collect();
            pairs.sort_unstable();
            Rung {
                at: alert.starts_at,
                place: place(alert, &by_name),
                speaks: Speaks::of(&alert.name),
                again: !listed.insert((&alert.name, alert.starts_at, pairs)),
            }
        });
        let alerts = rungs.collect();
        drop(by_name);
        Scene {
            nodes,
            alerts,
            mapped: services.is_some(),
            window: 300_000_000,
            changes_before: 3_600_000_000,
            ..Scene::default()
        }
    }

    /// With what was changed.
    #[must_use]
    pub fn changed(mut self, changes: &[Change]) -> Self {
        let by_name = by_name(&self.nodes);
        let mut changed: Vec<(usize, u64, u32)> = (0..)
            .zip(changes)
            .filter_map(|(item, change)| {
                let node = by_name.get(change.service.as_deref()?)?;
                Some((*node, change.at, item))
            })
            .collect();
        changed.sort_unstable();
        self.changes = changed;
        self
    }

    /// With what past incidents name.
    #[must_use]
    pub fn remembered(mut self, past: &[PastIncident]) -> Self {
        let by_name = by_name(&self.nodes);
        let named = |text: &str| {
            let inside = |letter: char| letter.is_alphanumeric() || "-_./".contains(letter);
            let mut named: Vec<usize> = text
                .split(|letter| !inside(letter))
                .take(PAST_WORDS_MAX)
                .filter_map(|word| by_name.get(word.trim_end_matches('.')).copied())
                .collect();
            named.sort_unstable();
            named.dedup();
            named
        };
        self.past = (0..)
            .zip(past)
            .map(|(item, past)| (named(&past.because), item))
            .filter(|(nodes, _)| !nodes.is_empty())
            .collect();
        self
    }

    /// How many of these alerts there are, each once, whichever sources list it.
    pub fn distinct(&self, alerts: impl IntoIterator<Item = usize>) -> usize {
        let again = |alert: &usize| self.alerts[*alert].again;
        alerts.into_iter().filter(|alert| !again(alert)).count()
    }

    /// The newest change of a node in the time before a moment, as its place in the answer.
    pub fn change_before(&self, node: usize, moment: u64) -> Option<u32> {
        let after = self
            .changes
            .partition_point(|(of, at, _)| (*of, *at) <= (node, moment));
        let (of, at, item) = self.changes.get(after.checked_sub(1)?)?;
        let recent = *of == node && moment.saturating_sub(*at) <= self.changes_before;
        recent.then_some(*item)
    }
}

fn by_name(nodes: &[Node]) -> HashMap<&str, usize> {
    (0..)
        .zip(nodes)
        .map(|(index, node)| (node.name.as_str(), index))
        .collect()
}

/// The services; then what they depend on that is no service itself. A service that is listed twice
/// is one, with the dependencies of both.
fn nodes(services: &[Service]) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::with_capacity(services.len());
    let mut known: HashMap<&str, usize> = HashMap::with_capacity(services.len());
    for (item, service) in (0..).zip(services) {
        known.entry(&service.name).or_insert_with(|| {
            nodes.push(Node::named(&service.name, Some(item)));
            nodes.len() - 1
        });
    }
    for service in services {
        let Some(&from) = known.get(service.name.as_str()) else {
            continue;
        };
        let servers = service.databases.iter().map(|database| &database.server);
        for name in service.depends_on.iter().chain(servers) {
            let to = *known.entry(name).or_insert_with(|| {
                nodes.push(Node::named(name, None));
                nodes.len() - 1
            });
            if to != from {
                nodes[from].needs.push(to);
            }
        }
    }
    for from in 0..nodes.len() {
        nodes[from].needs.sort_unstable();
        nodes[from].needs.dedup();
        for to in nodes[from].needs.clone() {
            nodes[to].needed_by.push(from);
        }
    }
    nodes
}

impl Node {
    fn named(name: &str, item: Option<u32>) -> Self {
        Node {
            name: name.to_owned(),
            item,
            needs: Vec::new(),
            needed_by: Vec::new(),
        }
    }
}
