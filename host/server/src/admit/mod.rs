//! Who is calling, and how much of it they may do.

use interlock_runner::caller::Caller;

/// A caller that a door let in.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// As runs and plans carry them, with the person who stands behind them.
    pub caller: Caller,
    /// May read and nothing else: the page's token.
    pub read_only: bool,
    /// Globs over the names of the runbooks that they may start; empty means none.
    pub runbooks: Vec<String>,
    /// Limits on how much they may ask.
    pub limits: Limits,
}

/// How much one caller may ask. Over any of them is refused at once, never queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Calls of any kind within a minute.
    pub calls_per_minute: u32,
    /// Runs started within a minute.
    pub runs_per_minute: u32,
    /// Runs that go on at the same time.
    pub runs_at_once: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            calls_per_minute: 600,
            runs_per_minute: 60,
            runs_at_once: 8,
        }
    }
}
