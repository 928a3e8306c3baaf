//! Many sessions wait, directly or through others, for one holder.
//!
//! The root is what the queue ends at: never a waiter, however much waits for
//! it. Only a client's session that may be signalled can be ended for it; a
//! prepared transaction has no session at all.

use std::collections::BTreeSet;
use std::time::Duration;

use interlock_sdk::wire::{Change, Lock, PreparedTransaction, Session};
use interlock_sdk::{Found, Item, Items, Report, State, said};

use crate::Cause;
use crate::causes::{Case, Judged, unless_surging};
use crate::queue::{Queue, Root};
use crate::sessions::{may_be_ended, says_backup, says_report, whose};
use crate::stuck::{Stuck, StuckSession};
use crate::view::View;

/// A holder that fell idle more recently may be at work between two statements.
const ROOT_IDLE_MIN: Duration = Duration::from_secs(15);
/// Shorter waits are a busy row, not a convoy.
const WAIT_MIN: Duration = Duration::from_secs(5);
/// A change this long before the first wait may have started it.
const TRIGGER_BEFORE: Duration = Duration::from_secs(3600);

/// What the queue ends at.
enum Holder<'f> {
    /// The locks could not be read: waiters are seen, the root is not.
    Unknown,
    Prepared,
    Session(Item<'f, Session>),
    /// It had ended when the sessions were read, or they were read before it began.
    NotSeen(i32),
}

/// A queue, and its root.
pub struct LockConvoy<'v, 'f> {
    view: &'v View<'f>,
    holder: Holder<'f>,
    waiters: usize,
    all_waiters: usize,
    rows: Option<Items<'f, Lock>>,
    longest: Option<Duration>,
    between: Vec<i32>,
}

/// Judges the view.
pub fn judge<'v, 'f: 'v>(view: &'v View<'f>) -> Judged<'v> {
    let Some(queue) = &view.queue else {
        return without_locks(view);
    };
    let total = queue.waiters();
    let says = |waiters| format!("{waiters} of {} wait for a lock", view.used_at_most());
    let Some((root, waiters)) = queue.roots().first() else {
        return match (&view.facts.locks, total) {
            (Ok(locks), 0) => Judged::excluded(locks, says(0)),
            _ => Judged::Open(format!("{}, and for whom is not told", says(total))),
        };
    };
    if !view.is_a_share(waiters.len()) {
        return match &view.facts.locks {
            Ok(locks) => Judged::excluded(locks, format!("{}: too few", says(waiters.len()))),
            Err(_) => Judged::Open(says(waiters.len())),
        };
    }
    let longest = longest_wait(view, queue, waiters);
    if longest.is_some_and(|longest| longest < wait_min(view)) {
        let longest = said(longest.unwrap_or_default());
        return Judged::Open(format!(
            "{}, none for longer than {longest}",
            says(waiters.len())
        ));
    }
    let session = |pid: i32| view.sessions.items().filter(|s| s.pid == pid).first();
    let holder = match *root {
        Root::Prepared => Holder::Prepared,
        Root::Session(pid) => session(pid).map_or(Holder::NotSeen(pid), Holder::Session),
    };
    Judged::Speaks(Box::new(LockConvoy {
        view,
        holder,
        waiters: waiters.len(),
        all_waiters: total,
        rows: Some(queue.rows_behind(waiters)),
        longest,
        between: queue.between(waiters),
    }))
}

fn without_locks<'v, 'f: 'v>(view: &'v View<'f>) -> Judged<'v> {
    let waiting = view.clients.filter(|session| session.waits_for_a_lock());
    if waiting.is_empty() && view.unseen.is_empty() {
        return Judged::excluded(view.sessions, "no session waits for a lock");
    }
    if !view.is_a_share(waiting.len()) {
        return Judged::Open("the locks could not be read".to_owned());
    }
    let longest = waiting
        .iter()
        .filter_map(|session| Some(session.at().since(session.statement_began()?)))
        .max();
    Judged::Speaks(Box::new(LockConvoy {
        view,
        holder: Holder::Unknown,
        waiters: waiting.len(),
        all_waiters: waiting.len(),
        rows: None,
        longest,
        between: Vec::new(),
    }))
}

fn wait_min(view: &View<'_>) -> Duration {
    view.facts.at_most(WAIT_MIN * 2) / 2
}

