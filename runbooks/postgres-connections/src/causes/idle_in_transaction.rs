//! Sessions of one role sit idle in a transaction, and others starve.
//!
//! Failed transactions count: they have no `xact_start`, so the age is taken
//! from when the session last did something.

use interlock_sdk::wire::Session;
use interlock_sdk::{Found, Item, Items, Report, State, said};

use crate::Cause;
use crate::causes::{Case, Judged, unless_surging};
use crate::queue::Root;
use crate::sessions::{looks_like_a_backup_or_report, may_be_ended, role, whose};
use crate::stuck::{SESSIONS_MAX, Stuck, StuckSession};
use crate::view::View;

/// The sessions that are stuck, and those among them that must be spared.
pub struct IdleInTransaction<'v, 'f> {
    view: &'v View<'f>,
    stuck: Items<'f, Session>,
    to_end: Items<'f, Session>,
}

/// Judges the view.
pub fn judge<'v, 'f: 'v>(view: &'v View<'f>) -> Judged<'v> {
    let beyond =
        |s: &Item<'_, Session>| s.idle_in_transaction_for() >= Some(view.facts.stuck_after);
    let all = view.clients.filter(|s| !s.ours && beyond(s));
    let groups = all.groups_by(|s| (s.role.clone(), s.database.clone()));
    let shares: Vec<_> = groups
        .into_iter()
        .filter(|((role, _), group)| role.is_some() && view.is_a_share(group.len()))
        .map(|(key, _)| key)
        .collect();
    if shares.is_empty() {
        let (used, after) = (view.used(), said(view.facts.stuck_after));
        let says = format!(
            "{} of {used} idle in a transaction for {after} or more",
            all.len()
        );
        return if view.unseen.is_empty() {
            Judged::excluded(view.sessions, says)
        } else {
            Judged::Open(format!("{says}, as far as the reader may look"))
        };
    }
    let stuck = all.filter(|s| shares.contains(&(s.role.clone(), s.database.clone())));
    let to_end = stuck.filter(|s| is_spared_by(s, view).is_none());
    Judged::Speaks(Box::new(IdleInTransaction {
        view,
        stuck,
        to_end,
    }))
}

/// Why a stuck session must not be ended.
fn is_spared_by(session: &Item<'_, Session>, view: &View<'_>) -> Option<&'static str> {
    // The whole group has this role: its name does not tell one from another.
    let mut nameless = session.record().clone();
    nameless.role = None;
    if looks_like_a_backup_or_report(&nameless) {
        return Some("its name or statement says backup or report");
    }
    if !may_be_ended(&nameless) {
        return Some("it is no client that may be signalled");
    }
    shares_a_running_snapshot(session, view).then_some("its snapshot is in use by a running read")
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
        let stuck = self.stuck.len();
        let used = view.used();
        let spared = self.stuck.len() - self.to_end.len();
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
        unless_surging(hypothesis, facts, view.in_use().len(), used);
        if spared > 0 {
            let reasons: Vec<String> = self
                .stuck
                .iter()
                .filter_map(|s| is_spared_by(&s, view).map(|why| format!("{} ({why})", s.pid)))
                .collect();
            let pids = reasons.join(", ");
            report.note(format!("idle in a transaction, and left alone: {pids}"));
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
