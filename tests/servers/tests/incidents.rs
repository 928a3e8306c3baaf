//! Each scenario is on the server what it claims to be, and ending the guilty helps.

// Every function here is part of a test.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use interlock_test_servers::postgres::{RESERVED_ROLE, WRITE_ROLE};
use interlock_test_servers::{Incident, Pace, Plot, Postgres, Scenario, Session, Variant};

struct World {
    server: Postgres,
    incident: Incident,
    admin: Session,
}

async fn world(plot: Plot, variant: Variant) -> World {
    let scenario = Scenario { plot, variant };
    let server = scenario.postgres().start().await.unwrap();
    let incident = scenario.begin(&server, Pace::fast()).await.unwrap();
    incident.ripe().await;
    let admin = server.superuser().await.unwrap();
    let world = World {
        server,
        incident,
        admin,
    };
    assert_eq!(world.incident.cause(), plot.cause());
    world.innocents_live().await;
    world
}

impl World {
    async fn is_full(&self) -> bool {
        let (cast, server) = (self.incident.cast, &self.server);
        match server.connect(cast.shop.role, cast.database, "late").await {
            Ok(_) => false,
            Err(error) => error.is_out_of_slots(),
        }
    }

    async fn innocents_live(&self) {
        let mut expected = self.incident.innocent.clone();
        expected.sort_unstable();
        assert!(expected.len() > 5);
        assert_eq!(
            self.server.alive(&self.admin, &expected).await.unwrap(),
            expected
        );
    }

    async fn states(&self, pids: &[i32]) -> BTreeMap<String, usize> {
        let rows = self
            .admin
            .query(
                "select state, xact_start from pg_stat_activity where pid = any($1)",
                &[&pids],
            )
            .await
            .unwrap();
        let mut states = BTreeMap::new();
        for row in rows {
            *states.entry(row.get::<_, String>(0)).or_default() += 1;
        }
        states
    }

    /// Where each waiting session's chain of blockers ends; 0 is a prepared transaction.
    async fn roots(&self) -> (usize, BTreeSet<i32>) {
        let rows = self
            .admin
            .query(
                "select pid, pg_blocking_pids(pid) from pg_stat_activity where wait_event_type = 'Lock'",
                &[],
            )
            .await
            .unwrap();
        let blocked: BTreeMap<i32, Vec<i32>> =
            rows.iter().map(|row| (row.get(0), row.get(1))).collect();
        let mut roots = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut todo: Vec<i32> = blocked.keys().copied().collect();
        while let Some(pid) = todo.pop() {
            match blocked.get(&pid) {
                Some(by) if seen.insert(pid) => todo.extend(by),
                Some(_) => {}
                None => {
                    roots.insert(pid);
                }
            }
        }
        (blocked.len(), roots)
    }

    async fn ending_the_guilty_helps(&self) {
        let hand = self
            .server
            .connect(RESERVED_ROLE, "postgres", "interlock")
            .await
            .unwrap();
        hand.run(&format!("set role {WRITE_ROLE}")).await.unwrap();
        for pid in &self.incident.guilty {
            let ended = hand
                .query_one("select pg_terminate_backend($1, 5000)", &[pid])
                .await;
            assert!(ended.unwrap().get::<_, bool>(0));
        }
        let commits = self.incident.commits();
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let left = self
            .server
            .alive(&self.admin, &self.incident.guilty)
            .await
            .unwrap();
        assert_eq!(left, Vec::<i32>::new());
        assert!(!self.is_full().await);
        assert!(self.incident.commits() > commits);
        assert!(self.incident.held.knocker.as_ref().unwrap().refused() > 0);
        assert_eq!(self.roots().await.0, 0);
        self.innocents_live().await;
    }
}

async fn idle_in_transaction(variant: Variant) {
    let world = world(Plot::IdleInTransaction, variant).await;
    assert!(world.is_full().await);
    let states = world.states(&world.incident.guilty).await;
    assert_eq!(states["idle in transaction (aborted)"], 1);
    assert_eq!(
        states["idle in transaction"],
        world.incident.guilty.len() - 1
    );
    assert!(world.incident.guilty.len() * 2 > world.server.ordinary_slots());
    world.ending_the_guilty_helps().await;
}

