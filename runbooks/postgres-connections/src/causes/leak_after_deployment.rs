//! One service opens sessions, uses each once and never again.
//!
//! A resting session is what a pool is for. So only sessions that were used at
//! their beginning and not since can be leaked, and only where the role holds
//! more than its pool may, or where they go on being opened one after the other
//! though the earlier ones rest: a pool would use those.

use std::time::Duration;

use interlock_sdk::wire::{Change, Session};
use interlock_sdk::{Found, Item, Items, Report, State, Time, said};

use crate::Cause;
use crate::causes::{Case, Judged, unless_surging};
use crate::pools::Pool;
use crate::sessions::may_be_signalled;
use crate::stuck::{SESSIONS_MAX, Stuck, StuckSession};
use crate::view::View;

/// A session whose last use was this soon after its beginning was used once.
const ONE_USE: Duration = Duration::from_secs(60);
/// From here on an unused session counts in the growth.
const UNUSED_MIN: Duration = Duration::from_secs(30);
/// Clocks of the host and of the server, and the time a deployment takes.
const TOLERANCE: Duration = Duration::from_secs(30);
/// A pool that fills itself opens its sessions at once.
const AT_ONCE: Duration = Duration::from_secs(10);

/// One role's sessions.
pub struct Leak<'v, 'f> {
    view: &'v View<'f>,
    role: String,
    pool: Option<&'v Pool<'f>>,
    total: usize,
    unused: Items<'f, Session>,
    to_end: Items<'f, Session>,
    deployed: Deployed<'f>,
}

/// The service's own change, and whether the sessions began after it.
#[derive(Clone, Copy)]
enum Deployed<'f> {
    /// The changes could not be read.
    NotTold,
    /// None of this service.
    None,
    Before(Item<'f, Change>),
    /// There is one, and the sessions were there before it.
    After,
}

fn used_once(session: &Item<'_, Session>, view: &View<'_>) -> bool {
    let idle = session.doing() == Some(State::Idle);
    let last = session.state_changed().zip(session.began());
    idle && last.is_some_and(|(last, began)| last.since(began) < view.facts.at_most(ONE_USE))
}

/// Judges the view.
pub fn judge<'v, 'f: 'v>(view: &'v View<'f>) -> Judged<'v> {
    let mine = view.clients.filter(|s| !s.ours && s.role.is_some());
    let mut open = Vec::new();
    let mut best: Option<Leak<'v, 'f>> = None;
    for (role, of_role) in mine.groups_by(|s| s.role.clone().unwrap_or_default()) {
        let unused = of_role
            .filter(|s| used_once(s, view) && s.idle_for() >= Some(view.facts.at_most(UNUSED_MIN)));
        if !view.is_a_share(unused.len()) {
            continue;
        }
        match look(view, &role, &of_role, &unused) {
            Ok(leak)
                if best
                    .as_ref()
                    .is_none_or(|best| leak.explains() > best.explains()) =>
            {
                best = Some(leak);
            }
            Ok(_) => {}
            Err(why) => open.push(why),
        }
    }
    match best {
        Some(leak) => Judged::Speaks(Box::new(leak)),
        None if !open.is_empty() => Judged::Open(open.join("; ")),
        None if !view.unseen.is_empty() => {
            Judged::Open("when some sessions were last used is not told".to_owned())
        }
        None => {
            let unused = mine.filter(|s| used_once(s, view)).len();
            let says = format!("{unused} of {} used once and then no more", view.used());
            Judged::excluded(view.sessions, says)
        }
    }
}

