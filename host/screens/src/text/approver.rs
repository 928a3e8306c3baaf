//! The whole of an approver's screen: what is signed, then what is not.

use std::fmt::Write as _;

use interlock_gate::{explain::Finding, plan::Plan, policy::Policy};
use interlock_runner::{diagnosis::DiagnosisRecord, evidence::Evidence};

use super::{diagnosis, plan, words};

/// All that the screen is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What it cites.
    pub evidence: &'a Evidence,
    /// The policy in force, or the one that an exported plan came with.
    pub policy: &'a Policy,
    /// What its host knows now; `None` where the plan is a file on another machine.
    pub here: Option<&'a Here>,
}

/// What the host of a plan knows beside it, now.
#[derive(Clone, Debug)]
pub struct Here {
    /// How many of its targets are still as seen.
    pub still_so: String,
    /// How often the write step's bytes were applied here before.
    pub applied: usize,
    /// What the gate says of it.
    pub findings: Vec<Finding>,
    /// What callers said of its run.
    pub diagnoses: Vec<DiagnosisRecord>,
}

/// The screen; `decision` is what is about to be signed, where something is.
pub fn screen(seen: &Seen<'_>, decision: Option<&str>) -> String {
    let mut out = plan::signed(seen.plan, seen.evidence, decision);
    out.push_str("NOT PART OF WHAT YOU SIGN\n");
    out.push_str(&plan::needs(seen.plan, seen.policy));
    match seen.here {
        Some(here) => {
            let _ = writeln!(out, "still so   {}", here.still_so);
            let _ = writeln!(out, "record     {}", record(seen.plan, here.applied));
        }
        None => {
            out.push_str("still so   unknown: this machine does not reach the host of the plan\n");
        }
    }
    out.push_str(&plan::quoted_names(seen.plan, seen.evidence));
    for one in seen.here.iter().flat_map(|here| &here.diagnoses) {
        out.push_str(&words::wrapped("quoted     ", &diagnosis::line(one), 100));
    }
    for finding in seen.here.iter().flat_map(|here| &here.findings) {
        match finding {
            Finding::Filled { by, .. } => {
                let _ = writeln!(out, "approved   by {by}");
            }
            Finding::Ignored(reason) => {
                out.push_str(&words::wrapped("not valid  ", &reason.to_string(), 100));
            }
            Finding::Against(reason) if !reason.is_missing_approval() => {
                out.push_str(&words::wrapped("against    ", &reason.to_string(), 100));
            }
            Finding::Rule { .. } | Finding::Empty { .. } | Finding::Against(_) => {}
        }
    }
    out
}

/// How often these bytes were applied here, or `NEW`.
fn record(plan: &Plan, applied: usize) -> String {
    let step = &plan.body().components.step;
    match applied {
        0 => format!("the bytes of `{step}` are NEW, never applied here"),
        1 => format!("the bytes of `{step}` were applied here once"),
        n => format!("the bytes of `{step}` were applied here {n} times"),
    }
}
