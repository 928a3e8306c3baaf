//! From alerts to cases.
//!
//! Alerts of one service that begin within the window of each other are one *episode*. Two episodes
//! belong together where no more than the window lies between them, and
//! - one service depends on the other, directly or through a few services that are quiet; or
//! - both depend on one that most of its dependents alert with; or
//! - both are called by one, and most of what it calls gets too little to do; or
//! - a similar past incident names both.
//!
//! Alerts of services that the topology does not know belong together by the equal name, and where
//! there is no topology at all, by the time alone.

use std::collections::{HashMap, HashSet};

use crate::place::Place;
use crate::reach::{Step, Walk, Way};
use crate::scene::Scene;
use crate::speaks::Speaks;
use crate::union::Union;

/// Edges that are followed from one episode, once its own are.
const EDGES_MAX: usize = 256;

/// What links the alerts of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// One service, or services that the topology links, or that history does.
    Topology,
    /// A service that the topology does not know, by its name.
    Name(String),
    /// The time alone.
    Time,
}

/// A node of a case: when it began to alert, and the most that its alerts say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The node.
    pub node: usize,
    /// When its first alert began.
    pub first: u64,
    /// How many alerts it has.
    pub alerts: usize,
    /// The strongest word among them.
    pub speaks: Speaks,
    /// The weakest.
    pub weakest: Speaks,
}

/// Alerts that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The alerts, by when they began.
    pub alerts: Vec<usize>,
    /// The nodes, by when they began to alert.
    pub nodes: Vec<Seen>,
    /// When the first alert began.
    pub begin: u64,
    /// What links them.
    pub link: Link,
    /// Whether a similar past incident was needed to put its parts together.
    pub by_history: bool,
}

/// Why an alert is in no case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// No label names a service.
    NoName,
    /// It is the only one of a service that the topology does not know.
    Unknown(String),
    /// Without a topology, and nothing else began near it.
    Alone,
}

/// Every alert, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouped {
    /// The largest first; of equal ones that which began first.
    pub cases: Vec<Case>,
    /// The rest, in the order of the answer.
    pub unplaced: Vec<(usize, Why)>,
}

/// Groups the alerts of a scene.
pub fn group(scene: &Scene) -> Grouped {
    let mut order: Vec<usize> = (0..scene.alerts.len()).collect();
    order.sort_by_key(|alert| (scene.alerts[*alert].at, *alert));
    let mut grouped = if scene.mapped {
        by_topology(scene, &order)
    } else {
        by_time(scene, &order)
    };
    let name = |case: &Case| case.nodes.first().map(|seen| &*scene.nodes[seen.node].name);
    grouped.cases.sort_by(|one, other| {
        let size = other.alerts.len().cmp(&one.alerts.len());
        size.then(one.begin.cmp(&other.begin))
            .then_with(|| name(one).cmp(&name(other)))
    });
    grouped.unplaced.sort_by_key(|(alert, _)| *alert);
    grouped
}

/// Cuts alerts, sorted by time, where more than the window lies between two.
fn runs<'a>(scene: &'a Scene, alerts: &'a [usize]) -> impl Iterator<Item = &'a [usize]> + use<'a> {
    alerts.chunk_by(|one, other| {
        let (one, other) = (scene.alerts[*one].at, scene.alerts[*other].at);
        other.saturating_sub(one) <= scene.window
    })
}

fn by_time(scene: &Scene, order: &[usize]) -> Grouped {
    let mut grouped = Grouped {
        cases: Vec::new(),
        unplaced: Vec::new(),
    };
    for run in runs(scene, order) {
        match run {
            [alone] => grouped.unplaced.push((*alone, Why::Alone)),
            run => grouped.cases.push(Case {
                alerts: run.to_vec(),
                nodes: Vec::new(),
                begin: scene.alerts[run[0]].at,
                link: Link::Time,
                by_history: false,
            }),
        }
    }
    grouped
}

