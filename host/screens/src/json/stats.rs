//! `interlock.stats.v1`: what the diagnoses of a time came to. Rates are counts, shares are decimal
//! strings; a figure without data is null.

use interlock_gate::time::Time;
use interlock_measure::{Coverage, Rate};
use interlock_runner::stats::{Group, PhaseTimes, Stats};
use serde::Serialize;

/// The document.
#[derive(Serialize)]
pub struct StatsJson<'a> {
    schema: &'static str,
    since: Time,
    until: Time,
    all: GroupJson<'a>,
    by_runbook: Vec<GroupJson<'a>>,
    by_cause: Vec<GroupJson<'a>>,
    calibration: Option<CalibrationJson>,
    left_out: bool,
    /// Names of causes may be somebody's words.
    quoted: bool,
}

#[derive(Serialize)]
struct GroupJson<'a> {
    name: &'a str,
    runs: u64,
    incidents: u64,
    unresolved: RateJson,
    faulted: RateJson,
    with_verdict: RateJson,
    accepted: RateJson,
    modified: RateJson,
    rejected: RateJson,
    judged: RateJson,
    right: RateJson,
    accepted_right: RateJson,
    rejected_right: RateJson,
    confident: RateJson,
    confident_wrong: RateJson,
    decisions_too_fast: RateJson,
    decided_after_s: Option<u64>,
    phases: Vec<PhaseJson>,
}

#[derive(Serialize)]
struct RateJson {
    hits: u64,
    of: u64,
    share: Option<String>,
    low: Option<String>,
    high: Option<String>,
}

#[derive(Serialize)]
struct PhaseJson {
    phase: &'static str,
    runs: usize,
    median_ms: Option<u64>,
    right_ms: Option<u64>,
    other_ms: Option<u64>,
    saved_ms: Option<i64>,
}

#[derive(Serialize)]
struct CalibrationJson {
    forecasts: u64,
    brier: String,
    error: String,
    error_low: String,
    error_high: String,
    bins: Vec<BinJson>,
}

#[derive(Serialize)]
struct BinJson {
    from: String,
    until: String,
    said: String,
    right: RateJson,
}

/// The document of these figures.
pub fn document(stats: &Stats) -> StatsJson<'_> {
    let calibration = stats.calibration.as_ref().map(|found| CalibrationJson {
        forecasts: found.forecasts,
        brier: decimal(found.brier),
        error: decimal(found.error),
        error_low: decimal(found.error_interval.low),
        error_high: decimal(found.error_interval.high),
        bins: found
            .bins
            .iter()
            .map(|bin| BinJson {
                from: decimal(bin.from),
                until: decimal(bin.until),
                said: decimal(bin.said),
                right: rate(bin.right),
            })
            .collect(),
    });
    StatsJson {
        schema: "interlock.stats.v1",
        since: stats.since,
        until: stats.until,
        all: group(&stats.all),
        by_runbook: stats.by_runbook.iter().map(group).collect(),
        by_cause: stats.by_cause.iter().map(group).collect(),
        calibration,
        left_out: stats.left_out,
        quoted: true,
    }
}

fn group(one: &Group) -> GroupJson<'_> {
    GroupJson {
        name: &one.name,
        runs: one.runs,
        incidents: one.incidents,
        unresolved: rate(one.unresolved),
        faulted: rate(one.faulted),
        with_verdict: rate(one.with_verdict),
        accepted: rate(one.accepted),
        modified: rate(one.modified),
        rejected: rate(one.rejected),
        judged: rate(one.judged),
        right: rate(one.right),
        accepted_right: rate(one.accepted_right),
        rejected_right: rate(one.rejected_right),
        confident: rate(one.confident),
        confident_wrong: rate(one.confident_wrong),
        decisions_too_fast: rate(one.too_fast),
        decided_after_s: one.decided_after_s,
        phases: one.phases.iter().map(phase).collect(),
    }
}

fn phase(one: &PhaseTimes) -> PhaseJson {
    PhaseJson {
        phase: one.phase.word(),
        runs: one.runs,
        median_ms: one.median_ms,
        right_ms: one.right_ms,
        other_ms: one.other_ms,
        saved_ms: one.saved_ms(),
    }
}

fn rate(one: Rate) -> RateJson {
    let interval = one.wilson(Coverage::P90);
    RateJson {
        hits: one.hits,
        of: one.of,
        share: one.share().map(decimal),
        low: interval.map(|it| decimal(it.low)),
        high: interval.map(|it| decimal(it.high)),
    }
}

fn decimal(share: f64) -> String {
    format!("{share:.4}")
}
