//! The steps on described hosts: each cause with distractors, and the sessions
//! that must never be ended.

interlock_sdk::steps!(diagnose, remediate, verify);

mod blindness;
mod idle_in_transaction;
mod leak_after_deployment;
mod lock_convoy;
mod max_connections_too_low;
mod not_a_connection_problem;
mod traffic_surge;
mod two_at_once;
mod verification;

use interlock_sdk::{FakeMetrics, FakeRun, FakeSession};

/// A healthy exporter that counts `sessions`, and commits that went from one
/// rate to another.
fn exporter(sessions: f64, before: f64, now: f64) -> impl FnOnce(FakeMetrics) -> FakeMetrics {
    move |metrics| {
        metrics
            .value("timestamp(pg_up)", 4.0)
            .value("pg_settings_max_connections", 50.0)
            .line(
                "xact_commit[1m]",
                &[("3h", before), ("20m", before), ("10m", now)],
            )
            .line(
                "xact_commit",
                &[("3h", before), ("20m", before), ("10m", now)],
            )
            .line(
                "pg_stat_activity_count)",
                &[("3h", 12.0), ("20m", 12.0), ("10m", sessions)],
            )
            .value("pg_up", 1.0)
    }
}

/// Resting and working sessions of others, which are nobody's fault.
fn bystander(number: usize, session: FakeSession) -> FakeSession {
    let session = session
        .role("orders_api")
        .database("orders")
        .addr("10.0.0.9");
    match number % 3 {
        0 => session.began("3h").idle("50m"),
        1 => session.began("5h").active("1s"),
        _ => session.began("2h").idle("4s"),
    }
}

fn ruled_out(run: &FakeRun) -> Vec<&str> {
    run.report()
        .ruled_out
        .iter()
        .map(|ruled_out| ruled_out.cause.as_str())
        .collect()
}

fn could_not_check(run: &FakeRun) -> String {
    let list = &run.report().could_not_check;
    list.iter()
        .map(|entry| format!("{}: {}\n", entry.what, entry.why))
        .collect()
}