fn look<'v, 'f: 'v>(
    view: &'v View<'f>,
    role: &str,
    of_role: &Items<'f, Session>,
    unused: &Items<'f, Session>,
) -> Result<Leak<'v, 'f>, String> {
    let total = of_role.len();
    let pool = view.pools.as_ref().and_then(|pools| pools.role(role));
    let most = pool.and_then(|pool| pool.most);
    if let Some(most) = most
        && total * 10 <= most * 11
    {
        return Err(format!(
            "role `{role}` holds {total} idle sessions, its pool may hold {most}"
        ));
    }
    let deployed = deployment(view, role, unused);
    match (most, deployed) {
        (_, Deployed::After) => {
            return Err(format!(
                "sessions of `{role}` lay unused before its service was changed"
            ));
        }
        (None, Deployed::None | Deployed::NotTold) => {
            return Err(format!(
                "{} sessions of `{role}` lie unused; neither its pool's size nor a change of its \
                 service is known, so a leak and a large pool look alike",
                unused.len()
            ));
        }
        (None, Deployed::Before(_)) if !grows(unused) => {
            return Err(format!(
                "sessions of `{role}` were opened together, as a pool does; its size is not known"
            ));
        }
        _ => {}
    }
    let to_end = to_end(view, total, unused, most, deployed);
    let (role, unused) = (role.to_owned(), unused.clone());
    Ok(Leak {
        view,
        role,
        pool,
        total,
        unused,
        to_end,
        deployed,
    })
}

/// The newest change of the service before its first unused session.
fn deployment<'f>(view: &View<'f>, role: &str, unused: &Items<'f, Session>) -> Deployed<'f> {
    let Some(own) = view.own_changes(role) else {
        return Deployed::NotTold;
    };
    let began = beginnings(unused);
    // A few of a pool's own resting sessions may be older than the leak.
    let Some(first) = began.get(began.len() / 5) else {
        return Deployed::None;
    };
    let at = |change: &Item<'_, Change>| Time::from_micros(change.at);
    let before = own
        .iter()
        .filter(|change| at(change) <= *first + TOLERANCE)
        .max_by_key(at);
    match before {
        Some(change) => Deployed::Before(change),
        None if own.is_empty() => Deployed::None,
        None => Deployed::After,
    }
}

/// They began one after the other: not at once, as a pool fills itself.
fn grows(unused: &Items<'_, Session>) -> bool {
    let began = beginnings(unused);
    let (Some(first), Some(last)) = (began.first(), began.last()) else {
        return false;
    };
    let span = last.since(*first);
    let at_once = |from: &Time| {
        began
            .iter()
            .filter(|t| **t >= *from && t.since(*from) < AT_ONCE)
            .count()
    };
    let most_at_once = began.iter().map(at_once).max().unwrap_or_default();
    span >= UNUSED_MIN && most_at_once * 4 <= began.len()
}

/// Of the unused, those that are neither young, nor older than the change, nor
/// opened together as a pool does. None where most of them may be the pool's
/// own: which ones is not known.
fn to_end<'f>(
    view: &View<'f>,
    total: usize,
    unused: &Items<'f, Session>,
    most: Option<usize>,
    deployed: Deployed<'f>,
) -> Items<'f, Session> {
    let since = match deployed {
        Deployed::Before(change) => Some(Time::from_micros(change.at) - TOLERANCE),
        _ => None,
    };
    let above = most.map_or(total, |most| total.saturating_sub(most));
    let known = above * 2 >= unused.len();
    let began = beginnings(unused);
    unused.filter(|s| {
        known
            && may_be_signalled(s)
            && s.idle_for() >= Some(view.facts.stuck_after)
            && s.began().is_some_and(|at| {
                since.is_none_or(|since| at >= since) && !is_of_a_burst(at, &began)
            })
    })
}

fn beginnings(sessions: &Items<'_, Session>) -> Vec<Time> {
    let mut began: Vec<Time> = sessions.iter().filter_map(|s| s.began()).collect();
    began.sort();
    began
}

/// Several began at that moment, and elsewhere it was one after the other.
fn is_of_a_burst(at: Time, began: &[Time]) -> bool {
    let (Some(first), Some(last)) = (began.first(), began.last()) else {
        return false;
    };
    let near = |other: &&Time| other.since(at).max(at.since(**other)) < AT_ONCE;
    let here = began.iter().filter(near).count() as u128;
    let span = last.since(*first).as_millis();
    // Four times as many as in any stretch of that length, on the average.
    here >= 3 && here * span > 4 * (began.len() as u128) * (AT_ONCE * 2).as_millis()
}

