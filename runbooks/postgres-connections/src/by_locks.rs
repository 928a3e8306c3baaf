//! A convoy, told by the locks alone: everybody may read them, also a login
//! that may not look into sessions. Who the root is stays unknown, so nothing
//! is ever proposed.

use std::time::Duration;

use interlock_sdk::wire::{Lock, Locks, Settings};
use interlock_sdk::{Answer, Found, Items, Report, said};

use crate::Cause;
use crate::facts::Facts;
use crate::queue::{Queue, Root};

/// Shorter waits are a busy row, not a convoy.
const WAIT_MIN: Duration = Duration::from_secs(5);

/// A queue whose root is a pid and nothing more.
pub(crate) struct ByLocks<'f> {
    facts: &'f Facts,
    settings: &'f Answer<Settings>,
    rows: Items<'f, Lock>,
    root: Root,
    waiters: usize,
    all_waiters: usize,
    longest: Duration,
}

impl<'f> ByLocks<'f> {
    /// A third of the slots wait for one root, and have for a while.
    pub(crate) fn of(facts: &'f Facts) -> Option<Self> {
        let locks: &Answer<Locks> = facts.locks.as_ref().ok()?;
        let settings = facts.settings.as_ref().ok()?;
        let queue = Queue::of(locks, |pid| pid);
        let (root, waiters) = queue.roots().first()?;
        let longest = locks.at().since(queue.since(waiters)?);
        let many = waiters.len() * 3 >= settings.ordinary_slots();
        let long = longest >= facts.at_most(WAIT_MIN * 2) / 2;
        (many && long).then(|| Self {
            facts,
            settings,
            rows: queue.rows_behind(waiters),
            root: *root,
            waiters: waiters.len(),
            all_waiters: queue.waiters(),
            longest,
        })
    }

    /// `17 sessions wait for pid 7`.
    pub(crate) fn headline(&self) -> String {
        let root = match self.root {
            Root::Session(pid) => format!("pid {pid}, of which the locks tell no more"),
            Root::Prepared => "a prepared transaction, which no session holds".to_owned(),
        };
        format!("{} sessions wait for {root}", self.waiters)
    }

    /// Writes the hypothesis.
    pub(crate) fn tell(&self, report: &mut Report) {
        let slots = self.settings.ordinary_slots();
        let (waiters, all) = (self.waiters, self.all_waiters);
        report
            .hypothesis(Cause::LockConvoy)
            .path("one holder -> all that need its lock wait -> their slots are not given back")
            .supports(
                &self.rows,
                format!(
                    "{}, the longest for {}",
                    self.headline(),
                    said(self.longest)
                ),
            )
            .supports(self.settings, format!("{slots} ordinary slots"))
            .unless("the queues end at many roots", &self.facts.locks, |_| {
                Found::so(
                    waiters * 2 < all,
                    format!("{waiters} of {all} waiters: one root"),
                )
            })
            .unless(
                "the root is at work, and will let go",
                &self.facts.sessions,
                |_| Found::cannot_tell("the reader may not look into the sessions"),
            );
        report.note("no session is proposed: what the root is and does could not be read");
    }
}
