//! What can be said when the server's sessions cannot be read: on a full server
//! an ordinary role is refused, and what is left are metrics and logs.
//!
//! They count sessions by state and know neither who holds them nor who waits
//! for whom; a login that lacks only the rights to look into sessions has the
//! locks as well. So three causes at the most can be named here, with every
//! check that only the sessions allow left open, and no session is ever proposed.

use interlock_sdk::wire::{Matrix, Series};
use interlock_sdk::{Answer, CauseName, Found, Report, Time, said};

use crate::Cause;
use crate::by_locks::ByLocks;
use crate::causes::not_a_connection_problem::refused_now;
use crate::conclude::gaps;
use crate::facts::Facts;

/// A sample older than this proves nothing about now.
const SAMPLE_AGE_MAX_SECONDS: f64 = 120.0;

/// What metrics and logs are looked at for.
const CAUSES: [Cause; 4] = [
    Cause::IdleInTransaction,
    Cause::TrafficSurge,
    Cause::LockConvoy,
    Cause::NotAConnectionProblem,
];

/// What the exporter counts now.
struct Counted<'f> {
    sessions: f64,
    answer: &'f Answer<Matrix>,
    /// The limit, where the exporter tells it.
    limit: Option<f64>,
    idle_in_transaction: Option<(&'f Answer<Matrix>, &'f Series)>,
    longest_idle_seconds: Option<(&'f Answer<Matrix>, f64)>,
}

impl Counted<'_> {
    fn idle_now(&self) -> f64 {
        self.idle_in_transaction
            .and_then(|(_, series)| series.last())
            .unwrap_or(0.0)
    }
}

/// The report of metrics and logs alone.
pub fn conclude(facts: &Facts) -> Report {
    let mut report = Report::new();
    report.note(
        "the sessions could not be read: this rests on metrics, logs and locks alone, which do \
         not tell who holds the slots, and nothing is proposed",
    );
    let refused = refusals(facts);
    if let Some(queue) = ByLocks::of(facts) {
        report.summary(format!(
            "{} by its locks alone{refused}: {}.",
            facts.server,
            queue.headline()
        ));
        queue.tell(&mut report);
        tried(&mut report, Some(Cause::LockConvoy));
        gaps(facts, &mut report);
        return report;
    }
    let counted = match counted(facts) {
        Ok(counted) => counted,
        Err(why) => {
            report.summary(format!(
                "{} could not be looked into{refused}.",
                facts.server
            ));
            gaps(facts, &mut report);
            tried(&mut report, None);
            return report.unresolved(format!("the sessions could not be read, and {why}"));
        }
    };
    let state = match counted.limit {
        Some(limit) => format!("{:.0} sessions counted, limit {limit:.0}", counted.sessions),
        None => format!("{:.0} sessions counted, limit not told", counted.sessions),
    };
    let named = if held_open(facts, &counted) {
        tell_idle_in_transaction(facts, &counted, &mut report);
        Some(Cause::IdleInTransaction)
    } else if surges(facts)
        && counted
            .limit
            .is_some_and(|limit| counted.sessions >= 0.8 * limit)
    {
        tell_surge(facts, &counted, &mut report);
        Some(Cause::TrafficSurge)
    } else {
        None
    };
    let server = &facts.server;
    let known = match named {
        Some(Cause::IdleInTransaction) => "most of them idle in a transaction",
        Some(_) => "more work than usual",
        None => "the cause is not known",
    };
    tried(&mut report, named);
    report.summary(format!(
        "{server} by its metrics alone: {state}{refused}; {known}."
    ));
    gaps(facts, &mut report);
    if named.is_some() {
        return report;
    }
    report.unresolved(format!(
        "the sessions could not be read, and the metrics do not decide ({state}): they tell \
         neither `{}` from `{}` nor whose sessions these are",
        Cause::LockConvoy.name(),
        Cause::LeakAfterDeployment.name()
    ))
}

fn tried(report: &mut Report, named: Option<Cause>) {
    for cause in CAUSES.into_iter().filter(|cause| named != Some(*cause)) {
        report.tried(cause);
    }
}

fn refusals(facts: &Facts) -> String {
    match &facts.refusals {
        Ok(lines) if refused_now(lines, facts) > 0 => {
            format!(
                "; {} connections were refused within 2m",
                refused_now(lines, facts)
            )
        }
        Ok(lines) if lines.matched > 0 => {
            format!(
                "; {} connections were refused in the incident's window",
                lines.matched
            )
        }
        _ => String::new(),
    }
}

