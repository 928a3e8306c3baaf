//! The pools may open more connections together than the server has slots, and
//! none of them does anything but that.

use interlock_sdk::wire::Session;
use interlock_sdk::{Found, Item, Report};

use crate::Cause;
use crate::causes::{Case, Judged};
use crate::pools::Pools;
use crate::view::View;

/// The pools against the slots.
pub struct TooLow<'v, 'f> {
    view: &'v View<'f>,
    pools: &'v Pools<'f>,
    sum: usize,
    declared: usize,
}

/// Judges the view.
pub fn judge<'v, 'f: 'v>(view: &'v View<'f>) -> Judged<'v> {
    let Some(pools) = &view.pools else {
        return Judged::Open("the topology could not be read: no pool's size is known".to_owned());
    };
    let (sum, unsaid) = pools.sum();
    if let Some((role, held, most)) = above_its_pool(view, pools) {
        let says = format!("role `{role}` holds {held}, its pool may hold {most}");
        return Judged::excluded(view.sessions, says);
    }
    if sum <= view.slots {
        let slots = view.slots;
        return match (&view.facts.topology, unsaid) {
            (Ok(_), 0) if !pools.of.is_empty() => Judged::excluded(
                pools.items.clone(),
                format!("pools of {sum}, {slots} slots"),
            ),
            _ => Judged::Open(format!(
                "pools sum to {sum} of {slots} slots, and {unsaid} roles have no pool size"
            )),
        };
    }
    let known = |s: &Item<'_, Session>| s.role.as_deref().is_some_and(|r| pools.role(r).is_some());
    let declared = view.clients.filter(known).len();
    if declared * 10 < view.used() * 7 {
        return Judged::Open(format!(
            "only {declared} of {} sessions are of roles that the topology knows",
            view.used()
        ));
    }
    let held_up = view.held_up().len();
    if view.is_a_share(held_up) {
        return Judged::Open(format!(
            "pools of {sum} are above the {} slots, but {held_up} sessions are held up, which is \
             no ordinary use",
            view.slots
        ));
    }
    Judged::Speaks(Box::new(TooLow {
        view,
        pools,
        sum,
        declared,
    }))
}

/// One application far above its own pool is not a limit that is too low.
fn above_its_pool(view: &View<'_>, pools: &Pools<'_>) -> Option<(String, usize, usize)> {
    pools.of.iter().find_map(|pool| {
        let most = pool.most?;
        let held = view
            .clients
            .filter(|s| s.role.as_deref() == Some(&pool.role))
            .len();
        // A rolling deployment has one more instance for a while.
        (held * 4 > most * 5).then(|| (pool.role.clone(), held, most))
    })
}

impl Case for TooLow<'_, '_> {
    fn cause(&self) -> Cause {
        Cause::MaxConnectionsTooLow
    }

    fn explains(&self) -> usize {
        self.declared
    }

    fn headline(&self) -> String {
        format!(
            "pools may hold {} connections, the server has {}",
            self.sum, self.view.slots
        )
    }

    fn tell(&self, report: &mut Report) {
        let (view, facts) = (self.view, self.view.facts);
        let (used, slots, sum) = (view.used(), view.slots, self.sum);
        let stuck = |s: &Item<'_, Session>| s.idle_in_transaction_for() >= Some(facts.stuck_after);
        let stuck = view.clients.filter(stuck).len();
        let by_role: Vec<String> = self
            .pools
            .of
            .iter()
            .map(|pool| {
                let held = view
                    .clients
                    .filter(|s| s.role.as_deref() == Some(&pool.role))
                    .len();
                match pool.most {
                    Some(most) => format!("`{}` {held} of {most}", pool.role),
                    None => format!("`{}` {held}", pool.role),
                }
            })
            .collect();
        report
            .hypothesis(self.cause())
            .path("pools may open more than the server has -> in ordinary use it fills up")
            .supports(&self.pools.items, format!("pools sum to {sum}"))
            .supports(view.settings, format!("{slots} ordinary slots"))
            .supports(
                view.sessions,
                format!("each within its pool: {}", by_role.join(", ")),
            )
            .unless(
                "sessions hold transactions and do nothing",
                &facts.sessions,
                |_| Found::so(view.is_a_share(stuck), format!("{stuck} of {used} do")),
            )
            .unless("sessions wait for a lock", &facts.locks, |_| {
                let waiters = view.queue.as_ref().map_or(0, |queue| queue.waiters());
                Found::so(
                    view.is_a_share(waiters),
                    format!("{waiters} of {used} wait"),
                )
            })
            .unless(
                "there is more work than usual",
                facts.commits_asked(),
                |_| match facts.commits() {
                    Some((_, trend)) => {
                        Found::so(trend.rises(), format!("commits {}", trend.says()))
                    }
                    None => Found::cannot_tell("no commit rate of this server before and now"),
                },
            );
        report.note("no session is to be ended: the pools or max_connections have to change");
    }
}
