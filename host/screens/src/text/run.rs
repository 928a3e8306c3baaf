//! A run's screen: evidence first, then what is proposed and what it needs.

use std::{collections::BTreeMap, fmt::Write as _};

use interlock_capabilities::{
    Answer, Recorded,
    report::{Check, Checked, Cite, Hypothesis, Report, Unchecked},
};
use interlock_gate::{ids::CallId, plan::Plan, target::session_class};
use interlock_runner::{
    confidence::Confidence,
    record::{RunRecord, StepConclusion, StepRecord},
};

use super::words::{count, foreign, span, wrapped};

const WIDTH: usize = 100;

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
    for (report, confidence) in &reports {
        out.push('\n');
        out.push_str(&report_text(record, report, confidence));
        if record.plan().is_none() {
            // Beside a plan they stand with what is proposed.
            for note in &report.notes {
                out.push_str(&wrapped("note  ", &foreign(note), WIDTH));
            }
        }
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

fn report_text(record: &RunRecord, report: &Report, confidence: &[Confidence]) -> String {
    let mut out = String::new();
    if !report.summary.is_empty() {
        out.push_str(&wrapped("", &foreign(&report.summary), WIDTH));
    }
    if let Some(why) = &report.unresolved {
        out.push_str(&wrapped(
            "",
            &format!("unresolved: {}", foreign(why)),
            WIDTH,
        ));
    }
    if !report.hypotheses.is_empty() {
        out.push_str("\nHYPOTHESES\n");
        for (index, hypothesis) in report.hypotheses.iter().enumerate() {
            out.push_str(&hypothesis_text(
                record,
                index,
                hypothesis,
                confidence.get(index),
            ));
        }
    }
    if !report.ruled_out.is_empty() {
        let causes = report.ruled_out.iter().map(|ruled_out| {
            let calls: Vec<String> = ruled_out
                .because
                .iter()
                .map(|cite| CallId(cite.call).to_string())
                .collect();
            if calls.is_empty() {
                foreign(&ruled_out.cause)
            } else {
                format!("{} ({})", foreign(&ruled_out.cause), calls.join(", "))
            }
        });
        let list = causes.collect::<Vec<_>>().join(", ");
        out.push_str(&wrapped("Ruled out  ", &list, WIDTH));
    }
    let shown: Vec<&String> = report
        .tried
        .iter()
        .filter(|cause| {
            report.hypotheses.iter().all(|one| one.cause != **cause)
                && report.ruled_out.iter().all(|one| one.cause != **cause)
        })
        .collect();
    if !shown.is_empty() {
        let list = shown
            .iter()
            .map(|cause| foreign(cause))
            .collect::<Vec<_>>()
            .join(", ");
        out.push_str(&wrapped("Looked for  ", &list, WIDTH));
    }
    if !report.could_not_check.is_empty() {
        out.push_str("COULD NOT CHECK\n");
        for unchecked in &report.could_not_check {
            out.push_str(&unchecked_text("- ", unchecked));
        }
    }
    out
}

/// What could not be checked, led by `lead`.
pub fn unchecked_text(lead: &str, unchecked: &Unchecked) -> String {
    let call = unchecked
        .call
        .map(|call| format!(" ({})", CallId(call)))
        .unwrap_or_default();
    let shows = if unchecked.would_show.is_empty() {
        String::new()
    } else {
        format!("; would show {}", foreign(&unchecked.would_show))
    };
    let text = format!(
        "{}{call}: {}{shows}",
        foreign(&unchecked.what),
        foreign(&unchecked.why)
    );
    wrapped(lead, &text, WIDTH)
}

fn hypothesis_text(
    record: &RunRecord,
    index: usize,
    hypothesis: &Hypothesis,
    confidence: Option<&Confidence>,
) -> String {
    let rated = confidence.map(ToString::to_string).unwrap_or_default();
    let lead = format!("{} {}   ", index + 1, foreign(&hypothesis.cause));
    let mut out = wrapped(&lead, &rated, WIDTH);
    if !hypothesis.path.is_empty() {
        out.push_str(&wrapped("  path    ", &foreign(&hypothesis.path), WIDTH));
    }
    let cites = |word: &str, cites: &[Cite]| {
        let mut lines = String::new();
        for (at, cite) in cites.iter().enumerate() {
            let lead = if at == 0 { word } else { "" };
            lines.push_str(&cite_line(record, lead, cite));
        }
        lines
    };
    out.push_str(&cites("for", &hypothesis.supports));
    out.push_str(&cites("against", &hypothesis.contradicts));
    for (at, check) in hypothesis.checks.iter().enumerate() {
        out.push_str(&check_line(
            record,
            if at == 0 { "tried" } else { "" },
            check,
        ));
    }
    out
}

fn cite_line(record: &RunRecord, word: &str, cite: &Cite) -> String {
    evidence_line(record, word, cite.call, &foreign(&cite.says))
}

fn check_line(record: &RunRecord, word: &str, check: &Check) -> String {
    let what = foreign(&check.what);
    let says = foreign(&check.says);
    let says = if says.is_empty() {
        String::new()
    } else {
        format!(" ({says})")
    };
    let text = match &check.outcome {
        Checked::Passed => format!("{what}? no{says}"),
        Checked::Refuted => format!("{what}? YES, which refutes it{says}"),
        Checked::NotMade(why) => format!("{what}? could not be checked: {}", foreign(why)),
    };
    evidence_line(record, word, check.call, &text)
}

/// `  for     c3   database.sessions orders-db   36 of 47 idle in transaction   03:12:08Z`
fn evidence_line(record: &RunRecord, word: &str, call: u64, says: &str) -> String {
    let id = CallId(call);
    let recorded = record.call(id);
    let what = recorded.map(asked).unwrap_or_default();
    let at = recorded
        .map(|call| call.answered_at.clock())
        .unwrap_or_default();
    let lead = format!("  {word:<7} {:<4} ", id.to_string());
    if what.chars().count() + says.chars().count() + lead.len() + 14 <= WIDTH {
        let width = WIDTH - lead.len() - 11;
        return format!("{lead}{:<width$}  {at}\n", format!("{what:<34}  {says}"));
    }
    let asked = wrapped(&lead, &format!("{what} {at}"), WIDTH);
    format!("{asked}{}", wrapped("               ", says, WIDTH))
}

/// What a call asked, on one line.
pub fn asked(call: &Recorded) -> String {
    use interlock_capabilities::Ask;
    let detail = match &call.ask {
        Ask::MetricsInstant(ask) => ask.query.clone(),
        Ask::MetricsRange(ask) => ask.query.clone(),
        Ask::LogsSearch(ask) => format!("{} /{}/", ask.source, ask.pattern),
        Ask::AlertsList(_) | Ask::ChangesList(_) | Ask::TopologyServices(_) => String::new(),
        other => other.target().to_owned(),
    };
    foreign(format!("{} {detail}", call.call()).trim_end())
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
