//! From what each cause makes of the view to one report.

use interlock_sdk::wire::LogLine;
use interlock_sdk::{Gap, Report, Result};

use crate::causes::{
    Case, Judged, idle_in_transaction, leak_after_deployment, lock_convoy, max_connections_too_low,
    not_a_connection_problem, traffic_surge,
};
use crate::facts::{Asked, Facts};
use crate::view::View;
use crate::{Cause, blind};

/// The report of these facts.
///
/// # Errors
/// The findings have no JSON form.
pub fn conclude(facts: &Facts) -> Result<Report> {
    match View::of(facts) {
        Some(view) if view.is_veiled() => veiled(&view),
        Some(view) => seen(&view),
        None => Ok(blind::conclude(facts)),
    }
}

/// The server answered, and its sessions can be looked into.
fn seen(view: &View<'_>) -> Result<Report> {
    let facts = view.facts;
    let judged = [
        (
            Cause::NotAConnectionProblem,
            not_a_connection_problem::judge(view),
        ),
        (Cause::IdleInTransaction, idle_in_transaction::judge(view)),
        (Cause::LockConvoy, lock_convoy::judge(view)),
        (
            Cause::LeakAfterDeployment,
            leak_after_deployment::judge(view),
        ),
        (Cause::TrafficSurge, traffic_surge::judge(view)),
        (
            Cause::MaxConnectionsTooLow,
            max_connections_too_low::judge(view),
        ),
    ];
    let mut report = Report::new();
    let mut open = Vec::new();
    let mut cases: Vec<Box<dyn Case + '_>> = Vec::new();
    for (cause, judged) in judged {
        match judged {
            Judged::Speaks(case) => cases.push(case),
            Judged::Excluded(because) => {
                report.tried(cause);
                for because in because {
                    report.ruled_out(cause, &*because.evidence, because.says);
                }
            }
            Judged::Open(why) => open.push((cause, why)),
        }
    }
    keep_what_can_be(&mut cases, &mut open, view);
    cases.sort_by_key(|case| std::cmp::Reverse(case.explains()));
    // An alert that is known to be wrong comes first: then nothing is proposed.
    let false_alarm = |case: &dyn Case| case.cause() == Cause::NotAConnectionProblem;
    cases.sort_by_key(|case| !false_alarm(&**case));
    for case in &cases {
        case.tell(&mut report);
    }
    for (cause, _) in &open {
        report.tried(*cause);
    }
    report.summary(summary(view, cases.first().map(|case| case.headline())));
    let alarm = cases.first().is_some_and(|case| false_alarm(&**case));
    if let Some(stuck) = cases
        .iter()
        .find_map(|case| case.stuck())
        .filter(|_| !alarm)
    {
        // One plan, one cause: what else is stuck is seen again by the next run.
        if cases.len() > 1 {
            report.note(format!(
                "the plan is for `{}` alone; run again after it",
                stuck.cause
            ));
        }
        report.findings(&stuck)?;
    }
    beside(view, &mut report);
    gaps(facts, &mut report);
    if !cases.is_empty() {
        return Ok(report);
    }
    let open: Vec<String> = open
        .iter()
        .map(|(cause, why)| format!("{}: {why}", interlock_sdk::CauseName::name(*cause)))
        .collect();
    let in_use = view.slots_in_use();
    let why = if open.is_empty() {
        format!("{in_use} are in use, and no cause that is known here explains it")
    } else {
        format!(
            "{in_use} are in use, and nothing decides ({})",
            open.join("; ")
        )
    };
    Ok(report.unresolved(why))
}

/// What explains the incident beside what else was seen. Pools that are too
/// large explain nothing where sessions are stuck; and where slots are left,
/// sessions that are stuck count only if they are about to fill the server.
fn keep_what_can_be<'v>(
    cases: &mut Vec<Box<dyn Case + 'v>>,
    open: &mut Vec<(Cause, String)>,
    view: &View<'_>,
) {
    let stuck = |cause: Cause| {
        matches!(
            cause,
            Cause::IdleInTransaction | Cause::LockConvoy | Cause::LeakAfterDeployment
        )
    };
    let (pressed, filling) = (view.is_pressed(), view.is_filling());
    let any_stuck = cases.iter().any(|case| stuck(case.cause()));
    cases.retain(|case| {
        let why_not = match case.cause() {
            Cause::NotAConnectionProblem if any_stuck && filling && !case.is_certain() => {
                "slots are left, and sessions are stuck"
            }
            Cause::NotAConnectionProblem => return true,
            Cause::MaxConnectionsTooLow if any_stuck => "sessions are stuck: no ordinary use",
            cause if pressed || (filling && stuck(cause)) => return true,
            _ => "slots are left",
        };
        open.push((case.cause(), why_not.to_owned()));
        false
    });
}

