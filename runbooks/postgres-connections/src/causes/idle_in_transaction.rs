//! Sessions of one role sit idle in a transaction, and others starve.
//!
//! Failed transactions count: they have no `xact_start`, so the age is taken
//! from when the session last did something.

use interlock_sdk::wire::{Change, Session};
use interlock_sdk::{Found, Item, Items, Report, State, Time, said};

use crate::Cause;
use crate::causes::{Case, Judged, unless_surging};
use crate::queue::Root;
use crate::sessions::{may_be_signalled, role, says_backup, says_exporter, says_report, whose};
use crate::stuck::{SESSIONS_MAX, Stuck, StuckSession};
use crate::view::View;

/// The sessions that are stuck, and those among them that may be ended.
pub struct IdleInTransaction<'v, 'f> {
    view: &'v View<'f>,
    stuck: Items<'f, Session>,
    /// Idle in a transaction as long, and spared.
    spared: Items<'f, Session>,
    to_end: Items<'f, Session>,
}

/// Judges the view.
pub fn judge<'v, 'f: 'v>(view: &'v View<'f>) -> Judged<'v> {
    let beyond =
        |s: &Item<'_, Session>| s.idle_in_transaction_for() >= Some(view.facts.stuck_after);
    let all = view
        .clients
        .filter(|s| !s.ours && s.role.is_some() && beyond(s));
    let idle = all.filter(|s| !shares_a_running_snapshot(s, view));
    let idle = without_few_long_works(&idle, view);
    let by_database = |s: &Item<'_, Session>| (s.role.clone(), s.database.clone());
    let mut stuck = shares(&idle, view, by_database);
    if stuck.is_empty() {
        // One application in the databases of many tenants.
        stuck = shares(&idle, view, |s| s.role.clone());
    }
    if stuck.is_empty() {
        let (used, after) = (view.used(), said(view.facts.stuck_after));
        let says = format!(
            "{} of {used} idle in a transaction for {after} or more",
            all.len()
        );
        let in_any = view.clients.filter(|s| s.is_idle_in_transaction()).len();
        return if view.is_a_share(in_any) {
            Judged::Open(format!("{says}, {in_any} in all"))
        } else if view.unseen.is_empty() {
            Judged::excluded(view.sessions, says)
        } else {
            Judged::Open(format!("{says}, as far as the reader may look"))
        };
    }
    let roles: Vec<_> = stuck.iter().map(|s| s.role.clone()).collect();
    let is_stuck = |s: &Item<'_, Session>| stuck.iter().any(|stuck| stuck.pid == s.pid);
    let to_end = stuck.filter(|s| may_be_signalled(s));
    let is_spared = |s: &Item<'_, Session>| !is_stuck(s) || !may_be_signalled(s);
    let spared = all.filter(|s| roles.contains(&s.role) && is_spared(s));
    Judged::Speaks(Box::new(IdleInTransaction {
        view,
        stuck,
        spared,
        to_end,
    }))
}

/// The groups by `key` that are large enough to explain the incident.
fn shares<'f, K: PartialEq + Eq + std::hash::Hash + Clone>(
    idle: &Items<'f, Session>,
    view: &View<'f>,
    key: impl Fn(&Item<'f, Session>) -> K,
) -> Items<'f, Session> {
    let groups = idle.groups_by(&key).into_iter();
    let keys: Vec<K> = groups
        .filter(|(_, group)| view.is_a_share(group.len()))
        .map(|(key, _)| key)
        .collect();
    idle.filter(|s| keys.contains(&key(s)))
}

/// A backup or a report that has not asked for a while may still be reading, and
/// a name is enough to spare it. A crowd of that name which does nothing is none.
fn without_few_long_works<'f>(idle: &Items<'f, Session>, view: &View<'f>) -> Items<'f, Session> {
    let says_so = |s: &Item<'f, Session>| says_backup(s) || says_report(s) || says_exporter(s);
    let named = idle.filter(says_so).groups_by(|s| s.role.clone());
    let few = |s: &Item<'f, Session>| {
        let group = named.iter().find(|(role, _)| *role == s.role);
        group.is_some_and(|(_, group)| !view.is_a_share(group.len()))
    };
    idle.filter(|s| !(says_so(s) && few(s)))
}

/// A backup with several jobs holds its snapshot in a session that does
/// nothing, while others of the same role read by it.
fn shares_a_running_snapshot(session: &Item<'_, Session>, view: &View<'_>) -> bool {
    let Some(snapshot) = &session.backend_xmin else {
        return false;
    };
    let reads_by_it = |other: &Item<'_, Session>| {
        other.pid != session.pid
            && other.doing() == Some(State::Active)
            // Short statements have the same horizon by chance.
            && other.in_transaction_for() >= Some(view.facts.stuck_after)
            && other.role == session.role
            && other.database == session.database
            && other.backend_xmin.as_ref() == Some(snapshot)
    };
    !view.sessions.items().filter(reads_by_it).is_empty()
}

fn spread(stuck: &Items<'_, Session>) -> String {
    let ages = || {
        stuck
            .iter()
            .filter_map(|session| session.idle_in_transaction_for())
    };
    let (youngest, oldest) = (
        ages().min().unwrap_or_default(),
        ages().max().unwrap_or_default(),
    );
    if youngest == oldest {
        return said(oldest);
    }
    format!("{} to {}", said(youngest), said(oldest))
}

