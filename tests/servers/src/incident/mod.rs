//! Incidents with known causes, made by real clients and held until dropped.
//!
//! A [`Scenario`] says which, in which of two casts: names, roles and numbers differ, so that nothing can
//! answer by name. It gives the server to start ([`Scenario::postgres`]), then [`Scenario::begin`] makes
//! the trouble on it, and [`Incident::ripe`] waits until it is old enough to be told from daily business.
//! The scale of time is the caller's: [`Pace`].

mod cast;
mod exhausted;
mod files;
mod idle;
mod lock;
mod quiet;

use std::time::{Duration, Instant};

use jiff::Timestamp;

pub use cast::{Cast, Variant};
pub use files::Files;

use crate::behaviour::{BaseBackup, Knocker, Running, Workers};
use crate::prometheus::AlertRule;
use crate::{Postgres, PostgresBuilder, ServerError, Session, Stack, StackSetup};

/// What goes wrong, by mechanism and by how it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Plot {
    /// One application leaves transactions open.
    IdleInTransaction,
    /// After a deployment one application opens sessions and never uses them again.
    LeakAfterDeployment,
    /// More work than usual, all of it making progress.
    TrafficSurge,
    /// Everybody waits, over a chain, for one session.
    ConvoyBehindSession,
    /// Everybody waits for a prepared transaction: no session can be ended for it.
    ConvoyBehindPrepared,
    /// A migration waits for a long transaction, and everybody waits behind the migration.
    ConvoyBehindMigration,
    /// The pools sum above the slots; each service is within its own and uses it.
    MaxConnectionsTooLow,
    /// Slots are free: the alert's threshold is wrong.
    BadThreshold,
    /// Slots are free: the metric is old, its exporter has stopped.
    StaleMetric,
}

/// A plot in one of its two casts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scenario {
    /// What goes wrong.
    pub plot: Plot,
    /// To whom.
    pub variant: Variant,
}

/// The scale of time of an incident.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Daily business before anything goes wrong: what metrics compare with.
    pub calm: Duration,
    /// From the change that triggers it to the first sign.
    pub lag: Duration,
    /// From the first guilty session to the last.
    pub spread: Duration,
    /// How long each must have been so before it counts: a runbook's `stuck_after`.
    pub age: Duration,
}

impl Pace {
    /// As fast as signs of trouble can be told at all; for tests that need no history of metrics.
    pub fn fast() -> Self {
        Self {
            calm: Duration::from_millis(500),
            lag: Duration::from_millis(300),
            spread: Duration::from_millis(500),
            age: Duration::from_secs(1),
        }
    }

    /// With a minute of history, and sessions as old as a manifest's least `stuck_after` of a minute.
    pub fn minute() -> Self {
        Self {
            calm: Duration::from_secs(20),
            lag: Duration::from_secs(3),
            spread: Duration::from_secs(4),
            age: Duration::from_secs(61),
        }
    }
}

impl Plot {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::IdleInTransaction,
        Self::LeakAfterDeployment,
        Self::TrafficSurge,
        Self::ConvoyBehindSession,
        Self::ConvoyBehindPrepared,
        Self::ConvoyBehindMigration,
        Self::MaxConnectionsTooLow,
        Self::BadThreshold,
        Self::StaleMetric,
    ];

    /// The cause, as the runbook's manifest names it.
    pub fn cause(self) -> &'static str {
        match self {
            Self::IdleInTransaction => "idle_in_transaction",
            Self::LeakAfterDeployment => "leak_after_deployment",
            Self::TrafficSurge => "traffic_surge",
            Self::ConvoyBehindSession
            | Self::ConvoyBehindPrepared
            | Self::ConvoyBehindMigration => "lock_convoy",
            Self::MaxConnectionsTooLow => "max_connections_too_low",
            Self::BadThreshold | Self::StaleMetric => "not_a_connection_problem",
        }
    }
}

impl Scenario {
    /// Every plot in both casts.
    pub fn all() -> Vec<Self> {
        Plot::ALL
            .into_iter()
            .flat_map(|plot| {
                [Variant::First, Variant::Second].map(|variant| Self { plot, variant })
            })
            .collect()
    }

    /// The people of this variant.
    pub fn cast(&self) -> &'static Cast {
        Cast::of(self.variant)
    }

    /// The server it happens on, not started.
    pub fn postgres(&self) -> PostgresBuilder {
        self.cast().postgres()
    }

    /// The same server with everything that watches it.
    pub fn stack(&self) -> StackSetup {
        let cast = self.cast();
        let mut setup = StackSetup::new(self.postgres());
        setup.server = cast.server.into();
        if self.plot == Plot::BadThreshold {
            setup.alert = AlertRule::connections_above(setup.postgres.ordinary_slots() / 10);
        }
        setup.alert.service = cast.shop.service.into();
        setup
    }

    /// Lets daily business run for a while, then makes the trouble. Returns once the last sign is there;
    /// [`Incident::ripe`] waits for its age.
    pub async fn begin(&self, server: &Postgres, pace: Pace) -> Result<Incident, ServerError> {
        let cast = self.cast();
        match self.plot {
            Plot::IdleInTransaction => idle::in_transaction(server, cast, pace).await,
            Plot::LeakAfterDeployment => idle::leak(server, cast, pace).await,
            Plot::TrafficSurge => exhausted::surge(server, cast, pace).await,
            Plot::MaxConnectionsTooLow => exhausted::too_few_slots(server, cast, pace).await,
            Plot::ConvoyBehindSession => lock::behind_session(server, cast, pace).await,
            Plot::ConvoyBehindPrepared => lock::behind_prepared(server, cast, pace).await,
            Plot::ConvoyBehindMigration => lock::behind_migration(server, cast, pace).await,
            Plot::BadThreshold | Plot::StaleMetric => quiet::day(server, cast, pace).await,
        }
        .map(|mut incident| {
            incident.scenario = Some(*self);
            incident
        })
    }

    /// [`Scenario::begin`] on a server that is watched; where the plot is that the watching stopped, it has.
    pub async fn begin_on(&self, stack: &Stack, pace: Pace) -> Result<Incident, ServerError> {
        let incident = self.begin(&stack.postgres, pace).await?;
        if self.plot == Plot::StaleMetric {
            stack.exporter.freeze();
        }
        Ok(incident)
    }
}

