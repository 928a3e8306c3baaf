//! What became of a plan, and what a call was asked and answered.

use std::fmt::Write as _;

use interlock_capabilities::Recorded;
use interlock_gate::{escape, history::Kind, time::Time};
use interlock_runner::record::PlanRecord;
use interlock_store::entry::RecordedOutcome;

use super::{report, words};

/// Characters of an answer that are shown.
const ANSWER_CHARS_MAX: usize = 2000;

/// A plan's tokens, refusals and acts, in a line each.
pub fn plan(plan: &PlanRecord) -> String {
    let mut out = format!("plan    {} {}\n", plan.plan.id().short(), plan.state);
    let mut lines: Vec<(Time, String)> = Vec::new();
    for (at, token) in &plan.tokens {
        let payload = token.payload();
        let said = said(&payload.reason);
        let line = format!("{} by {}{said}", payload.decision.word(), payload.approver);
        lines.push((*at, line));
    }
    for (at, asked, reasons) in &plan.refusals {
        let reasons = escape::foreign(&reasons.join("; "));
        lines.push((*at, format!("{asked} refused: {reasons}")));
    }
    let mut done = 0;
    for act in &plan.acts {
        if matches!(act.outcome, Some(RecordedOutcome::Done { .. })) {
            done += 1;
            continue;
        }
        let word = match act.kind {
            Kind::Apply => "action",
            Kind::Undo => "undo of action",
        };
        let outcome = match &act.outcome {
            Some(outcome) => outcome.name(),
            None => "unknown: no outcome is recorded",
        };
        let settled = act.reconciled.as_ref();
        let settled = settled.map(|found| format!("; reconciled: {}", escape::foreign(found)));
        let line = format!(
            "{word} {}: {outcome}{}",
            act.index + 1,
            settled.unwrap_or_default()
        );
        lines.push((act.intended_at, line));
    }
    // Things happened in one order, whatever kind they are of.
    lines.sort_by_key(|(at, _)| *at);
    for (at, line) in lines {
        out.push_str(&words::wrapped(&format!("  {}  ", at.clock()), &line, 100));
    }
    if done > 0 {
        let _ = writeln!(out, "  {} done", words::count(done, "action"));
    }
    for (_, why) in &plan.stops {
        let _ = writeln!(out, "  stopped: {}", escape::foreign(why));
    }
    out
}

fn said(reason: &str) -> String {
    if reason.is_empty() {
        String::new()
    } else {
        format!(", saying \"{}\"", escape::foreign_short(reason, 120))
    }
}

/// One call with its answer, quoted.
pub fn call(call: &Recorded) -> String {
    let took = words::span(call.asked_at, call.answered_at);
    let mut out = format!("{}  {}  {took}\n", call.id, report::asked(call));
    let answer = match &call.answer {
        Ok(answer) => serde_json::to_string(answer).unwrap_or_default(),
        Err(gap) => format!("could not check: {gap}"),
    };
    let _ = writeln!(
        out,
        "    {}",
        escape::foreign_short(&answer, ANSWER_CHARS_MAX)
    );
    out
}
