//! A run from its head to the last thing that became of it.

use std::fmt::Write as _;

use interlock_gate::{policy::Policy, state::PlanState};
use interlock_runner::record::RunRecord;

use super::{needs, record as entries, run, words};

/// The whole of a run, its recorded calls left out.
pub fn screen(record: &RunRecord, policy: &Policy) -> String {
    let waiting = record
        .plan()
        .filter(|plan| plan.state == PlanState::Waiting)
        .map(|plan| needs::lines(&plan.plan, policy))
        .unwrap_or_default();
    let mut out = format!(
        "run {}   {} {}   incident {}   {}   asked by {}\n\n",
        record.run,
        record.runbook,
        record.version,
        words::foreign(&record.incident.id),
        record.opened_at.to_seconds_text(),
        words::asker(&record.requester),
    );
    out.push_str(&run::screen(record, &waiting));
    if let Some(plan) = &record.waits {
        let _ = writeln!(
            out,
            "\nPROPOSED  plan {}, of an earlier run: the same change waited already",
            plan.short()
        );
    }
    for plan in &record.plans {
        out.push_str(&entries::plan(plan));
    }
    for verified in &record.verified {
        let summary = verified.found.as_ref().map(|found| found.summary.as_str());
        let _ = writeln!(
            out,
            "verify  {} {}: {}",
            verified.at.clock(),
            verified.verdict,
            words::foreign(summary.unwrap_or("it faulted"))
        );
    }
    out
}

/// Every recorded call of its steps, each answer cut.
pub fn calls(record: &RunRecord) -> String {
    let mut out = String::from("\nCALLS\n");
    for call in record.calls() {
        out.push_str(&entries::call(call));
    }
    out
}
