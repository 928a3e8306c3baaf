//! What happened in an incident, a line each. Words of others stand between quotation marks.

use std::collections::BTreeMap;

use interlock_gate::{escape, history::Kind, ids::PlanDigest, plan::Requester};
use interlock_runner::{diagnosis::whose, incident::Happened};

use super::feedback;
use super::words::{asker, count, foreign_short, quoted};

/// Characters of a note that are shown in a timeline.
const NOTE_CHARS_MAX: usize = 400;

/// What happened, in a line.
pub fn line(what: &Happened) -> String {
    match what {
        Happened::Rings { alerts, by } => format!("rings: {}, {}", names(alerts), says(by)),
        Happened::Ceased { alerts, by } => {
            format!("ceased: {}; others ring, {}", names(alerts), says(by))
        }
        Happened::Resolved { by } => format!("nothing rings any more, {}", says(by)),
        Happened::RunOpened {
            run,
            runbook,
            by,
            owners,
        } => format!("{run} of {runbook} began, asked by {}", whose(by, owners)),
        Happened::RunEnded { run, state } => format!("{run} ended: {}", escape::foreign(state)),
        Happened::Planned { run, plan, narrows } => match narrows {
            Some(parent) => format!("plan {} narrows {}", plan.short(), parent.short()),
            None => format!("plan {} made by {run}", plan.short()),
        },
        Happened::Refused {
            plan,
            asked,
            reasons,
        } => {
            let of = plan.map(|plan| format!(" of plan {}", plan.short()));
            let why = foreign_short(&reasons.join("; "), NOTE_CHARS_MAX);
            let asked = escape::foreign(asked);
            format!("{asked}{} refused: {why}", of.unwrap_or_default())
        }
        Happened::Signed {
            plan,
            decision,
            approver,
        } => format!(
            "{approver} signed {} of plan {}",
            decision.word(),
            plan.short()
        ),
        Happened::Began { plan, kind } => format!("{} began", carried(*kind, plan)),
        Happened::Ended {
            plan,
            kind,
            stopped,
            counts,
        } => {
            let stopped = stopped
                .as_ref()
                .map(|why| format!(", stopped: {}", foreign_short(why, NOTE_CHARS_MAX)));
            format!(
                "{} ended: {}{}",
                carried(*kind, plan),
                sums(counts),
                stopped.unwrap_or_default()
            )
        }
        Happened::Verified { plan, verdict } => {
            format!(
                "verified plan {}: {}",
                plan.short(),
                escape::foreign(verdict)
            )
        }
        Happened::Reconciled { plan, finding } => format!(
            "a doubt about plan {} was settled: {}",
            plan.short(),
            escape::foreign(finding)
        ),
        Happened::Noted(note) => format!(
            "note of {}: {}",
            whose(&note.by, &note.owners),
            quoted(&note.text, NOTE_CHARS_MAX)
        ),
        Happened::Imported { format, lines, by } => {
            let lines = count(usize::try_from(*lines).unwrap_or(usize::MAX), "line");
            format!(
                "{lines} of {} attached by {}",
                escape::foreign(format),
                escape::foreign_short(asker(by), 80)
            )
        }
        Happened::Judged {
            run,
            by,
            verdict,
            cause,
        } => feedback::line(run, by, *verdict, cause.as_deref()),
        Happened::Settled(known) => feedback::cause(known),
        Happened::Diagnosed { run, by, owners } => {
            format!("diagnosis of {} about {run}", whose(by, owners))
        }
    }
}

/// Its kind, for programs.
pub fn kind(what: &Happened) -> &'static str {
    match what {
        Happened::Rings { .. } => "rings",
        Happened::Ceased { .. } => "ceased",
        Happened::Resolved { .. } => "resolved",
        Happened::RunOpened { .. } => "run_opened",
        Happened::RunEnded { .. } => "run_ended",
        Happened::Planned { .. } => "planned",
        Happened::Refused { .. } => "refused",
        Happened::Signed { .. } => "signed",
        Happened::Began { .. } => "began",
        Happened::Ended { .. } => "ended",
        Happened::Verified { .. } => "verified",
        Happened::Reconciled { .. } => "reconciled",
        Happened::Noted(_) => "noted",
        Happened::Imported { .. } => "imported",
        Happened::Judged { .. } => "judged",
        Happened::Settled(_) => "cause_known",
        Happened::Diagnosed { .. } => "diagnosed",
    }
}

/// Whose word it is that something rings or does not: a caller's, not the host's.
pub fn says(by: &Requester) -> String {
    let name = by.caller.as_deref().unwrap_or(&by.via);
    format!("says {}", escape::foreign_short(name, 80))
}

fn names(alerts: &[String]) -> String {
    quoted(&alerts.join(", "), 200)
}

fn carried(kind: Kind, plan: &PlanDigest) -> String {
    let word = match kind {
        Kind::Apply => "carrying out",
        Kind::Undo => "carrying back",
    };
    format!("{word} of plan {}", plan.short())
}

fn sums(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = counts
        .iter()
        .filter(|(_, n)| **n > 0)
        .map(|(word, n)| format!("{n} {}", escape::foreign(word)))
        .collect();
    if parts.is_empty() {
        "nothing done".to_owned()
    } else {
        parts.join(", ")
    }
}
