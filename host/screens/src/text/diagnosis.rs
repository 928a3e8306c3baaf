//! A caller's own diagnosis: their words in the margin, the host's confidence beside them.

use interlock_runner::{diagnosis::DiagnosisRecord, record::RunRecord};

use super::{report, words};

/// What stands before each line of words that are not Interlock's.
const MARGIN: &str = "| ";

/// One diagnosis of the run: whose it is, and what they say of its calls.
pub fn screen(record: &RunRecord, one: &DiagnosisRecord) -> String {
    let mut out = format!(
        "{}, {}, confidence by the host\n",
        one.title(),
        one.at.to_seconds_text()
    );
    for line in report::screen(record, &one.report, &one.confidence).lines() {
        out.push_str(format!("{MARGIN}{line}").trim_end());
        out.push('\n');
    }
    out
}

/// One diagnosis in a line: whose, which cause, how far the host believes it.
pub fn line(one: &DiagnosisRecord) -> String {
    let cause = match one.report.hypotheses.first() {
        Some(first) => words::foreign_short(&first.cause, 64),
        None => "unresolved".to_owned(),
    };
    let rated = one.confidence.first();
    let rated = rated.map_or_else(String::new, |rated| format!(", {rated}"));
    format!("{}: {cause}{rated}", one.title())
}
