//! Where a case begins: each service that could be its origin, the likeliest first.
//!
//! A candidate earns points for what it explains: alerts of what depends on it (their calls fail), and
//! alerts for want of work of what it calls. Alerts that began clearly before it count little. Its
//! own alerts count too, most of all where they say that it is broken itself; so does a change of
//! it shortly before, and a similar past incident that names it.

use std::collections::HashMap;

use crate::group::{Case, Seen};
use crate::reach::{Step, Walk, Way};
use crate::scene::Scene;
use crate::speaks::Speaks;

/// Candidates among the services that alert: the earliest.
const CANDIDATES_MAX: usize = 48;
/// Candidates among those that do not.
const QUIET_CANDIDATES_MAX: usize = 8;
/// Edges that are followed for one candidate, once its own are.
const EDGES_MAX: usize = 20_000;
/// How far an alert for want of work speaks for what its callers depend on, in percent of how far it
/// speaks for them.
const BY_THE_WAY: u64 = 80;
/// Rules are evaluated at intervals: no order is read into less, in microseconds.
const SLACK: u64 = 60_000_000;

/// Points.
mod points {
    /// For the share of the other services that it explains: all of them.
    pub(super) const EXPLAINS: u64 = 300;
    /// It is broken itself.
    pub(super) const ITSELF: u64 = 150;
    /// Its calls fail.
    pub(super) const CALLS: u64 = 60;
    /// Nothing began clearly before it.
    pub(super) const FIRST: u64 = 60;
    /// Nothing began before it at all.
    pub(super) const VERY_FIRST: u64 = 30;
    /// It was changed shortly before.
    pub(super) const CHANGED: u64 = 80;
    /// A similar past incident names it.
    pub(super) const PAST: u64 = 40;
}

/// A service where a case may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The node.
    pub node: usize,
    /// When its own first alert began; nothing where it is quiet.
    pub first: Option<u64>,
    /// Other services of the case that depend on it, and alert.
    pub above: usize,
    /// Other services of the case that it calls, and that alert for want of work.
    pub below: usize,
    /// Other services of the case whose alerts it does not explain.
    pub beside: Vec<usize>,
    /// A change shortly before, as its place in the answer.
    pub change: Option<u32>,
    /// A past incident that names it, as its place in the answer.
    pub past: Option<u32>,
    /// Points: they order the candidates of one case, and say nothing else.
    pub score: u64,
}

/// The candidates of a case, the likeliest first. None where the topology knows none of its services.
pub fn origins(scene: &Scene, case: &Case) -> Vec<Origin> {
    let seen: HashMap<usize, &Seen> = case.nodes.iter().map(|seen| (seen.node, seen)).collect();
    let mut walk = Walk::new(&scene.nodes);
    let alerting = case.nodes.iter().map(|seen| seen.node);
    let candidates = alerting
        .take(CANDIDATES_MAX)
        .chain(quiet(scene, &seen))
        .collect::<Vec<usize>>();
    let mut origins: Vec<Origin> = candidates
        .into_iter()
        .map(|node| judge(scene, case, &seen, node, &mut walk))
        .collect();
    let name = |origin: &Origin| scene.nodes[origin.node].name.as_str();
    origins.sort_by(|one, other| {
        let first = |origin: &Origin| origin.first.unwrap_or(u64::MAX);
        other
            .score
            .cmp(&one.score)
            .then(first(one).cmp(&first(other)))
            .then_with(|| name(one).cmp(name(other)))
    });
    origins
}

/// Services that do not alert, and that at least half of the case depends on or is called by.
fn quiet(scene: &Scene, seen: &HashMap<usize, &Seen>) -> Vec<usize> {
    if seen.len() < 2 {
        return Vec::new();
    }
    let mut counted: HashMap<usize, usize> = HashMap::new();
    for node in seen.keys().map(|node| &scene.nodes[*node]) {
        for near in node.needs.iter().chain(&node.needed_by) {
            if !seen.contains_key(near) {
                *counted.entry(*near).or_default() += 1;
            }
        }
    }
    let most = |(node, count): (usize, usize)| (count * 2 >= seen.len()).then_some((count, node));
    let mut quiet: Vec<(usize, usize)> = counted.into_iter().filter_map(most).collect();
    quiet.sort_by(|(count, node), (others, other)| {
        let (one, two) = (&scene.nodes[*node], &scene.nodes[*other]);
        let fewer = one.needed_by.len().cmp(&two.needed_by.len());
        others
            .cmp(count)
            .then(fewer)
            .then_with(|| one.name.cmp(&two.name))
    });
    quiet.truncate(QUIET_CANDIDATES_MAX);
    quiet.into_iter().map(|(_, node)| node).collect()
}

