//! What people said of a diagnosis, and what an incident turned out to be.

use interlock_gate::{escape, ids::RunId};
use interlock_runner::{
    feedback::{CauseRecord, FeedbackRecord},
    learnt::Verdict,
};

use super::words::foreign_short;

/// Characters of a cause that are shown.
const CAUSE_CHARS_MAX: usize = 120;

/// A word on a run, in a line: `diagnosis of r-k7qd accepted by bob`.
pub fn line(run: &RunId, by: &str, verdict: Option<Verdict>, cause: Option<&str>) -> String {
    format!("diagnosis of {run} {}", said(by, verdict, cause))
}

/// What was said of a run, the newest word: what stands on its own screen.
pub fn of_run(all: &[FeedbackRecord]) -> Option<String> {
    let last = all.last()?;
    let earlier = match all.len() - 1 {
        0 => String::new(),
        1 => "; one earlier word is superseded".to_owned(),
        more => format!("; {more} earlier words are superseded"),
    };
    let said = said(&last.by, last.verdict, last.cause.as_deref());
    Some(format!("feedback: {said}{earlier}"))
}

/// What an incident turned out to be, in a line.
pub fn cause(known: &CauseRecord) -> String {
    let place = known
        .subject
        .as_deref()
        .map(|subject| format!(" in {}", foreign_short(subject, CAUSE_CHARS_MAX)));
    format!(
        "actual cause: {}{}, says {}",
        foreign_short(&known.cause, CAUSE_CHARS_MAX),
        place.unwrap_or_default(),
        known.by()
    )
}

fn said(by: &str, verdict: Option<Verdict>, cause: Option<&str>) -> String {
    let by = escape::foreign_short(by, 80);
    let cause = cause.map(|cause| foreign_short(cause, CAUSE_CHARS_MAX));
    match (verdict, cause) {
        (Some(verdict), Some(cause)) => {
            format!("{} by {by}; actual cause: {cause}", verdict.word())
        }
        (Some(verdict), None) => format!("{} by {by}", verdict.word()),
        (None, Some(cause)) => format!("judged by {by}; actual cause: {cause}"),
        (None, None) => format!("judged by {by}"),
    }
}