/// By the locks where they say (14 and later), else by the statements that wait.
fn longest_wait(view: &View<'_>, queue: &Queue<'_>, waiters: &BTreeSet<i32>) -> Option<Duration> {
    let at = view.sessions.at();
    let by_locks = queue.since(waiters).map(|since| at.since(since));
    let waits = |s: &Item<'_, Session>| waiters.contains(&s.pid);
    let statements = view.sessions.items().filter(waits);
    by_locks.or_else(|| {
        statements
            .iter()
            .filter_map(|s| Some(at.since(s.statement_began()?)))
            .max()
    })
}

/// Why the root is not to be ended; nothing where it may be.
fn why_not(root: &Item<'_, Session>, view: &View<'_>) -> Option<String> {
    if !root.is_client() {
        let what = root
            .backend_type
            .as_deref()
            .unwrap_or("a session of a kind that is not told");
        return Some(format!("it is {what}, no client"));
    }
    match root.superuser {
        Some(true) => return Some("its role is a superuser's: it cannot be signalled".to_owned()),
        None => return Some("whether its role is a superuser's is not told".to_owned()),
        Some(false) => {}
    }
    let rests = root.idle_in_transaction_for() >= Some(view.facts.stuck_after);
    // A report that has done nothing for so long is none that runs.
    if says_backup(root) || (says_report(root) && !rests) {
        return Some("it looks like a backup or a report that must not be cut short".to_owned());
    }
    if !may_be_ended(root) {
        return Some("it is Interlock's own or the exporter's".to_owned());
    }
    if root.waits_for_a_lock() {
        return Some("it waits for a lock itself by now".to_owned());
    }
    let needed = match root.doing() {
        Some(State::IdleInTransaction | State::IdleInTransactionAborted) => {
            let least = view.facts.at_most(ROOT_IDLE_MIN);
            (root.idle_in_transaction_for()? < least).then_some(least)
        }
        Some(State::Active) => {
            let age = root.in_transaction_for().unwrap_or_default();
            (age < view.facts.stuck_after).then_some(view.facts.stuck_after)
        }
        Some(State::Idle) => {
            return Some("it is idle outside a transaction: what it holds is meant".to_owned());
        }
        _ => return Some("what it does is not told".to_owned()),
    };
    needed.map(|needed| format!("it does so for less than {}", said(needed)))
}

fn doing(root: &Item<'_, Session>) -> String {
    let since = root
        .idle_in_transaction_for()
        .or_else(|| root.in_transaction_for());
    let since = since
        .map(|since| format!(" for {}", said(since)))
        .unwrap_or_default();
    format!(
        "{}{since}",
        root.state.as_deref().unwrap_or("state not told")
    )
}

