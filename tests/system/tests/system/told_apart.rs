//! Each cause is told from the others, whoever is in it, and no innocent session is ever proposed.

use interlock_system_tests::{Person, World, WorldBuilder};
use interlock_test_servers::{Plot, Variant};

use crate::seen::{RUN, planned, sorted};

/// What must come of a plot.
enum Proposed {
    /// To end exactly the guilty.
    TheGuilty,
    /// Nothing: no session's end helps.
    Nothing,
    /// None but the guilty: which of them is the runbook's care, and policy's.
    SomeOfTheGuilty,
}

async fn told(world: WorldBuilder, plot: Plot, proposed: Proposed) {
    let world = world.start().await.unwrap();
    let ran = world.interlock(Person::Bob, &RUN).await.unwrap();
    let run = ran.json();
    let of = format!("{plot:?} at {}", world.cast().server);
    assert_eq!(run["causes"][0], plot.cause(), "{of}: {}", ran.everything());
    let pids = match run["plan"]["plan"].as_str() {
        None => Vec::new(),
        Some(plan) => {
            let show = ["plan", "show", plan, "--json"];
            planned(
                &world
                    .interlock(Person::Bob, &show)
                    .await
                    .unwrap()
                    .expect(0)
                    .json(),
            )
        }
    };
    let guilty = sorted(&world.incident.guilty);
    match proposed {
        Proposed::TheGuilty => assert_eq!(pids, guilty, "{of}"),
        Proposed::Nothing => assert_eq!(pids, Vec::<i32>::new(), "{of}"),
        Proposed::SomeOfTheGuilty => {
            assert!(
                pids.iter().all(|pid| guilty.contains(pid)),
                "{of}: {pids:?}"
            );
        }
    }
}

/// Those that need no metrics run without them, and so without the minute that a rate takes.
macro_rules! in_both_casts {
    ($($name:ident: $plot:expr, $watched:expr, $proposed:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let world = |variant| {
                let world = World::build($plot).variant(variant);
                if $watched { world } else { world.unwatched() }
            };
            tokio::join!(
                told(world(Variant::First), $plot, $proposed),
                told(world(Variant::Second), $plot, $proposed),
            );
        }
    )*};
}

in_both_casts! {
    transactions_left_open: Plot::IdleInTransaction, false, Proposed::TheGuilty;
    sessions_leaked_after_a_deployment: Plot::LeakAfterDeployment, false, Proposed::SomeOfTheGuilty;
    more_work_than_usual: Plot::TrafficSurge, true, Proposed::Nothing;
    everybody_waits_for_one_session: Plot::ConvoyBehindSession, false, Proposed::SomeOfTheGuilty;
    everybody_waits_for_a_prepared_transaction:
        Plot::ConvoyBehindPrepared, false, Proposed::Nothing;
    everybody_waits_behind_a_migration:
        Plot::ConvoyBehindMigration, false, Proposed::SomeOfTheGuilty;
    pools_that_sum_above_the_slots: Plot::MaxConnectionsTooLow, false, Proposed::Nothing;
    a_threshold_that_rings_too_early: Plot::BadThreshold, true, Proposed::Nothing;
    a_metric_that_has_grown_old: Plot::StaleMetric, true, Proposed::Nothing;
}