/// What an incident's clients hold. Dropping it lets go of everything.
#[derive(Debug, Default)]
pub struct Held {
    /// Sessions that do nothing.
    pub sessions: Vec<Session>,
    /// Sessions at work.
    pub workers: Vec<Workers>,
    /// Statements without end.
    pub running: Vec<Running>,
    /// Who is refused meanwhile.
    pub knocker: Option<Knocker>,
    /// A backup on its way.
    pub backup: Option<BaseBackup>,
}

/// An incident that is going on.
#[derive(Debug)]
pub struct Incident {
    scenario: Option<Scenario>,
    /// Who is in it.
    pub cast: &'static Cast,
    /// Sessions whose end helps, and no others; empty where none does.
    pub guilty: Vec<i32>,
    /// Sessions that must be left alone.
    pub innocent: Vec<i32>,
    /// When daily business began.
    pub calm_from: Timestamp,
    /// When the trigger (a deployment, a migration) happened.
    pub changed_at: Timestamp,
    /// When the first sign was there.
    pub began_at: Timestamp,
    /// Everything its clients hold.
    pub held: Held,
    ripe_at: Instant,
}

impl Incident {
    /// The cause, as the runbook's manifest names it.
    pub fn cause(&self) -> &'static str {
        self.scenario
            .map_or("unresolved", |scenario| scenario.plot.cause())
    }

    /// Waits until the last guilty session is as old as the pace says.
    pub async fn ripe(&self) {
        tokio::time::sleep_until(self.ripe_at.into()).await;
    }

    /// What the outside knows of it: changes, topology, the incident itself.
    pub fn files(&self) -> Files {
        Files::of(self)
    }

    /// Transactions that its workers committed so far.
    pub fn commits(&self) -> u64 {
        self.held.workers.iter().map(Workers::commits).sum()
    }

    fn plot(&self) -> Option<Plot> {
        self.scenario.map(|scenario| scenario.plot)
    }
}

/// The part that all plots share: times, and whose session is whose.
struct Story {
    incident: Incident,
    pace: Pace,
}

impl Story {
    /// Daily business begins: a busy service, a report, a backup, a dump, a pool at rest.
    async fn open(server: &Postgres, cast: &'static Cast, pace: Pace) -> Result<Self, ServerError> {
        let now = Timestamp::now();
        let incident = Incident {
            scenario: None,
            cast,
            guilty: Vec::new(),
            innocent: Vec::new(),
            calm_from: now,
            changed_at: now,
            began_at: now,
            held: Held::default(),
            ripe_at: Instant::now(),
        };
        let mut story = Self { incident, pace };
        cast.daily_business(server, &mut story).await?;
        Ok(story)
    }

    /// It goes on for a while.
    async fn calm(&self) {
        tokio::time::sleep(self.pace.calm).await;
    }

    /// The trigger happens, and after a while its first sign.
    async fn change(&mut self) {
        self.incident.changed_at = Timestamp::now();
        tokio::time::sleep(self.pace.lag).await;
        self.incident.began_at = Timestamp::now();
    }

    /// Keeps innocent sessions that do nothing.
    fn at_rest(&mut self, sessions: Vec<Session>) {
        self.incident
            .innocent
            .extend(sessions.iter().map(Session::pid));
        self.incident.held.sessions.extend(sessions);
    }

    /// Keeps innocent sessions that work.
    fn at_work(&mut self, workers: Workers) {
        self.incident.innocent.extend(workers.pids());
        self.incident.held.workers.push(workers);
    }

    /// Keeps an innocent statement without end.
    fn running(&mut self, running: Running) {
        self.incident.innocent.push(running.pid());
        self.incident.held.running.push(running);
    }

    /// The last sign is there.
    fn done(mut self) -> Incident {
        self.incident.ripe_at = Instant::now() + self.pace.age;
        self.incident
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plot_has_two_casts_that_share_no_name() {
        assert_eq!(Scenario::all().len(), 2 * Plot::ALL.len());
        let (one, two) = (Cast::of(Variant::First), Cast::of(Variant::Second));
        assert_ne!(one.server, two.server);
        assert_ne!(one.database, two.database);
        for (a, b) in one.apps().into_iter().zip(two.apps()) {
            assert_ne!(a.role, b.role);
            assert_ne!(a.service, b.service);
            assert_ne!(a.application, b.application);
        }
    }
}
