//! Past incidents that are like one.

use interlock_runner::incident::points;
use interlock_similar::Match;

use super::words::{WIDTH, foreign, foreign_short, wrapped};

/// Characters of a list of points.
const POINTS_CHARS_MAX: usize = 400;

/// Each with why it is similar, what turned out to be its cause, and where it differs.
pub fn screen(found: &[Match]) -> String {
    let mut out = String::new();
    for one in found {
        let cause = match &one.incident.outcome {
            None => "its cause is not known here".to_owned(),
            Some(outcome) => match &outcome.subject {
                Some(subject) => {
                    format!("cause {} ({})", foreign(&outcome.cause), foreign(subject))
                }
                None => format!("cause {}", foreign(&outcome.cause)),
            },
        };
        let head = format!(
            "{}   {}   {} % alike   {cause}",
            foreign(&one.incident.id),
            one.incident.at.to_seconds_text(),
            one.percent
        );
        out.push_str(&wrapped("", &head, WIDTH));
        let differs = [
            ("  same       ", &one.same),
            ("  only then  ", &one.only_then),
            ("  only now   ", &one.only_now),
        ];
        for (lead, which) in differs {
            if !which.is_empty() {
                let said = foreign_short(&points(which), POINTS_CHARS_MAX);
                out.push_str(&wrapped(lead, &said, WIDTH));
            }
        }
    }
    if found.is_empty() {
        out.push_str("novel: no past incident here is like it\n");
    }
    out
}