impl<'f> LockConvoy<'_, 'f> {
    fn root(&self) -> String {
        match &self.holder {
            Holder::Unknown => "a holder that could not be read".to_owned(),
            Holder::Prepared => "a prepared transaction, which no session holds".to_owned(),
            Holder::NotSeen(pid) => format!("pid {pid}, which the sessions no longer show"),
            Holder::Session(root) => {
                format!("pid {} ({}; {})", root.pid, whose(root), doing(root))
            }
        }
    }

    fn longest(&self) -> String {
        let longest = self
            .longest
            .map(|longest| format!(", the longest for {}", said(longest)));
        longest.unwrap_or_default()
    }

    fn to_end(&self) -> Option<Item<'f, Session>> {
        match &self.holder {
            Holder::Session(root) if why_not(root, self.view).is_none() => Some(*root),
            _ => None,
        }
    }

    /// The prepared transactions that hold what is waited for; all of them where
    /// the locks do not tell which.
    fn prepared(&self, all: Items<'f, PreparedTransaction>) -> Items<'f, PreparedTransaction> {
        let (Some(rows), Ok(locks)) = (&self.rows, &self.view.facts.locks) else {
            return all;
        };
        let waited_for = |held: &Item<'_, Lock>| {
            held.pid.is_none()
                && rows.iter().any(|row| {
                    let relation = row.relation.is_some() && row.relation == held.relation;
                    relation || (row.transaction.is_some() && row.transaction == held.transaction)
                })
        };
        let held = locks.items().filter(|lock| waited_for(lock));
        let holds = |p: &Item<'_, PreparedTransaction>| {
            held.iter()
                .any(|lock| lock.transaction.as_ref() == Some(&p.transaction))
        };
        Some(all.filter(|p| holds(p)))
            .filter(|some| !some.is_empty())
            .unwrap_or(all)
    }

    /// A migration or a deployment shortly before the first wait: shown beside.
    fn triggers(&self) -> Option<Items<'f, Change>> {
        let changes = self.view.facts.changes.as_ref().ok()?;
        let began = self.view.facts.now - self.longest?;
        let near = |change: &Item<'_, Change>| {
            let at = interlock_sdk::Time::from_micros(change.at);
            change.kind == "migration"
                && at <= began + WAIT_MIN
                && began.since(at) <= TRIGGER_BEFORE
        };
        Some(changes.items().filter(near)).filter(|changes| !changes.is_empty())
    }

    fn notes(&self, report: &mut Report) {
        if !self.between.is_empty() {
            let pids: Vec<String> = self.between.iter().take(5).map(i32::to_string).collect();
            let pids = pids.join(", ");
            report.note(format!(
                "pid {pids} waits too, and others behind it: it is no root, and ending it would \
                 not free what the root holds"
            ));
        }
        match &self.holder {
            Holder::Session(root) => match why_not(root, self.view) {
                Some(why) => report.note(format!("pid {} is not proposed: {why}", root.pid)),
                None if root.doing() == Some(State::Active) => report.note(format!(
                    "pid {} is at work: its statement is rolled back when it is ended",
                    root.pid
                )),
                None => {}
            },
            Holder::Prepared => report.note(
                "no session can be ended for a prepared transaction: its owner decides on COMMIT \
                 PREPARED or ROLLBACK PREPARED",
            ),
            Holder::NotSeen(_) | Holder::Unknown => {}
        }
    }
}

impl Case for LockConvoy<'_, '_> {
    fn cause(&self) -> Cause {
        Cause::LockConvoy
    }

    fn explains(&self) -> usize {
        self.waiters
    }

    fn headline(&self) -> String {
        format!("{} sessions wait for {}", self.waiters, self.root())
    }

    fn tell(&self, report: &mut Report) {
        let (view, facts) = (self.view, self.view.facts);
        let (waiters, total) = (self.waiters, self.all_waiters);
        let used = view.used_at_most();
        let mut hypothesis = report
            .hypothesis(self.cause())
            .path("one holder -> all that need its lock wait -> their slots are not given back");
        let says = format!(
            "{waiters} of {used} wait, directly or through others, for {}{}",
            self.root(),
            self.longest()
        );
        hypothesis = match &self.rows {
            Some(rows) => hypothesis.supports(rows, says),
            None => hypothesis.supports(&view.clients.filter(|s| s.waits_for_a_lock()), says),
        };
        match (&self.holder, &facts.prepared) {
            (Holder::Session(root), _) => {
                hypothesis = hypothesis.supports(root, format!("the root: {}", self.root()));
            }
            (Holder::Prepared, Ok(prepared)) if !prepared.is_empty() => {
                let prepared = self.prepared(prepared.items());
                let gids: Vec<String> = prepared
                    .iter()
                    .map(|p| format!("`{}` of `{}`", p.gid, p.owner))
                    .collect();
                let says = format!("prepared and not ended: {}", gids.join(", "));
                hypothesis = hypothesis.supports(&prepared, says);
            }
            _ => {}
        }
        if let Some(triggers) = self.triggers() {
            let says = "a migration shortly before: a hint, not a proof";
            hypothesis = hypothesis.supports(&triggers, says);
        }
        hypothesis = hypothesis
            .unless("the queues end at many roots", &facts.locks, |_| {
                Found::so(
                    waiters * 2 < total,
                    format!("{waiters} of {total} waiters: one root"),
                )
            })
            .unless("the waits are short", &facts.sessions, |_| {
                match self.longest {
                    Some(longest) => Found::so(
                        longest < wait_min(view),
                        format!("the longest for {}", said(longest)),
                    ),
                    None => Found::cannot_tell("since when they wait is not told"),
                }
            });
        unless_surging(hypothesis, view, waiters);
        self.notes(report);
    }

    fn stuck(&self) -> Option<Stuck> {
        let root = self.to_end()?;
        Some(Stuck {
            cause: "lock_convoy".to_owned(),
            only_while_waited_for: true,
            sessions: vec![StuckSession::of(&root)],
        })
    }
}
