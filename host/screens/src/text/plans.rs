//! A list of plans.

use std::fmt::Write as _;

use interlock_gate::explain::Finding;

use super::words::count;
use crate::json::plan::PlansJson;

/// Two lines a plan; `all`: those that are over were asked for too.
pub fn list(list: &PlansJson, all: bool) -> String {
    let mut out = String::new();
    for line in &list.plans {
        let state = match &line.waiting {
            Some(waiting) => format!("{} ({waiting})", line.state),
            None => line.state.to_owned(),
        };
        let _ = writeln!(
            out,
            "{}  {state}, ends {}, {}\n              {}",
            line.plan.short(),
            line.expires_at.to_seconds_text(),
            line.run,
            line.summary,
        );
    }
    if list.plans.is_empty() {
        out.push_str(if all {
            "no plan was made here\n"
        } else {
            "no plan waits here\n"
        });
    }
    out
}

/// `1 of 2 approvals`.
pub fn seats(findings: &[Finding]) -> String {
    let (mut has, mut needs) = (0, 0);
    for finding in findings {
        if let Finding::Rule { seats, filled, .. } = finding {
            has += filled;
            needs += seats;
        }
    }
    let needs = usize::try_from(needs).unwrap_or(usize::MAX);
    format!("{has} of {}", count(needs, "approval"))
}
