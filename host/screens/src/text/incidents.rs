//! Incidents: a list, and one with what happened in which order.

use std::fmt::Write as _;

use interlock_runner::incident::{IncidentLine, IncidentRecord};

use super::{
    moments,
    words::{WIDTH, count, foreign, quoted, wrapped},
};

/// Moments of one incident that are told in text, the newest; a document holds them all.
const MOMENTS_MAX: usize = 100;

/// One line an incident, newest first.
pub fn list(incidents: &[IncidentLine]) -> String {
    let mut out = String::new();
    for one in incidents {
        let _ = writeln!(
            out,
            "{:<24}  {}  {:<8}  {}, {}",
            foreign(&one.id),
            one.opened_at.to_seconds_text(),
            one.status.word(),
            alerts(&one.alerts),
            count(one.runs.len(), "run")
        );
    }
    if incidents.is_empty() {
        out.push_str("no incident is known here\n");
    }
    out
}

fn alerts(names: &[String]) -> String {
    if names.is_empty() {
        "no alert".to_owned()
    } else {
        quoted(&names.join(", "), 80)
    }
}

/// One incident: what rings, its runs and plans, and its timeline.
pub fn screen(one: &IncidentRecord) -> String {
    let mut out = format!(
        "incident {}   {}   since {}\n",
        foreign(&one.id),
        one.status.word(),
        one.opened_at.to_seconds_text()
    );
    for (lead, text) in [("service   ", &one.service), ("severity  ", &one.severity)] {
        if let Some(text) = text {
            out.push_str(&wrapped(lead, &quoted(text, 120), WIDTH));
        }
    }
    let mut names: Vec<&str> = one.alerts.iter().map(|alert| alert.name()).collect();
    names.sort_unstable();
    names.dedup();
    let left_out = match one.alerts_left_out {
        0 => String::new(),
        n => format!(", {n} more left out"),
    };
    if !names.is_empty() {
        let alerts = format!(
            "{}{left_out}: {}",
            count(one.alerts.len(), "alert"),
            quoted(&names.join(", "), 300)
        );
        out.push_str(&wrapped("alerts    ", &alerts, WIDTH));
    }
    for run in &one.runs {
        let diagnoses = match run.diagnoses {
            0 => String::new(),
            n => format!(", {n} by callers"),
        };
        let said = format!("{} of {}{diagnoses}", run.line.run, run.line.runbook);
        out.push_str(&wrapped("run       ", &said, WIDTH));
    }
    for plan in &one.plans {
        let said = format!("{} {}", plan.plan.id().short(), plan.state.word());
        out.push_str(&wrapped("plan      ", &said, WIDTH));
    }
    out.push_str("TIMELINE\n");
    let over = one.timeline.len().saturating_sub(MOMENTS_MAX);
    if over > 0 || one.earlier_left_out {
        out.push_str("  earlier moments are left out\n");
    }
    for moment in one.timeline.iter().skip(over) {
        let lead = format!("  {}  ", moment.at.to_seconds_text());
        out.push_str(&wrapped(&lead, &moments::line(&moment.what), WIDTH));
    }
    out
}