fn of_whom(stuck: &Items<'_, Session>) -> String {
    let groups = stuck.groups_by(|session| session.role.clone());
    let names: Vec<String> = groups
        .iter()
        .filter_map(|(_, group)| group.first())
        .map(|session| format!("`{}`", role(&session)))
        .collect();
    match names.as_slice() {
        [one] => format!("role {one}"),
        several => format!("roles {}", several.join(", ")),
    }
}

impl IdleInTransaction<'_, '_> {
    /// The newest change of its service before the first of them: its trigger,
    /// perhaps, and shown beside.
    fn trigger(&self) -> Option<Item<'_, Change>> {
        let began = self
            .stuck
            .iter()
            .filter_map(|s| s.transaction_began().or(s.state_changed()));
        let first = began.min()?;
        let one = self.stuck.first()?;
        let own = self.view.own_changes(role(&one))?;
        own.iter()
            .filter(|change| Time::from_micros(change.at) <= first)
            .max_by_key(|c| c.at)
    }

    fn failed(&self) -> usize {
        self.stuck
            .filter(|s| s.doing() == Some(State::IdleInTransactionAborted))
            .len()
    }

    fn says(&self) -> String {
        let (stuck, used) = (self.stuck.len(), self.view.used());
        let whose = self
            .stuck
            .first()
            .map(|session| whose(&session))
            .unwrap_or_default();
        let failed = match self.failed() {
            0 => String::new(),
            some => format!("; {some} in a transaction that has failed"),
        };
        let since = spread(&self.stuck);
        format!("{stuck} of {used} idle in a transaction for {since}; {whose}{failed}")
    }
}

impl Case for IdleInTransaction<'_, '_> {
    fn cause(&self) -> Cause {
        Cause::IdleInTransaction
    }

    fn explains(&self) -> usize {
        self.stuck.len()
    }

    fn headline(&self) -> String {
        format!(
            "{} sessions of {} have sat idle in a transaction for {}",
            self.stuck.len(),
            of_whom(&self.stuck),
            spread(&self.stuck)
        )
    }

    fn tell(&self, report: &mut Report) {
        let (view, facts) = (self.view, self.view.facts);
        let mut hypothesis = report
            .hypothesis(self.cause())
            .path("open transactions -> their sessions are never reused -> no slot is left")
            .supports(&self.stuck, self.says());
        if let Ok(answer) = &facts.metrics.idle_in_transaction
            && let Some(series) = facts.series(answer)
            && let Some((first, last)) = series.first().zip(series.last())
        {
            let says = format!("idle in a transaction: {first:.0} before, {last:.0} now");
            // A metric has an age: one that does not show them yet is no evidence against them.
            if last * 2.0 >= self.stuck.len() as f64 {
                hypothesis = hypothesis.supports(answer, says);
            }
        }
        let timeout = view.settings.idle_in_transaction_session_timeout_ms;
        if timeout == 0 {
            let says = "idle_in_transaction_session_timeout = 0 (off): nothing ends them";
            hypothesis = hypothesis.supports(view.settings, says);
        }
        if let Some(change) = self.trigger() {
            let at = Time::from_micros(change.at);
            let says = format!("\"{}\" at {at}; a hint, not a proof", change.title);
            hypothesis = hypothesis.supports(&change, says);
        }
        let stuck = self.stuck.len();
        let used = view.used();
        let spared = self.spared.len();
        hypothesis = hypothesis
            .unless(
                "more sessions wait for a lock than are stuck",
                &facts.locks,
                |_| {
                    let waiters = view.queue.as_ref().map_or(0, |queue| queue.waiters());
                    Found::so(waiters > stuck, format!("{waiters} of {used} wait"))
                },
            )
            .unless(
                "a prepared transaction holds the others up",
                &facts.prepared,
                |prepared| {
                    let behind = view.queue.as_ref().map_or(0, |queue| {
                        let prepared = queue
                            .roots()
                            .iter()
                            .find(|(root, _)| *root == Root::Prepared);
                        prepared.map_or(0, |(_, waiters)| waiters.len())
                    });
                    let says =
                        format!("{} prepared, {behind} sessions behind them", prepared.len());
                    Found::so(behind > stuck, says)
                },
            )
            .unless(
                "they hold the transaction of a backup or report",
                &facts.sessions,
                |_| Found::so(spared * 2 > stuck, format!("{spared} of {stuck} might")),
            );
        unless_surging(hypothesis, view, stuck);
        if spared > 0 {
            let pids: Vec<String> = self.spared.iter().map(|s| s.pid.to_string()).collect();
            report.note(format!(
                "idle in a transaction as long, and left alone: pid {} (a backup's or a report's, \
                 or no client that may be signalled)",
                pids.join(", ")
            ));
        }
        if timeout == 0 {
            report.note(
                "ending them does not fix the cause: idle_in_transaction_session_timeout is off, \
                 so it can happen again",
            );
        }
    }

    fn stuck(&self) -> Option<Stuck> {
        let sessions: Vec<StuckSession> = self
            .to_end
            .iter()
            .take(SESSIONS_MAX)
            .map(|s| StuckSession::of(&s))
            .collect();
        (!sessions.is_empty()).then(|| Stuck {
            cause: "idle_in_transaction".to_owned(),
            only_while_waited_for: false,
            sessions,
        })
    }
}
