//! How one scenario spreads over its groups: when each is reached, and where it may rightly be said
//! to begin.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::apps::{APPS, App};
use super::dice::Dice;
use super::scenario::Scenario;

/// Seconds from one group to the next.
const HOP_S: (u64, u64) = (5, 60);
/// Seconds after the beginning, of an alert whose group nothing is said to reach.
const UNREACHED_S: (u64, u64) = (30, 180);
/// Seconds from when a group is reached until a rule notices it.
const NOTICED_S: (u64, u64) = (0, 30);

/// Kinds of groups that stand for the service of their name. A fault's own object (a chaos
/// experiment, a flag's configuration) is no service, and no alert is about it.
const SERVICE_KINDS: [&str; 5] = ["Service", "Pod", "Deployment", "ReplicaSet", "StatefulSet"];

impl Scenario {
    /// The application that it happens in.
    pub(super) fn app(&self) -> &'static App {
        let of = |app: &&App| {
            let namespace = Some(app.namespace);
            self.groups
                .iter()
                .any(|group| group.namespace.as_deref() == namespace)
        };
        APPS.iter().find(of).unwrap_or(&APPS[0])
    }

    /// The service that a group stands for, where it stands for one.
    pub(super) fn service_of(&self, id: &str) -> Option<&'static str> {
        let group = self.groups.iter().find(|group| group.id == id);
        if group.is_some_and(|group| !SERVICE_KINDS.contains(&group.kind.as_str())) {
            return None;
        }
        let app = self.app();
        let same = self
            .aliases
            .iter()
            .filter(|same| same.iter().any(|one| one == id));
        app.service(id)
            .or_else(|| same.flatten().find_map(|other| app.service(other)))
    }

    fn targets(&self) -> HashMap<&str, Vec<&str>> {
        let mut targets: HashMap<&str, Vec<&str>> = HashMap::new();
        for hop in &self.propagations {
            targets.entry(&hop.source).or_default().push(&hop.target);
        }
        targets
    }

    fn roots(&self) -> impl Iterator<Item = &str> {
        let roots = self.groups.iter().filter(|group| group.root_cause);
        roots.map(|group| group.id.as_str())
    }

    /// Seconds from the beginning at which each expected alert begins, in the order of the file.
    pub(super) fn times(&self, dice: &mut Dice) -> Vec<u64> {
        let targets = self.targets();
        let mut reached: HashMap<&str, u64> = self.roots().map(|root| (root, 0)).collect();
        let mut queue: VecDeque<&str> = self.roots().collect();
        while let Some(from) = queue.pop_front() {
            let at = reached.get(from).copied().unwrap_or(0);
            for to in targets.get(from).into_iter().flatten() {
                if !reached.contains_key(to) {
                    reached.insert(to, at + dice.between(HOP_S.0, HOP_S.1));
                    queue.push_back(to);
                }
            }
        }
        // Groups of one service are one thing to a rule: the first of them that is reached.
        let mut services: HashMap<&str, u64> = HashMap::new();
        for (id, at) in &reached {
            if let Some(service) = self.service_of(id) {
                let first = services.entry(service).or_insert(*at);
                *first = (*first).min(*at);
            }
        }
        self.alerts
            .iter()
            .map(|alert| {
                let id = alert.group_id.as_deref().unwrap_or_default();
                let of_service = self.service_of(id).and_then(|name| services.get(name));
                let at = match of_service.or_else(|| reached.get(id)) {
                    Some(at) => *at,
                    None => dice.between(UNREACHED_S.0, UNREACHED_S.1),
                };
                at + dice.between(NOTICED_S.0, NOTICED_S.1)
            })
            .collect()
    }

    /// Where it may rightly be said to begin: the services on the ways from its root cause up to and
    /// with the first that raises an alert.
    pub(super) fn origins(&self) -> BTreeSet<&'static str> {
        let alerting: BTreeSet<&str> = self
            .alerts
            .iter()
            .filter_map(|alert| self.service_of(alert.group_id.as_deref()?))
            .collect();
        let targets = self.targets();
        let mut seen: BTreeSet<&str> = self.roots().collect();
        let mut queue: VecDeque<&str> = self.roots().collect();
        let mut origins = BTreeSet::new();
        while let Some(id) = queue.pop_front() {
            if let Some(service) = self.service_of(id) {
                origins.insert(service);
                if alerting.contains(service) {
                    continue;
                }
            }
            let next = targets.get(id).into_iter().flatten();
            queue.extend(next.filter(|to| seen.insert(to)));
        }
        origins
    }
}