fn counted(facts: &Facts) -> Result<Counted<'_>, String> {
    let metrics = &facts.metrics;
    let age = metrics
        .age
        .as_ref()
        .map_err(|gap| format!("the metrics neither: {}", gap.reason()))?;
    match facts.value(age) {
        None if age.is_empty() => return Err("the exporter's metrics are missing".to_owned()),
        None => return Err("which of several exporters is this server's is not told".to_owned()),
        Some(seconds) if seconds > SAMPLE_AGE_MAX_SECONDS => {
            return Err(format!(
                "the exporter's newest sample is {seconds:.0} s old"
            ));
        }
        Some(_) => {}
    }
    if let Ok(up) = &metrics.up
        && facts.value(up) == Some(0.0)
    {
        return Err("the exporter does not reach the server either".to_owned());
    }
    let answer = metrics.counted.as_ref().map_err(|gap| gap.reason())?;
    let missing = || "the exporter's counts are missing".to_owned();
    let sessions = facts
        .series(answer)
        .and_then(Series::last)
        .ok_or_else(missing)?;
    let limit = metrics
        .max_connections
        .as_ref()
        .ok()
        .and_then(|limit| facts.value(limit));
    let idle = metrics.idle_in_transaction.as_ref().ok();
    let longest = metrics.longest_idle.as_ref().ok();
    Ok(Counted {
        sessions,
        answer,
        limit,
        idle_in_transaction: idle.and_then(|answer| Some((answer, facts.series(answer)?))),
        longest_idle_seconds: longest
            .and_then(|answer| Some((answer, facts.series(answer)?.last()?))),
    })
}

/// Most of the limit has been idle in a transaction for as long as a session
/// must be to be stuck, and nearly all of the limit is in use.
fn held_open(facts: &Facts, counted: &Counted<'_>) -> bool {
    let (Some(limit), Some((_, series)), Some((_, longest))) = (
        counted.limit,
        counted.idle_in_transaction,
        counted.longest_idle_seconds,
    ) else {
        return false;
    };
    let since = facts.now - facts.stuck_after;
    let recent = |at: u64| Time::from_micros(at) >= since;
    let least = series
        .points
        .iter()
        .filter(|point| recent(point.at))
        .map(|point| point.value);
    let least = least.min_by(f64::total_cmp).unwrap_or(0.0);
    least * 2.0 >= limit
        && counted.sessions >= 0.8 * limit
        && longest >= facts.stuck_after.as_secs_f64()
}

fn surges(facts: &Facts) -> bool {
    facts.commits().is_some_and(|(_, trend)| trend.rises())
}

fn tell_idle_in_transaction(facts: &Facts, counted: &Counted<'_>, report: &mut Report) {
    let after = said(facts.stuck_after);
    let mut hypothesis = report
        .hypothesis(Cause::IdleInTransaction)
        .path("open transactions -> their sessions are never reused -> no slot is left")
        .supports(
            counted.answer,
            format!("{:.0} sessions counted", counted.sessions),
        );
    if let Some((answer, _)) = counted.idle_in_transaction {
        let now = counted.idle_now();
        let says =
            format!("{now:.0} idle in a transaction, at least half of the limit for {after}");
        hypothesis = hypothesis.supports(answer, says);
    }
    if let Some((answer, longest)) = counted.longest_idle_seconds {
        hypothesis = hypothesis.supports(answer, format!("the longest for {longest:.0} s"));
    }
    hypothesis
        .unless(
            "sessions wait for a lock, more than are idle",
            &facts.locks,
            |locks| {
                let (waiting, idle) = (locks.waiting(), counted.idle_now());
                Found::so(waiting as f64 > idle, format!("{waiting} wait"))
            },
        )
        .unless(
            "they are one role's, and no backup's or report's",
            &facts.sessions,
            |_| Found::cannot_tell("the reader may not look into the sessions"),
        )
        .unless(
            "more work than usual",
            facts.commits_asked(),
            |_| match facts.commits() {
                Some((_, trend)) => Found::so(trend.rises(), trend.says()),
                None => Found::cannot_tell("no commit rate of this server before and now"),
            },
        );
}

fn tell_surge(facts: &Facts, counted: &Counted<'_>, report: &mut Report) {
    let Some((commits, trend)) = facts.commits() else {
        return;
    };
    report
        .hypothesis(Cause::TrafficSurge)
        .path("more requests -> more sessions at work at once -> no slot is left")
        .supports(commits, format!("commits: {}", trend.says()))
        .supports(
            counted.answer,
            format!("{:.0} sessions counted", counted.sessions),
        )
        .unless("sessions wait for a lock", &facts.locks, |locks| {
            Found::so(
                locks.waiting() * 5 >= locks.len().max(1),
                format!("{} wait", locks.waiting()),
            )
        })
        .unless("most sessions do nothing", &facts.sessions, |_| {
            Found::cannot_tell("the reader may not look into the sessions")
        });
}
