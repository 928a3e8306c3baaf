//! Who waits for whom, walked to the end: the server names direct blockers
//! only, and a waiter in the queue blocks those behind it though it holds
//! nothing that conflicts.

use std::collections::{BTreeMap, BTreeSet};

use interlock_sdk::wire::{Lock, Locks};
use interlock_sdk::{Answer, Items, Time};

/// Where a queue ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Root {
    /// A session that waits for no lock.
    Session(i32),
    /// A prepared transaction: no session holds it.
    Prepared,
}

/// The waiting sessions, and where their queues end.
#[derive(Debug, Clone)]
pub struct Queue<'f> {
    blockers: BTreeMap<i32, BTreeSet<i32>>,
    roots: Vec<(Root, BTreeSet<i32>)>,
    waiting: Items<'f, Lock>,
}

impl<'f> Queue<'f> {
    /// Reads the locks. A parallel worker stands for its leader: `leader` gives it.
    pub fn of(locks: &'f Answer<Locks>, leader: impl Fn(i32) -> i32) -> Self {
        let waiting = locks.items().filter(|lock| lock.waits());
        let mut blockers: BTreeMap<i32, BTreeSet<i32>> = BTreeMap::new();
        for lock in waiting.iter() {
            // Only sessions wait: a prepared transaction has all that it will ever hold.
            let Some(waiter) = lock.pid.map(&leader) else {
                continue;
            };
            let direct = lock
                .blocked_by
                .iter()
                .map(|&pid| if pid == 0 { 0 } else { leader(pid) });
            blockers
                .entry(waiter)
                .or_default()
                .extend(direct.filter(|&pid| pid != waiter));
        }
        let mut roots: BTreeMap<Root, BTreeSet<i32>> = BTreeMap::new();
        for &waiter in blockers.keys() {
            for root in roots_of(waiter, &blockers) {
                roots.entry(root).or_default().insert(waiter);
            }
        }
        let mut roots: Vec<_> = roots.into_iter().collect();
        roots.sort_by_key(|(_, waiters)| std::cmp::Reverse(waiters.len()));
        Self {
            blockers,
            roots,
            waiting,
        }
    }

    /// The sessions that wait.
    pub fn waiters(&self) -> usize {
        self.blockers.len()
    }

    /// Whether this session waits.
    pub fn waits(&self, pid: i32) -> bool {
        self.blockers.contains_key(&pid)
    }

    /// The roots, with the sessions that wait for each; most waiters first.
    pub fn roots(&self) -> &[(Root, BTreeSet<i32>)] {
        &self.roots
    }

    /// The sessions that others wait for and that wait for nobody.
    pub fn sessions_at_roots(&self) -> Vec<i32> {
        let session = |root: &Root| match root {
            Root::Session(pid) => Some(*pid),
            Root::Prepared => None,
        };
        self.roots
            .iter()
            .filter_map(|(root, _)| session(root))
            .collect()
    }

    /// The rows of those that wait for a root, through however many others.
    pub fn rows_behind(&self, waiters: &BTreeSet<i32>) -> Items<'f, Lock> {
        self.waiting
            .filter(|lock| lock.pid.is_some_and(|pid| waiters.contains(&pid)))
    }

    /// Those that stand between the root and others: they wait, and are waited for.
    pub fn between(&self, waiters: &BTreeSet<i32>) -> Vec<i32> {
        let waited_for: BTreeSet<i32> = self.blockers.values().flatten().copied().collect();
        waiters
            .iter()
            .copied()
            .filter(|pid| waited_for.contains(pid))
            .collect()
    }

    /// Since when the longest of them waits.
    pub fn since(&self, waiters: &BTreeSet<i32>) -> Option<Time> {
        let rows = self.rows_behind(waiters);
        rows.iter()
            .filter_map(|lock| lock.waitstart)
            .min()
            .map(Time::from_micros)
    }
}

/// Every root of one waiter. A ring of waiters has none: the server breaks it.
fn roots_of(waiter: i32, blockers: &BTreeMap<i32, BTreeSet<i32>>) -> BTreeSet<Root> {
    let mut seen = BTreeSet::from([waiter]);
    let mut ahead = vec![waiter];
    let mut roots = BTreeSet::new();
    while let Some(pid) = ahead.pop() {
        match blockers.get(&pid) {
            Some(direct) if !direct.is_empty() => {
                for &next in direct {
                    if next == 0 {
                        roots.insert(Root::Prepared);
                    } else if seen.insert(next) {
                        ahead.push(next);
                    }
                }
            }
            // It waits, and the server did not say for whom: no root is known.
            Some(_) => {}
            None => {
                roots.insert(Root::Session(pid));
            }
        }
    }
    roots
}
