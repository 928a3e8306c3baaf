//! Walks over the nodes, level by level, so that neither names nor the order of the answer decide
//! what a bounded walk sees.

use crate::scene::Node;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// To what a node depends on.
    Down,
    /// To what depends on it.
    Up,
}

impl Way {
    pub(crate) fn from(self, node: &Node) -> &[usize] {
        match self {
            Way::Down => &node.needs,
            Way::Up => &node.needed_by,
        }
    }
}

/// What a walk does at a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Goes on, and the way through quiet nodes begins anew.
    On,
    /// Goes on while not too many quiet nodes lie in a row.
    Through,
    /// Goes no further from here.
    Stop,
}

/// Quiet nodes in a row that an effect is taken to pass through.
pub(crate) const QUIET_MAX: usize = 2;

/// A walk that may be taken many times over the same nodes.
pub(crate) struct Walk<'n> {
    nodes: &'n [Node],
    seen: Vec<u32>,
    round: u32,
    level: Vec<(usize, usize)>,
    next: Vec<(usize, usize)>,
}

impl<'n> Walk<'n> {
    pub(crate) fn new(nodes: &'n [Node]) -> Self {
        Self {
            nodes,
            seen: vec![0; nodes.len()],
            round: 0,
            level: Vec::new(),
            next: Vec::new(),
        }
    }

    /// From the neighbours of these nodes on, each node once, the nearest first. The first level is
    /// always looked at; a further one only where no more than `edges_max` edges have been followed.
    pub(crate) fn from(
        &mut self,
        starts: &[usize],
        way: Way,
        edges_max: usize,
        mut at: impl FnMut(usize) -> Step,
    ) {
        if self.round == u32::MAX {
            self.seen.fill(0);
            self.round = 0;
        }
        self.round += 1;
        let mut edges = 0;
        self.level.clear();
        for &start in starts {
            self.seen[start] = self.round;
            self.level.push((start, 0));
        }
        while !self.level.is_empty() {
            let of_level: usize = self
                .level
                .iter()
                .map(|(node, _)| way.from(&self.nodes[*node]).len())
                .sum();
            if edges > 0 && edges + of_level > edges_max {
                return;
            }
            edges += of_level;
            self.next.clear();
            for index in 0..self.level.len() {
                let (node, quiet) = self.level[index];
                for &to in way.from(&self.nodes[node]) {
                    if self.seen[to] == self.round {
                        continue;
                    }
                    self.seen[to] = self.round;
                    match at(to) {
                        Step::On => self.next.push((to, 0)),
                        Step::Through if quiet < QUIET_MAX => self.next.push((to, quiet + 1)),
                        Step::Through | Step::Stop => {}
                    }
                }
            }
            std::mem::swap(&mut self.level, &mut self.next);
        }
    }
}
