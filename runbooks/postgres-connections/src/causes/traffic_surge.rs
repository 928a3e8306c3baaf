//! More work than usual, and all of it gets done. No session is to blame.

use interlock_sdk::wire::{Matrix, Session};
use interlock_sdk::{Answer, Found, Item, Items, Report};

use crate::Cause;
use crate::causes::{Case, Judged};
use crate::load::Trend;
use crate::view::View;

/// The rise, and the sessions that do the work.
pub struct TrafficSurge<'v, 'f> {
    view: &'v View<'f>,
    commits: &'f Answer<Matrix>,
    trend: Trend,
    at_work: Items<'f, Session>,
}

/// Judges the view.
pub fn judge<'v, 'f: 'v>(view: &'v View<'f>) -> Judged<'v> {
    let Some((commits, trend)) = view.facts.commits() else {
        return Judged::Open("no commit rate of this server before and now".to_owned());
    };
    if !trend.rises() {
        return Judged::excluded(commits, format!("commits: {}", trend.says()));
    }
    let at_work = view.in_use();
    if at_work.len() * 2 < view.used() {
        let (at_work, used) = (at_work.len(), view.used());
        return Judged::Open(format!(
            "commits rise ({}), and only {at_work} of {used} sessions are at work",
            trend.says()
        ));
    }
    Judged::Speaks(Box::new(TrafficSurge {
        view,
        commits,
        trend,
        at_work,
    }))
}

impl Case for TrafficSurge<'_, '_> {
    fn cause(&self) -> Cause {
        Cause::TrafficSurge
    }

    fn explains(&self) -> usize {
        self.at_work.len()
    }

    fn headline(&self) -> String {
        format!(
            "more work than usual, and it gets done (commits {})",
            self.trend.says()
        )
    }

    fn tell(&self, report: &mut Report) {
        let (view, facts) = (self.view, self.view.facts);
        let (used, at_work) = (view.used(), self.at_work.len());
        let stuck = |s: &Item<'_, Session>| s.idle_in_transaction_for() >= Some(facts.stuck_after);
        let stuck = view.clients.filter(stuck).len();
        report
            .hypothesis(self.cause())
            .path("more requests -> more sessions at work at once -> no slot is left")
            .supports(self.commits, format!("commits: {}", self.trend.says()))
            .supports(
                &self.at_work,
                format!("{at_work} of {used} at work just now"),
            )
            .unless(
                "more sessions wait for a lock than are at work",
                &facts.locks,
                |_| {
                    let waiters = view.queue.as_ref().map_or(0, |queue| queue.waiters());
                    Found::so(waiters > at_work, format!("{waiters} of {used} wait"))
                },
            )
            .unless(
                "more sessions hold transactions and do nothing",
                &facts.sessions,
                |_| Found::so(stuck > at_work, format!("{stuck} of {used} do")),
            );
        report.note("no session is to be ended: each of them gets its work done");
    }
}
