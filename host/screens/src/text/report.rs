//! A report: its hypotheses with the calls that they cite, and what could not be checked.

use interlock_capabilities::{
    Ask, Recorded,
    report::{Check, Checked, Cite, Hypothesis, Report, Unchecked},
};
use interlock_gate::ids::CallId;
use interlock_runner::{confidence::Confidence, record::RunRecord, subject::subject};

use super::words::{WIDTH, foreign, wrapped};

/// What it says, cause by cause, each with its evidence and the host's confidence.
pub fn screen(record: &RunRecord, report: &Report, confidence: &[Confidence]) -> String {
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
    let blames = match subject(hypothesis, |id| record.call(id)) {
        Some(subject) => format!(" at {}", foreign(subject)),
        None => String::new(),
    };
    let lead = format!("{} {}{blames}   ", index + 1, foreign(&hypothesis.cause));
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
    question(&call.ask)
}

/// A question, on one line.
pub fn question(ask: &Ask) -> String {
    let detail = match ask {
        Ask::MetricsInstant(ask) => ask.query.clone(),
        Ask::MetricsRange(ask) => ask.query.clone(),
        Ask::LogsSearch(ask) => format!("{} /{}/", ask.source, ask.pattern),
        Ask::AlertsList(_) | Ask::ChangesList(_) | Ask::TopologyServices(_) => String::new(),
        other => other.target().to_owned(),
    };
    foreign(format!("{} {detail}", ask.call()).trim_end())
}
