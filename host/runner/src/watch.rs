//! Whoever watches a run: the command line's progress line, a server's events.

use interlock_gate::ids::RunId;

/// Told what happens while it happens. What it does must not fail or wait.
pub trait Watch: Send + Sync {
    /// The journal holds the run's opening: it can be looked up by its id from now on.
    fn opened(&self, _run: &RunId) {}

    /// A step begins.
    fn step(&self, name: &str);

    /// So many of the step's calls are answered, of so many asked; told at most a few times a
    /// second, and only of a step that takes a while.
    fn calls(&self, _answered: u64, _asked: u64) {}

    /// The host waits: for a verify step's `wait`, say.
    fn waiting(&self, what: &str, seconds: u64);

    /// An act is about to happen: `index` of `total`, from 1.
    fn act(&self, index: usize, total: usize);
}

/// Nobody watches.
#[derive(Clone, Copy, Debug)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn step(&self, _name: &str) {}

    fn waiting(&self, _what: &str, _seconds: u64) {}

    fn act(&self, _index: usize, _total: usize) {}
}