async fn leak(variant: Variant) {
    let world = world(Plot::LeakAfterDeployment, variant).await;
    assert!(world.is_full().await);
    let states = world.states(&world.incident.guilty).await;
    assert_eq!(states.into_keys().collect::<Vec<_>>(), ["idle"]);
    let files = world.incident.files();
    assert!(files.changes.contains(world.incident.cast.version));
    world.ending_the_guilty_helps().await;
}

async fn convoy(plot: Plot, variant: Variant) {
    let world = world(plot, variant).await;
    assert!(world.is_full().await);
    let (waiting, roots) = world.roots().await;
    assert!(
        waiting * 2 > world.server.ordinary_slots(),
        "{waiting} wait"
    );
    let expected = if plot == Plot::ConvoyBehindPrepared {
        vec![0]
    } else {
        world.incident.guilty.clone()
    };
    assert_eq!(roots.into_iter().collect::<Vec<_>>(), expected);
    if plot != Plot::ConvoyBehindPrepared {
        // The waiters' statements end, and their sessions rest: slots are as scarce as before.
        let hand = world
            .server
            .connect(WRITE_ROLE, "postgres", "interlock")
            .await;
        assert!(hand.unwrap_err().is_out_of_slots());
        world
            .admin
            .query("select pg_terminate_backend($1, 5000)", &[&expected[0]])
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(world.roots().await.0, 0);
        world.innocents_live().await;
    }
}

async fn surge(variant: Variant) {
    let scenario = Scenario {
        plot: Plot::TrafficSurge,
        variant,
    };
    let server = scenario.postgres().start().await.unwrap();
    let incident = scenario.begin(&server, Pace::fast()).await.unwrap();
    let admin = server.superuser().await.unwrap();
    let world = World {
        server,
        incident,
        admin,
    };
    assert!(world.is_full().await);
    assert_eq!(world.incident.guilty, Vec::<i32>::new());
    let workers = &world.incident.held.workers;
    let (usual, more) = (workers[0].commits(), workers.last().unwrap());
    let before = more.commits();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(more.commits() - before > 2 * (workers[0].commits() - usual));
    assert_eq!(workers.iter().map(|w| w.failed()).sum::<u64>(), 0);
    assert_eq!(world.roots().await.0, 0);
    world.innocents_live().await;
}

async fn too_few_slots(variant: Variant) {
    let world = world(Plot::MaxConnectionsTooLow, variant).await;
    assert!(world.is_full().await);
    assert_eq!(world.incident.guilty, Vec::<i32>::new());
    let before = world
        .incident
        .held
        .workers
        .iter()
        .map(|w| w.commits())
        .collect::<Vec<_>>();
    tokio::time::sleep(Duration::from_secs(3)).await;
    for (workers, before) in world.incident.held.workers.iter().zip(before) {
        assert!(
            workers.commits() - before >= workers.pids().len() as u64,
            "all are used"
        );
    }
}

async fn quiet(plot: Plot, variant: Variant) {
    let world = world(plot, variant).await;
    assert!(!world.is_full().await);
    let cast = world.incident.cast;
    let wal = "select count(*) from pg_stat_activity where backend_type = 'walsender'";
    assert_eq!(
        world
            .admin
            .query_one(wal, &[])
            .await
            .unwrap()
            .get::<_, i64>(0),
        1
    );
    assert!(
        world
            .server
            .connect(cast.report.role, cast.database, "late")
            .await
            .is_ok()
    );
}

macro_rules! in_both_casts {
    ($($name:ident: $run:ident($($plot:expr)?);)*) => {$(
        #[tokio::test]
        async fn $name() {
            tokio::join!($run($($plot,)? Variant::First), $run($($plot,)? Variant::Second));
        }
    )*};
}

in_both_casts! {
    one_application_leaves_transactions_open: idle_in_transaction();
    a_deployment_leaks_sessions: leak();
    everybody_waits_for_one_session: convoy(Plot::ConvoyBehindSession);
    everybody_waits_for_a_prepared_transaction: convoy(Plot::ConvoyBehindPrepared);
    everybody_waits_behind_a_migration: convoy(Plot::ConvoyBehindMigration);
    more_work_than_usual: surge();
    pools_sum_above_the_slots: too_few_slots();
    a_bad_threshold_rings_on_a_server_with_slots: quiet(Plot::BadThreshold);
    a_metric_grows_old_on_a_server_with_slots: quiet(Plot::StaleMetric);
}