fn by_topology(scene: &Scene, order: &[usize]) -> Grouped {
    let mut at_node: Vec<Vec<usize>> = vec![Vec::new(); scene.nodes.len()];
    let mut named: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut unplaced = Vec::new();
    for &alert in order {
        match &scene.alerts[alert].place {
            Place::At(node) => at_node[*node].push(alert),
            Place::Named(name) => named.entry(name).or_default().push(alert),
            Place::Nowhere => unplaced.push((alert, Why::NoName)),
        }
    }
    let episodes = Episodes::of(scene, &at_node);
    let mut cases = episodes.cases(scene);
    for (name, alerts) in named {
        for run in runs(scene, &alerts) {
            match run {
                [alone] => unplaced.push((*alone, Why::Unknown(name.to_owned()))),
                run => cases.push(Case {
                    alerts: run.to_vec(),
                    nodes: Vec::new(),
                    begin: scene.alerts[run[0]].at,
                    link: Link::Name(name.to_owned()),
                    by_history: false,
                }),
            }
        }
    }
    Grouped { cases, unplaced }
}

/// Alerts of one node that follow each other within the window.
#[derive(Debug)]
struct Episode<'a> {
    node: usize,
    begin: u64,
    end: u64,
    starved: bool,
    alerts: &'a [usize],
}

/// All of them, by node, then time.
struct Episodes<'a> {
    all: Vec<Episode<'a>>,
    /// Where the episodes of a node begin; one more than there are nodes.
    from: Vec<usize>,
    window: u64,
}

impl<'a> Episodes<'a> {
    fn of(scene: &'a Scene, at_node: &'a [Vec<usize>]) -> Self {
        let mut all = Vec::new();
        let mut from = Vec::with_capacity(at_node.len() + 1);
        for (node, alerts) in at_node.iter().enumerate() {
            from.push(all.len());
            for run in runs(scene, alerts) {
                let (first, last) = (run[0], run[run.len() - 1]);
                all.push(Episode {
                    node,
                    begin: scene.alerts[first].at,
                    end: scene.alerts[last].at,
                    starved: run
                        .iter()
                        .any(|alert| scene.alerts[*alert].speaks == Speaks::OfTooLittle),
                    alerts: run,
                });
            }
        }
        from.push(all.len());
        Self {
            all,
            from,
            window: scene.window,
        }
    }

    /// The episodes of a node that no more than the window lies between and this one.
    fn near(&self, of: &Episode<'_>, node: usize) -> std::ops::Range<usize> {
        let (from, until) = (self.from[node], self.from[node + 1]);
        let there = &self.all[from..until];
        let earliest = of.begin.saturating_sub(self.window);
        let latest = of.end.saturating_add(self.window);
        let first = there.partition_point(|episode| episode.end < earliest);
        let after = there.partition_point(|episode| episode.begin <= latest);
        from + first..from + after.max(first)
    }

    fn cases(&self, scene: &Scene) -> Vec<Case> {
        let mut sets = Union::new(self.all.len());
        self.join_along_dependencies(scene, &mut sets);
        for node in &scene.nodes {
            self.join_most(&node.needed_by, |_| true, &mut sets);
            self.join_most(&node.needs, |episode| episode.starved, &mut sets);
        }
        let by_history = self.join_remembered(scene, &mut sets);
        let mut members: HashMap<usize, Vec<usize>> = HashMap::new();
        for episode in 0..self.all.len() {
            members.entry(sets.find(episode)).or_default().push(episode);
        }
        let remembered: HashSet<usize> = by_history.into_iter().map(|one| sets.find(one)).collect();
        members
            .into_iter()
            .map(|(set, episodes)| self.case(scene, &episodes, remembered.contains(&set)))
            .collect()
    }

    fn join_along_dependencies(&self, scene: &Scene, sets: &mut Union) {
        let mut walk = Walk::new(&scene.nodes);
        for (index, episode) in self.all.iter().enumerate() {
            walk.from(&[episode.node], Way::Down, EDGES_MAX, |node| {
                let near = self.near(episode, node);
                if near.is_empty() {
                    return Step::Through;
                }
                for other in near {
                    sets.join(index, other);
                }
                Step::Stop // what lies behind it is its own to find
            });
        }
    }

