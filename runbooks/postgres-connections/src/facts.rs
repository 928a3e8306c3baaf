//! What is asked, all at once, and what came back.

use std::time::Duration;

use interlock_sdk::wire::{
    ChangeList, Instant, Locks, LogLines, Matrix, PreparedTransactions, Series, ServiceList,
    Sessions, Settings,
};
use interlock_sdk::{Answer, Context, Gap, Result, Time, Window};

use crate::Inputs;

/// An answer, or why there is none.
pub type Asked<T> = Result<Answer<T>, Gap>;

/// What the log of a server says when it has no slot to give (a regular expression).
pub const REFUSED: &str = "too many clients already|remaining connection slots|\
                       too many connections for (role|database)";
/// The newest lines that are looked at; all that match are counted.
const LINES_MAX: u32 = 200;
/// Points of a range: enough to see a rise inside the incident's window.
const POINTS: u32 = 240;
/// Counted commits are looked at second by second, so no further back than this.
const COUNTED_MAX: Duration = Duration::from_secs(1800);
const STEP_MIN: Duration = Duration::from_secs(5);
/// A change goes on showing for a while before its effect fills a server.
const CHANGES_BEFORE: Duration = Duration::from_secs(6 * 3600);

/// The time series. Each is grouped by `instance` and `server`, so that several
/// exporters in one Prometheus are told apart.
pub struct Metrics {
    /// Seconds since the exporter's newest sample.
    pub age: Asked<Instant>,
    /// Whether the exporter reaches the server.
    pub up: Asked<Instant>,
    /// `max_connections`, as the exporter read it.
    pub max_connections: Asked<Instant>,
    /// Sessions that the exporter counts, now and before.
    pub counted: Asked<Matrix>,
    /// Those idle in a transaction, failed transactions included.
    pub idle_in_transaction: Asked<Matrix>,
    /// The longest transaction among them, in seconds.
    pub longest_idle: Asked<Matrix>,
    /// Commits a second, over one minute.
    pub commits: Asked<Matrix>,
    /// Commits a second, over five minutes: for scrapes that are a minute apart.
    pub commits_slow: Asked<Matrix>,
    /// Commits, counted up, over the incident's window: for one that is minutes old.
    pub commits_counted: Asked<Matrix>,
}

/// Everything that the causes are judged by.
pub struct Facts {
    /// The server's configured name.
    pub server: String,
    /// From when on a session that does nothing counts as stuck.
    pub stuck_after: Duration,
    /// The run's clock.
    pub now: Time,
    /// The incident's window.
    pub window: Window,
    /// When the first alert began; else the window.
    pub alerted: Time,
    /// The exporter's `instance`, where the alert names one. Untrusted: it only
    /// chooses among series, and never becomes part of a query.
    pub instances: Vec<String>,
    /// Slots and time-outs.
    pub settings: Asked<Settings>,
    /// Every session.
    pub sessions: Asked<Sessions>,
    /// Every lock.
    pub locks: Asked<Locks>,
    /// Every prepared transaction.
    pub prepared: Asked<PreparedTransactions>,
    /// Services, their roles and pools.
    pub topology: Asked<ServiceList>,
    /// Deployments, configuration changes, migrations.
    pub changes: Asked<ChangeList>,
    /// Refused connections in the server's own log.
    pub refusals: Asked<LogLines>,
    /// Time series.
    pub metrics: Metrics,
}

const BY: &str = "sum by (instance, server)";

