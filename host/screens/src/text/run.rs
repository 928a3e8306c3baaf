//! A run's screen: evidence first, then what is proposed and what it needs.

use std::{collections::BTreeMap, fmt::Write as _};

use interlock_capabilities::{Answer, report::Report};
use interlock_gate::{ids::CallId, plan::Plan, target::session_class};
use interlock_runner::{
    confidence::Confidence,
    record::{RunRecord, StepConclusion, StepRecord},
};

use super::{
    diagnosis, feedback, report,
    words::{WIDTH, count, foreign, span, wrapped},
};

/// The whole screen; `needs` are the lines under what is proposed.
pub fn screen(record: &RunRecord, needs: &[String]) -> String {
    let mut out = String::new();
    for step in &record.steps {
        out.push_str(&step_line(record, step));
    }
    let reports: Vec<(&Report, &[Confidence])> = record
        .steps
        .iter()
        .filter_map(|step| match &step.end {
            StepConclusion::Report(report) => Some((&report.report, &report.confidence[..])),
            StepConclusion::Writes(_) | StepConclusion::Fault(_) => None,
        })
        .collect();
    for (one, confidence) in &reports {
        out.push('\n');
        out.push_str(&report::screen(record, one, confidence));
        if record.plan().is_none() {
            // Beside a plan they stand with what is proposed.
            for note in &one.notes {
                out.push_str(&wrapped("note  ", &foreign(note), WIDTH));
            }
        }
    }
    if let Some(said) = feedback::of_run(&record.feedback) {
        out.push('\n');
        out.push_str(&wrapped("", &said, WIDTH));
    }
    for one in &record.diagnoses {
        out.push('\n');
        out.push_str(&diagnosis::screen(record, one));
    }
    if !record.refused.is_empty() {
        out.push_str("\nNOT PROPOSED\n");
        for reason in &record.refused {
            let _ = write!(out, "{}", wrapped("- ", &foreign(reason), WIDTH));
        }
    }
    if let Some(plan) = record.plan() {
        let _ = write!(
            out,
            "\nPROPOSED  plan {}: {}\n",
            plan.plan.id().short(),
            headline(&plan.plan)
        );
        out.push_str(&left_alone(record, &plan.plan));
        for (report, _) in &reports {
            for note in &report.notes {
                let _ = write!(out, "{}", wrapped("  ", &foreign(note), WIDTH));
            }
        }
        for need in needs {
            let _ = write!(out, "{}", wrapped("  ", need, WIDTH));
        }
    }
    out
}

/// What a run says of a plan of an earlier run that would do the same and waits already.
pub fn waits_already(plan: &Plan, needs: &[String]) -> String {
    let mut out = format!(
        "\nPROPOSED  plan {}, which waits already: {}\n",
        plan.id().short(),
        headline(plan)
    );
    for need in needs {
        let _ = writeln!(out, "  {need}");
    }
    out
}

/// `database.terminate, 36 sessions on orders-db/client`, for each capability and target.
pub fn headline(plan: &Plan) -> String {
    let mut groups: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (_, planned) in plan.acts() {
        let key = (
            planned.action.capability().to_string(),
            planned.action.target().to_string(),
        );
        *groups.entry(key).or_default() += 1;
    }
    let texts = groups.into_iter().map(|((capability, target), acts)| {
        let what = if capability.starts_with("database.") {
            "session"
        } else {
            "act"
        };
        format!("{capability}, {} on {target}", count(acts, what))
    });
    texts.collect::<Vec<_>>().join("; ")
}

fn step_line(record: &RunRecord, step: &StepRecord) -> String {
    let calls = &step.cassette.calls;
    let answered = calls.iter().filter(|call| call.answer.is_ok()).count();
    let gaps = calls.len() - answered;
    let told = match &step.end {
        StepConclusion::Report(_) | StepConclusion::Fault(_) => {
            let missing = if gaps == 0 {
                String::new()
            } else {
                format!(", {gaps} could not be made")
            };
            format!(
                "{}, {answered} answered{missing}",
                count(calls.len(), "call")
            )
        }
        StepConclusion::Writes(0) => {
            format!("{}, nothing proposed", count(calls.len(), "call"))
        }
        StepConclusion::Writes(writes) => {
            let writes = usize::try_from(*writes).unwrap_or(usize::MAX);
            format!(
                "{}, {} planned, nothing changed",
                count(calls.len(), "call"),
                count(writes, "action")
            )
        }
    };
    let fault = match &step.end {
        StepConclusion::Fault(why) => format!("\n  faulted: {}", foreign(why)),
        StepConclusion::Report(_) | StepConclusion::Writes(_) => String::new(),
    };
    let slowest = calls
        .iter()
        .max_by_key(|call| {
            call.answered_at
                .micros()
                .saturating_sub(call.asked_at.micros())
        })
        .filter(|_| calls.len() > 1)
        .map(|call| {
            format!(
                " (slowest: {}, {})",
                call.id,
                span(call.asked_at, call.answered_at)
            )
        })
        .unwrap_or_default();
    let began = step
        .cassette
        .clock
        .first()
        .copied()
        .unwrap_or(record.opened_at);
    let ended = calls
        .iter()
        .map(|call| call.answered_at)
        .max()
        .unwrap_or(began);
    format!(
        "{:<10} {told:<48}  {}{slowest}{fault}\n",
        step.step,
        span(began, ended)
    )
}

/// Which client sessions of the cited answer the plan does not touch, by role.
fn left_alone(record: &RunRecord, plan: &Plan) -> String {
    let cited: BTreeMap<CallId, Vec<u32>> =
        plan.acts()
            .fold(BTreeMap::new(), |mut cited, (_, planned)| {
                cited
                    .entry(planned.cites.call)
                    .or_default()
                    .push(planned.cites.item);
                cited
            });
    let mut roles: BTreeMap<String, usize> = BTreeMap::new();
    for (call, items) in &cited {
        let Some(Answer::DatabaseSessions(sessions)) = record
            .call(*call)
            .and_then(|call| call.answer.as_ref().ok())
        else {
            continue;
        };
        for (index, session) in sessions.sessions.iter().enumerate() {
            let acted = u32::try_from(index).is_ok_and(|index| items.contains(&index));
            let client = session.backend_type.as_deref().map(session_class) == Some("client");
            if client && !acted {
                let role = match (&session.role, session.ours) {
                    (_, true) => "interlock itself".to_owned(),
                    (Some(role), false) => format!("`{}`", foreign(role)),
                    (None, false) => "without a role".to_owned(),
                };
                *roles.entry(role).or_default() += 1;
            }
        }
    }
    let total: usize = roles.values().sum();
    if total == 0 {
        return String::new();
    }
    let list: Vec<String> = roles
        .iter()
        .map(|(role, n)| format!("{n} {role}"))
        .collect();
    wrapped(
        "  ",
        &format!("leaves alone {total}: {}", list.join(", ")),
        WIDTH,
    )
}