/// How much of what depends on a quiet node, or is called by it, alerts, in percent: had it failed, all
/// would.
fn around(scene: &Scene, seen: &HashMap<usize, &Seen>, node: usize) -> u64 {
    let node = &scene.nodes[node];
    let percent = |neighbours: &[usize]| {
        let alerting = neighbours.iter().filter(|near| seen.contains_key(near));
        match neighbours.len() as u64 {
            0 => 0,
            all => alerting.count() as u64 * 100 / all,
        }
    };
    percent(&node.needed_by).max(percent(&node.needs))
}

/// How far an alert of this kind speaks for a dependency, in percent.
fn above(seen: &Seen) -> u64 {
    match (seen.speaks, seen.weakest) {
        (Speaks::OfItsCalls, _) => 100,
        (Speaks::OfItself, Speaks::OfItself) => 50,
        (Speaks::OfItself, _) => 80,
        (Speaks::OfTooLittle, _) => 30,
    }
}

/// How far it speaks for a caller, in percent.
fn below(seen: &Seen) -> u64 {
    match (seen.speaks, seen.weakest) {
        (Speaks::OfTooLittle, _) => 100,
        (_, Speaks::OfTooLittle) => 60,
        _ => 0,
    }
}

fn judge(
    scene: &Scene,
    case: &Case,
    seen: &HashMap<usize, &Seen>,
    node: usize,
    walk: &mut Walk<'_>,
) -> Origin {
    let own = seen.get(&node);
    let began = own.map_or(case.begin, |own| own.first);
    let worth = |of_way: u64, other: &Seen| {
        let clearly_before = other.first.saturating_add(SLACK) < began;
        if clearly_before { of_way / 4 } else { of_way }
    };
    let mut explained: HashMap<usize, (u64, Way)> = HashMap::new();
    let mut failing = vec![node];
    walk.from(&[node], Way::Up, EDGES_MAX, |at| {
        let Some(other) = seen.get(&at) else {
            return Step::Through;
        };
        explained.insert(at, (worth(above(other), other), Way::Up));
        failing.push(at);
        Step::On
    });
    // Whoever fails with it stops calling what it calls.
    for (starts, percent) in [(&failing[..1], 100), (&failing[..], BY_THE_WAY)] {
        walk.from(starts, Way::Down, EDGES_MAX, |at| {
            let Some(other) = seen.get(&at) else {
                return Step::Through;
            };
            let of_way = below(other) * percent / 100;
            if of_way == 0 {
                return Step::Stop; // it has enough to do, and so has what it calls
            }
            let worth = worth(of_way, other);
            let best = explained.entry(at).or_insert((0, Way::Down));
            if worth > best.0 {
                *best = (worth, Way::Down);
            }
            Step::On
        });
    }
    let others = case.nodes.len() - usize::from(own.is_some());
    let worth: u64 = explained.values().map(|(worth, _)| worth).sum();
    let share = match others as u64 * 100 {
        0 => 0,
        all => points::EXPLAINS * worth / all,
    };
    let share = if own.is_some() {
        share
    } else {
        share * around(scene, seen, node) / 100
    };
    let (change, past) = (
        scene.change_before(node, began.saturating_add(SLACK)),
        scene
            .past
            .iter()
            .find(|(nodes, _)| nodes.binary_search(&node).is_ok())
            .map(|(_, item)| *item),
    );
    let itself = own.map_or(0, |own| match own.speaks {
        Speaks::OfItself => points::ITSELF,
        Speaks::OfItsCalls => points::CALLS,
        Speaks::OfTooLittle => 0,
    });
    let is_first = own.is_some() && began <= case.begin.saturating_add(SLACK);
    let if_so = |so: bool, points: u64| if so { points } else { 0 };
    let score = share
        + itself
        + if_so(is_first, points::FIRST)
        + if_so(own.is_some() && began == case.begin, points::VERY_FIRST)
        + if_so(change.is_some(), points::CHANGED)
        + if_so(past.is_some(), points::PAST);
    let counted = |wanted: Way| {
        let of_way = |(_, (worth, way)): &(&usize, &(u64, Way))| *worth > 0 && *way == wanted;
        explained.iter().filter(of_way).count()
    };
    let unexplained = |seen: &&Seen| {
        seen.node != node
            && explained
                .get(&seen.node)
                .is_none_or(|(worth, _)| *worth == 0)
    };
    Origin {
        node,
        first: own.map(|own| own.first),
        above: counted(Way::Up),
        below: counted(Way::Down),
        beside: case
            .nodes
            .iter()
            .filter(unexplained)
            .map(|seen| seen.node)
            .collect(),
        change,
        past,
        score,
    }
}
