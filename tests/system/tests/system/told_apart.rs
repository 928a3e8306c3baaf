//! Each cause is told from the others, whoever is in it, and no innocent session is ever proposed.

use interlock_system_tests::{Person, World};
use interlock_test_servers::{Plot, Variant};

use crate::seen::{RUN, planned, sorted};

/// What must come of a plot.
enum Proposed {
    /// To end exactly the guilty.
    TheGuilty,
    /// Nothing: no session's end helps.
    Nothing,
    /// The guilty or nothing: the cause can be named where ending is left to a person.
    AtMostTheGuilty,
}

async fn told(plot: Plot, variant: Variant, proposed: Proposed) {
    let world = World::build(plot).variant(variant).start().await.unwrap();
    let ran = world.interlock(Person::Bob, &RUN).await.unwrap();
    let run = ran.json();
    assert_eq!(
        run["causes"][0],
        plot.cause(),
        "{plot:?} {variant:?}: {}",
        ran.everything()
    );
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
        Proposed::TheGuilty => assert_eq!(pids, guilty, "{plot:?} {variant:?}"),
        Proposed::Nothing => assert_eq!(pids, Vec::<i32>::new(), "{plot:?} {variant:?}"),
        Proposed::AtMostTheGuilty => {
            assert!(
                pids.is_empty() || pids == guilty,
                "{plot:?} {variant:?}: {pids:?}"
            );
        }
    }
}

macro_rules! in_both_casts {
    ($($name:ident: $plot:expr, $proposed:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            tokio::join!(
                told($plot, Variant::First, $proposed),
                told($plot, Variant::Second, $proposed),
            );
        }
    )*};
}

in_both_casts! {
    transactions_left_open: Plot::IdleInTransaction, Proposed::TheGuilty;
    sessions_leaked_after_a_deployment: Plot::LeakAfterDeployment, Proposed::AtMostTheGuilty;
    more_work_than_usual: Plot::TrafficSurge, Proposed::Nothing;
    everybody_waits_for_one_session: Plot::ConvoyBehindSession, Proposed::AtMostTheGuilty;
    everybody_waits_for_a_prepared_transaction: Plot::ConvoyBehindPrepared, Proposed::Nothing;
    everybody_waits_behind_a_migration: Plot::ConvoyBehindMigration, Proposed::AtMostTheGuilty;
    pools_that_sum_above_the_slots: Plot::MaxConnectionsTooLow, Proposed::Nothing;
    a_threshold_that_rings_too_early: Plot::BadThreshold, Proposed::Nothing;
    a_metric_that_has_grown_old: Plot::StaleMetric, Proposed::Nothing;
}
