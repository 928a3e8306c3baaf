//! How far a run's calls are, for whoever watches it from outside.
//! Not a record: nothing of it is kept, and no step sees it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Counts of one step's calls; every clone counts the same ones.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    asked: AtomicU64,
    answered: AtomicU64,
}

impl Progress {
    /// Calls that were asked.
    pub fn asked(&self) -> u64 {
        self.0.asked.load(Ordering::Relaxed)
    }

    /// Calls of which the answer, or the lack of one, is known.
    pub fn answered(&self) -> u64 {
        self.0.answered.load(Ordering::Relaxed)
    }

    pub(crate) fn one_asked(&self) {
        self.0.asked.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn one_answered(&self) {
        self.0.answered.fetch_add(1, Ordering::Relaxed);
    }
}