impl Leak<'_, '_> {
    fn services(&self) -> String {
        match self.pool {
            Some(pool) => pool.services.join(", "),
            None => self.role.clone(),
        }
    }

    fn most(&self) -> Option<usize> {
        self.pool.and_then(|pool| pool.most)
    }
}

impl Case for Leak<'_, '_> {
    fn cause(&self) -> Cause {
        Cause::LeakAfterDeployment
    }

    fn explains(&self) -> usize {
        self.unused.len()
    }

    fn headline(&self) -> String {
        let after = match self.deployed {
            Deployed::Before(change) => {
                let at = Time::from_micros(change.at);
                format!(", all since a change of its service at {at}")
            }
            _ => String::new(),
        };
        format!(
            "{} sessions of role `{}` were used once and lie idle since{after}",
            self.unused.len(),
            self.role
        )
    }

    fn tell(&self, report: &mut Report) {
        let (view, facts) = (self.view, self.view.facts);
        let (unused, used, total) = (self.unused.len(), view.used(), self.total);
        let longest = self
            .unused
            .iter()
            .filter_map(|s| s.idle_for())
            .max()
            .unwrap_or_default();
        let mut hypothesis = report
            .hypothesis(self.cause())
            .path("each use opens a session -> none is used again or closed -> no slot is left")
            .supports(
                &self.unused,
                format!(
                    "{unused} of {used} used once and idle since, the longest for {}; role `{}`",
                    said(longest),
                    self.role
                ),
            );
        if let (Some(most), Some(pools)) = (self.most(), &view.pools) {
            let services = self.services();
            let says = format!(
                "`{}` holds {total}; the pool of {services} may hold {most}",
                self.role
            );
            let service = pools.items.filter(|s| {
                self.pool
                    .is_some_and(|p| p.services.contains(&s.name.as_str()))
            });
            hypothesis = hypothesis.supports(&service, says);
        }
        if let Deployed::Before(change) = self.deployed {
            let at = Time::from_micros(change.at);
            let says = format!("\"{}\" at {at}; a hint, not a proof", change.title);
            hypothesis = hypothesis.supports(&change, says);
        } else if let (Deployed::None, Ok(changes)) = (self.deployed, &facts.changes) {
            let says = format!("no change of {} in the hours before", self.services());
            hypothesis = hypothesis.contradicts(changes, says);
        }
        let first = self.unused.iter().filter_map(|s| s.began()).min();
        let again = total - unused;
        hypothesis = hypothesis
            .unless("its sessions are used again", &facts.sessions, |_| {
                Found::so(again > unused, format!("{again} of {total} are"))
            })
            .unless(
                "growth began before a change of its service",
                &facts.changes,
                |_| match (self.deployed, first) {
                    (Deployed::Before(change), Some(first)) => {
                        let at = Time::from_micros(change.at);
                        Found::passes(format!("changed {at}, the first began {first}"))
                    }
                    _ => Found::cannot_tell("no change of its service is known"),
                },
            )
            .unless(
                "it merely has a large pool",
                &facts.topology,
                |_| match self.most() {
                    Some(most) => Found::so(total <= most, format!("{total} held, {most} allowed")),
                    None => Found::cannot_tell("the topology gives no pool size for its role"),
                },
            );
        unless_surging(hypothesis, view, unused);
        let spared = unused - self.to_end.len();
        if spared > 0 {
            report.note(format!(
                "{spared} unused sessions of `{}` are left alone: they are young, or may be its \
                 pool's own",
                self.role
            ));
        }
        report.note(format!(
            "ending them does not fix the cause: {} goes on opening sessions until it is rolled \
             back or mended",
            self.services()
        ));
    }

    fn stuck(&self) -> Option<Stuck> {
        let sessions: Vec<StuckSession> = self
            .to_end
            .iter()
            .take(SESSIONS_MAX)
            .map(|s| StuckSession::of(&s))
            .collect();
        (!sessions.is_empty()).then(|| Stuck {
            cause: "leak_after_deployment".to_owned(),
            only_while_waited_for: false,
            sessions,
        })
    }
}
