//! What the modules look at.

use interlock_system_tests::World;
use serde_json::Value;

/// A run about the world's incident, at the pace of a test.
pub(crate) const RUN: [&str; 9] = [
    "run",
    "postgres-connections",
    "--incident",
    "incident.toml",
    "-i",
    "stuck_after=2s",
    // The steps of a range follow from it: the shortest shows most of a young server.
    "-i",
    "lookback=10m",
    "--json",
];

/// Which of these pids still have a session.
pub(crate) async fn alive(world: &World, pids: &[i32]) -> Vec<i32> {
    let admin = world.postgres().superuser().await.unwrap();
    world.postgres().alive(&admin, pids).await.unwrap()
}

/// In order.
pub(crate) fn sorted(pids: &[i32]) -> Vec<i32> {
    let mut pids = pids.to_vec();
    pids.sort_unstable();
    pids
}

/// The pids that a plan would act on, from `plan show --json`.
pub(crate) fn planned(show: &Value) -> Vec<i32> {
    let actions = show["body"]["actions"].as_array().unwrap();
    let pid = |action: &Value| i32::try_from(action["arguments"]["pid"].as_i64().unwrap()).unwrap();
    sorted(&actions.iter().map(pid).collect::<Vec<_>>())
}
