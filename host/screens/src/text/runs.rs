//! A list of runs.

use std::fmt::Write as _;

use interlock_runner::record::RunRecord;

use super::words::foreign;
use crate::json::runs::RunLineJson;

/// One line a run, newest first; `next` is the offset of older ones.
pub fn list(records: &[RunRecord], next: Option<usize>) -> String {
    let mut out = String::new();
    for line in records.iter().map(RunLineJson::new) {
        let plan = match (&line.plan, line.plan_state) {
            (Some(plan), Some(state)) => format!("plan {plan} {state}"),
            _ => String::new(),
        };
        let row = format!(
            "{}  {}  {:<22} {:<12} {:<11} {:<26} {plan}",
            line.run,
            line.opened_at.to_seconds_text(),
            line.runbook,
            foreign(&line.incident),
            line.state,
            foreign(line.cause.as_deref().unwrap_or("-")),
        );
        let _ = writeln!(out, "{}", row.trim_end());
    }
    if records.is_empty() {
        out.push_str("nothing has run here yet\n");
    }
    if let Some(next) = next {
        let _ = writeln!(out, "truncated: older ones from offset {next}");
    }
    out
}