fn summary(view: &View<'_>, headline: Option<String>) -> String {
    let server = &view.facts.server;
    let in_use = view.slots_in_use();
    let state = match (view.is_pressed(), view.used() >= view.slots) {
        (true, true) => format!("{server} is full ({in_use})"),
        (true, false) => format!("{server} is nearly full ({in_use})"),
        (false, _) => format!("{server} has slots ({in_use} in use)"),
    };
    match headline {
        Some(headline) => format!("{state}: {headline}."),
        None => format!("{state}; the cause is not known."),
    }
}

/// What the reader must know beside it.
fn beside(view: &View<'_>, report: &mut Report) {
    let (ours, exporter) = view.watchers();
    if ours + exporter > 0 {
        report.note(format!(
            "among the sessions that hold slots: Interlock's own {ours}, the metrics exporter's \
             (by its name) {exporter}; they are left alone"
        ));
    }
    if let Ok(lines) = &view.facts.refusals {
        let own = |line: &LogLine| {
            ["connections for role", "connections for database"]
                .iter()
                .any(|w| line.text.contains(w))
        };
        let own = lines.items().filter(|line| own(line)).len();
        if own > 0 {
            report.note(format!(
                "{own} of the refused connections ran into a limit of their own role or database, \
                 which is not max_connections"
            ));
        }
    }
    if !view.unseen.is_empty() {
        let unseen = view.unseen.len();
        report.could_not_tell(
            format!("what {unseen} sessions do"),
            &view.unseen,
            "the reader may not look into them: its role lacks pg_monitor",
            "whether they are at work, stuck or waiting",
        );
    }
    for role in roles_without_a_pool(view) {
        if let Ok(topology) = &view.facts.topology {
            report.could_not_tell(
                format!("the pool of role `{role}`"),
                topology,
                "the topology gives no pool size for it",
                "whether max_connections is too low, or the role holds more than it may",
            );
        }
    }
}

fn roles_without_a_pool(view: &View<'_>) -> Vec<String> {
    let Some(pools) = &view.pools else {
        return Vec::new();
    };
    let by_role = view.clients.groups_by(|session| session.role.clone());
    let large = by_role
        .into_iter()
        .filter(|(_, group)| view.is_a_share(group.len()));
    large
        .filter_map(|(role, _)| role)
        .filter(|role| pools.role(role).is_none_or(|pool| pool.most.is_none()))
        .collect()
}

/// The reader may not look into most sessions. What everybody may see are the
/// locks; for the rest there are the metrics, whose reader may see more.
fn veiled(view: &View<'_>) -> Result<Report> {
    let mut report = if view.has_slots() || view.queue.is_none() {
        blind::conclude(view.facts)
    } else {
        match lock_convoy::judge(view) {
            Judged::Speaks(case) => {
                let mut report = Report::new();
                report.summary(summary(view, Some(case.headline())));
                case.tell(&mut report);
                for cause in [Cause::IdleInTransaction, Cause::TrafficSurge] {
                    report.tried(cause);
                }
                // Nothing is proposed: what the root does may not be looked into.
                gaps(view.facts, &mut report);
                report
            }
            _ => blind::conclude(view.facts),
        }
    };
    beside(view, &mut report);
    Ok(report)
}

/// Every question that was not answered, and what it would have shown. What
/// failed for one reason is one entry.
pub(crate) fn gaps(facts: &Facts, report: &mut Report) {
    let metrics = &facts.metrics;
    let commits = facts.commits_asked();
    let all = [
        (
            gap(&facts.sessions),
            "who holds the slots, and what each session does",
        ),
        (gap(&facts.settings), "how many slots there are"),
        (gap(&facts.locks), "who waits for whom"),
        (
            gap(&facts.prepared),
            "whether a prepared transaction holds locks",
        ),
        (
            gap(&facts.topology),
            "how many connections each pool may hold",
        ),
        (
            gap(&facts.changes),
            "whether a deployment or a migration came before",
        ),
        (gap(&facts.refusals), "whether connections are refused now"),
        (gap(&metrics.age), "how old the metrics are"),
        (gap(&metrics.up), "whether the exporter reaches the server"),
        (
            gap(&metrics.max_connections),
            "the limit, as the exporter read it",
        ),
        (
            gap(&metrics.counted),
            "whether the sessions grew, and since when",
        ),
        (
            gap(&metrics.idle_in_transaction),
            "since when transactions are left open",
        ),
        (gap(&metrics.longest_idle), "how long they are left open"),
        (gap(commits), "whether there is more work than usual"),
    ];
    let mut rest: Vec<(&Gap, &str)> = all
        .into_iter()
        .filter_map(|(gap, would_show)| Some((gap?, would_show)))
        .collect();
    while let Some(&(first, _)) = rest.first() {
        let (same, others) = rest.into_iter().partition(|(gap, _)| gap.why == first.why);
        let same: Vec<(&Gap, &str)> = same;
        rest = others;
        let more = match same.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let would_show: Vec<&str> = same.iter().map(|(_, would_show)| *would_show).collect();
        report.could_not_check(
            format!("{}{more}", first.asked),
            first,
            would_show.join("; "),
        );
    }
}

fn gap<T>(asked: &Asked<T>) -> Option<&Gap> {
    asked.as_ref().err()
}
