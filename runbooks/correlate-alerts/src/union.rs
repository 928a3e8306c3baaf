//! Sets that only ever grow together.

/// Disjoint sets of `0..n`.
#[derive(Debug)]
pub(crate) struct Union {
    parent: Vec<usize>,
}

impl Union {
    pub(crate) fn new(count: usize) -> Self {
        Self {
            parent: (0..count).collect(),
        }
    }

    /// The set that holds it, by the smallest of its members.
    pub(crate) fn find(&mut self, mut of: usize) -> usize {
        while self.parent[of] != of {
            self.parent[of] = self.parent[self.parent[of]];
            of = self.parent[of];
        }
        of
    }

    /// Puts the two sets together; whether they were apart.
    pub(crate) fn join(&mut self, one: usize, other: usize) -> bool {
        let (one, other) = (self.find(one), self.find(other));
        let (low, high) = (one.min(other), one.max(other));
        self.parent[high] = low;
        low != high
    }
}
