//! What the diagnoses of a time came to, as tables.

use std::fmt::Write as _;

use interlock_measure::{Coverage, Rate};
use interlock_runner::stats::{Group, PhaseTimes, Stats};

use super::words::foreign_short;

const NAME_CHARS: usize = 22;

/// Which groups are shown beside the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// Of each runbook.
    Runbook,
    /// Of each cause.
    Cause,
}

/// The tables.
pub fn screen(stats: &Stats, by: By) -> String {
    let (word, groups) = match by {
        By::Runbook => ("runbook", &stats.by_runbook),
        By::Cause => ("cause", &stats.by_cause),
    };
    let mut out = format!(
        "{} to {}\n",
        stats.since.to_seconds_text(),
        stats.until.to_seconds_text()
    );
    if stats.all.runs == 0 {
        out.push_str("no run has ended in this time\n");
        return out;
    }
    let head = [
        "runs",
        "unresolved",
        "accepted",
        "right",
        "acc. right",
        "high wrong",
    ];
    let _ = write!(out, "\n{word:<NAME_CHARS$}");
    for name in head {
        let _ = write!(out, "  {name:>11}");
    }
    out.push('\n');
    for one in groups.iter().chain(std::iter::once(&stats.all)) {
        row(&mut out, one);
    }
    out.push_str(
        "right: of those whose actual cause is known; acc. right: of the accepted ones among these;\n\
         high wrong: of those rated `high` among these\n",
    );
    let wrong = stats.all.confident_wrong;
    let _ = writeln!(
        out,
        "\nfalse positives among the confident: {}",
        told(wrong)
    );
    out.push_str("\ntime                      median       right       other       saved\n");
    for one in &stats.all.phases {
        phase(&mut out, one);
    }
    let _ = writeln!(
        out,
        "\napprovals too fast to have been read: {} (under 5 s, or 1 s for each 10 words of the plan)",
        told(stats.all.too_fast)
    );
    match &stats.calibration {
        Some(found) => {
            let _ = writeln!(
                out,
                "calibration of {} judged: expected error {:.3} (90 %: {:.3}-{:.3}), Brier {:.3}",
                found.forecasts,
                found.error,
                found.error_interval.low,
                found.error_interval.high,
                found.brier
            );
        }
        None => out.push_str("calibration: no judged diagnosis carried a probability\n"),
    }
    if stats.left_out {
        out.push_str("older runs of this time are left out\n");
    }
    out
}

fn row(out: &mut String, one: &Group) {
    let name = foreign_short(&one.name, NAME_CHARS);
    let _ = write!(out, "{name:<NAME_CHARS$}  {:>11}", one.runs);
    for rate in [
        one.unresolved,
        one.accepted,
        one.right,
        one.accepted_right,
        one.confident_wrong,
    ] {
        let _ = write!(out, "  {:>11}", short(rate));
    }
    out.push('\n');
}

fn short(rate: Rate) -> String {
    match rate.percent() {
        Some(percent) => format!("{}/{} {percent} %", rate.hits, rate.of),
        None => "-".to_owned(),
    }
}

/// A rate with its interval: `1 of 37, 3 % (90 %: 1-11)`.
pub(crate) fn told(rate: Rate) -> String {
    match (rate.percent(), rate.wilson(Coverage::P90)) {
        (Some(percent), Some(interval)) => format!(
            "{} of {}, {percent} % (90 %: {:.0}-{:.0})",
            rate.hits,
            rate.of,
            interval.low * 100.0,
            interval.high * 100.0
        ),
        _ => "nothing is known yet".to_owned(),
    }
}

fn phase(out: &mut String, one: &PhaseTimes) {
    let time = |ms: Option<u64>| ms.map_or_else(|| "-".to_owned(), span);
    let saved = one.saved_ms().map_or_else(
        || "-".to_owned(),
        |ms| {
            let sign = if ms < 0 { "-" } else { "" };
            format!("{sign}{}", span(ms.unsigned_abs()))
        },
    );
    let _ = writeln!(
        out,
        "{:<20}  {:>10}  {:>10}  {:>10}  {saved:>10}",
        one.phase.words(),
        time(one.median_ms),
        time(one.right_ms),
        time(one.other_ms),
    );
}

/// `0.4 s`, `41 s`, `6 m 12 s`, `3 h 5 m`.
pub(crate) fn span(ms: u64) -> String {
    match ms {
        0..10_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        10_000..120_000 => format!("{} s", ms / 1000),
        120_000..7_200_000 => format!("{} m {} s", ms / 60_000, ms % 60_000 / 1000),
        _ => format!("{} h {} m", ms / 3_600_000, ms % 3_600_000 / 60_000),
    }
}
