//! Bundles that were made: imported, or recorded.

use std::fmt::Write as _;

use super::words::{WIDTH, count, foreign, foreign_short, wrapped};
use crate::json::bundles::{Attached, Imported, Recorded};

/// Names of bundles that a screen shows; the document has them all.
const NAMES_MAX: usize = 12;

/// What an import has made.
pub fn imported(it: &Imported<'_>) -> String {
    let mut out = format!(
        "imported {} into {}\n",
        count(it.bundles.len(), "bundle"),
        foreign(it.out)
    );
    for name in it.bundles.iter().take(NAMES_MAX) {
        let _ = writeln!(out, "  {}", foreign(name));
    }
    if it.bundles.len() > NAMES_MAX {
        let _ = writeln!(out, "  and {} more", it.bundles.len() - NAMES_MAX);
    }
    if it.truths > 0 {
        let known = match it.truths == it.bundles.len() {
            true => "the cause of each is known".to_owned(),
            false => format!("the cause of {} is known", it.truths),
        };
        let said = format!("{known}: `truth.toml`, which no run reads");
        out.push_str(&wrapped("  ", &said, WIDTH));
    }
    for note in it.notes {
        out.push_str(&wrapped("note: ", &foreign_short(note, 300), WIDTH));
    }
    out
}

/// What was attached to an incident.
pub fn attached(it: &Attached<'_>) -> String {
    let (lines, incident) = (count(it.lines, "line"), foreign(it.incident));
    match it.new {
        true => format!("attached {lines} of {} to {incident}\n", it.format),
        false => format!("{incident} has these {lines} of {} already\n", it.format),
    }
}

/// What was recorded, and what could not be.
pub fn recorded(it: &Recorded<'_>) -> String {
    let mut out = format!(
        "recorded {}   {} to {}\n",
        foreign(it.bundle),
        it.begin.to_seconds_text(),
        it.end.to_seconds_text(),
    );
    let mut row = |what: &str, how_many: String| {
        let _ = writeln!(out, "  {what:<10}{how_many}");
    };
    if let Some(alerts) = it.alerts {
        row("alerts", alerts.to_string());
    }
    if let Some(series) = it.series {
        let values = count(it.values, "value");
        row("metrics", format!("{series} series, {values}"));
    }
    for log in &it.logs {
        let lines = count(log.lines, "line");
        row("log", format!("{}, {lines}", foreign(log.source)));
    }
    if let Some(changes) = it.changes {
        row("changes", changes.to_string());
    }
    if let Some(services) = it.services {
        row(
            "topology",
            format!("{}, as it is now", count(services, "service")),
        );
    }
    if it.calls > 0 {
        row("calls", format!("{} with their answers", it.calls));
    }
    if !it.missing.is_empty() {
        out.push_str("could not record\n");
        for one in &it.missing {
            let said = format!("{}: {}", foreign(one.what), foreign_short(one.why, 300));
            out.push_str(&wrapped("  ", &said, WIDTH));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use interlock_gate::time::Time;

    use super::*;
    use crate::json::bundles::{LogRecorded, Missing};

    #[test]
    fn a_recording_says_what_it_holds_and_what_it_lacks() {
        let time = |text| Time::parse_rfc3339(text).unwrap_or_default();
        let mut it = Recorded::new(
            "corpus/INC-1",
            time("2026-11-25T03:00:00Z"),
            time("2026-11-25T03:20:00Z"),
        );
        it.series = Some(1);
        it.values = 2;
        it.alerts = Some(3);
        it.services = Some(4);
        it.logs = vec![LogRecorded {
            source: "check\u{1b}out",
            lines: 1,
        }];
        it.missing = vec![Missing {
            what: "changes",
            why: "unreachable: \u{202e}git",
        }];
        assert_eq!(
            recorded(&it),
            "recorded corpus/INC-1   2026-11-25T03:00:00Z to 2026-11-25T03:20:00Z\n\
             \x20 alerts    3\n\
             \x20 metrics   1 series, 2 values\n\
             \x20 log       check\\u{1b}out, 1 line\n\
             \x20 topology  4 services, as it is now\n\
             could not record\n\
             \x20 changes: unreachable: \\u{202e}git\n"
        );
    }
}