    /// Joins what alerts together among the neighbours of one node, where it is at least half of
    /// them: what they share is then the likelier reason than chance.
    fn join_most(
        &self,
        neighbours: &[usize],
        counts: impl Fn(&Episode<'_>) -> bool,
        sets: &mut Union,
    ) {
        if neighbours.len() < 2 {
            return;
        }
        let mut episodes: Vec<usize> = neighbours
            .iter()
            .flat_map(|node| self.from[*node]..self.from[*node + 1])
            .filter(|episode| counts(&self.all[*episode]))
            .collect();
        self.each_run(&mut episodes, |run| {
            let mut nodes: Vec<usize> = run.iter().map(|one| self.all[*one].node).collect();
            nodes.sort_unstable();
            nodes.dedup();
            if nodes.len() >= 2 && nodes.len() * 2 >= neighbours.len() {
                for pair in run.windows(2) {
                    sets.join(pair[0], pair[1]);
                }
            }
        });
    }

    /// Joins what a past incident names together; gives an episode of each set that this changed.
    fn join_remembered(&self, scene: &Scene, sets: &mut Union) -> Vec<usize> {
        let mut changed = Vec::new();
        for (nodes, _) in &scene.past {
            let mut episodes: Vec<usize> = nodes
                .iter()
                .flat_map(|node| self.from[*node]..self.from[*node + 1])
                .collect();
            self.each_run(&mut episodes, |run| {
                for pair in run.windows(2) {
                    if sets.join(pair[0], pair[1]) {
                        changed.push(pair[0]);
                    }
                }
            });
        }
        changed
    }

    /// Sorts by time, and gives each stretch in which no gap is longer than the window.
    fn each_run(&self, episodes: &mut [usize], mut each: impl FnMut(&[usize])) {
        episodes.sort_by_key(|episode| (self.all[*episode].begin, *episode));
        let mut from = 0;
        let mut end = 0;
        for index in 0..episodes.len() {
            let episode = &self.all[episodes[index]];
            if index > from && episode.begin.saturating_sub(end) > self.window {
                each(&episodes[from..index]);
                from = index;
                end = 0;
            }
            end = end.max(episode.end);
        }
        if from < episodes.len() {
            each(&episodes[from..]);
        }
    }

    fn case(&self, scene: &Scene, episodes: &[usize], by_history: bool) -> Case {
        let mut alerts: Vec<usize> = Vec::new();
        let mut nodes: Vec<Seen> = Vec::new();
        // By node, then time: the episodes of one node are next to each other.
        for episode in episodes.iter().map(|one| &self.all[*one]) {
            alerts.extend_from_slice(episode.alerts);
            let words = || episode.alerts.iter().map(|one| scene.alerts[*one].speaks);
            let strongest = words().max().unwrap_or(Speaks::OfItsCalls);
            let weakest = words().min().unwrap_or(Speaks::OfItsCalls);
            match nodes.last_mut() {
                Some(seen) if seen.node == episode.node => {
                    seen.alerts += episode.alerts.len();
                    seen.speaks = seen.speaks.max(strongest);
                    seen.weakest = seen.weakest.min(weakest);
                }
                _ => nodes.push(Seen {
                    node: episode.node,
                    first: episode.begin,
                    alerts: episode.alerts.len(),
                    speaks: strongest,
                    weakest,
                }),
            }
        }
        alerts.sort_by_key(|alert| (scene.alerts[*alert].at, *alert));
        nodes.sort_by(|one, other| {
            let names = || {
                scene.nodes[one.node]
                    .name
                    .cmp(&scene.nodes[other.node].name)
            };
            one.first.cmp(&other.first).then_with(names)
        });
        Case {
            begin: nodes.first().map_or(0, |seen| seen.first),
            alerts,
            nodes,
            link: Link::Topology,
            by_history,
        }
    }
}