impl Facts {
    /// Asks everything, then reads: it lasts as long as the slowest answer.
    pub fn ask(ctx: &Context, input: &Inputs) -> Self {
        let (db, metrics) = (ctx.database(&input.server), ctx.metrics());
        let (now, window) = (ctx.started(), ctx.window());
        let until = now + Duration::from_secs(1);
        let trend = Window {
            begin: window.begin - input.lookback,
            end: until,
        };
        let step = trend.length() / POINTS;
        let range = |query: String| metrics.range_by(&query, trend, step.max(STEP_MIN));

        let (settings, sessions) = (db.settings(), db.sessions());
        let (locks, prepared) = (db.locks(), db.prepared_transactions());
        let refused = Window {
            begin: window.begin,
            end: until,
        };
        let refusals = ctx.logs(&input.server).search(refused, REFUSED, LINES_MAX);
        let before = Window {
            begin: window.begin - input.lookback.max(CHANGES_BEFORE),
            ..trend
        };
        let (topology, changes) = (ctx.topology().services(), ctx.changes().list(before));
        let age = metrics.instant("time() - timestamp(pg_up)");
        let up = metrics.instant("pg_up");
        let max_connections = metrics.instant("pg_settings_max_connections");
        let counted = range(format!("{BY} (pg_stat_activity_count)"));
        let idle = range(format!(
            "{BY} (pg_stat_activity_count{{state=~\"idle in transaction.*\"}})"
        ));
        let longest = range(
            "max by (instance, server) \
             (pg_stat_activity_max_tx_duration{state=~\"idle in transaction.*\"})"
                .to_owned(),
        );
        let commits = range(format!("{BY} (rate(pg_stat_database_xact_commit[1m]))"));
        let commits_slow = range(format!("{BY} (rate(pg_stat_database_xact_commit[5m]))"));

        let near = Window {
            begin: window.begin.max(now - COUNTED_MAX),
            end: until,
        };
        let second = Duration::from_secs(1);
        let near_step = (near.length() / POINTS).max(second);
        let commits_counted = metrics.range_by(
            &format!("{BY} (pg_stat_database_xact_commit)"),
            near,
            near_step,
        );

        let alerts = &ctx.incident().alerts;
        let alerted = alerts
            .iter()
            .map(|alert| Time::from_micros(alert.starts_at))
            .min();
        let labels = alerts.iter().flat_map(|alert| &alert.labels);
        let instances = labels
            .filter(|label| label.name == "instance")
            .map(|label| label.value.clone());
        Self {
            server: input.server.clone(),
            stuck_after: input.stuck_after,
            now,
            window,
            alerted: alerted.unwrap_or(window.begin),
            instances: instances.collect(),
            settings: settings.get(),
            sessions: sessions.get(),
            locks: locks.get(),
            prepared: prepared.get(),
            topology: topology.get(),
            changes: changes.get(),
            refusals: refusals.get(),
            metrics: Metrics {
                age: age.get(),
                up: up.get(),
                max_connections: max_connections.get(),
                counted: counted.get(),
                idle_in_transaction: idle.get(),
                longest_idle: longest.get(),
                commits: commits.get(),
                commits_slow: commits_slow.get(),
                commits_counted: commits_counted.get(),
            },
        }
    }

    /// This long, or `stuck_after` where that is shorter: whoever has sessions
    /// ended after seconds counts in seconds throughout.
    pub(crate) fn at_most(&self, span: Duration) -> Duration {
        span.min(self.stuck_after)
    }

    /// The series of this server: the only one, or the one that the alert or
    /// the server's name points at. Nothing where several could be meant.
    pub fn series<'a>(&self, matrix: &'a Matrix) -> Option<&'a Series> {
        self.one(&matrix.series, |series, name| series.label(name))
    }

    /// The value of this server, likewise.
    pub fn value(&self, instant: &Instant) -> Option<f64> {
        let sample = self.one(&instant.samples, |sample, name| sample.label(name))?;
        (!sample.value.is_nan()).then_some(sample.value)
    }

    fn one<'a, T>(
        &self,
        all: &'a [T],
        label: impl Fn(&'a T, &str) -> Option<&'a str>,
    ) -> Option<&'a T> {
        if let [only] = all {
            return Some(only);
        }
        let named = |of: &&'a T| {
            let instance = label(of, "instance");
            instance.is_some_and(|instance| self.instances.iter().any(|named| named == instance))
        };
        let host = |address: &str| address.split(':').next() == Some(self.server.as_str());
        let called = |of: &&'a T| {
            ["instance", "server"]
                .iter()
                .any(|name| label(of, name).is_some_and(host))
        };
        only(all.iter().filter(named)).or_else(|| only(all.iter().filter(called)))
    }
}

fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.next().is_none().then_some(first)
}
