//! What became of a post-mortem's draft, and post-mortems counted.

use std::fmt::Write as _;

use interlock_postmortem::{
    draft::Draft,
    merge::Fate,
    stats::{Count, Stats},
};

use super::words::{WIDTH, count, foreign, foreign_short, wrapped};

/// Places that are named; a document holds them all.
const PLACES_MAX: usize = 8;

/// What was written where, and what is left for the author.
pub fn drafted(draft: &Draft, file: &str, news: Option<&str>) -> String {
    let status = draft.front.status.word();
    let blocks = count(draft.blocks.len(), "block");
    let mut out = format!("wrote {}: {status}, {blocks}\n", foreign(file));
    let mut told = |fates: &[Fate], word: &str, after: &str| {
        let ids: Vec<&str> = draft
            .blocks
            .iter()
            .filter(|one| fates.contains(&one.fate))
            .map(|one| one.id.as_str())
            .collect();
        if !ids.is_empty() {
            let text = format!("{}: {}{after}", ids.len(), listed(&ids));
            out.push_str(&wrapped(&format!("  {word:<11}"), &text, WIDTH));
        }
    };
    let only_new = draft.blocks.iter().all(|one| one.fate == Fate::New);
    if !only_new {
        told(&[Fate::New], "new", "");
    }
    told(&[Fate::Refreshed], "refreshed", "");
    told(&[Fate::Edited, Fate::Kept], "as edited", "");
    let newer = match news {
        Some(news) => format!("; the record says something newer: {}", foreign(news)),
        None => "; the record says something newer".to_owned(),
    };
    told(&[Fate::Behind], "as edited", &newer);
    told(&[Fate::TakenOut], "taken out", "");
    told(&[Fate::Gone], "gone", "; the record no longer says so");
    if !draft.changed.is_empty() {
        let text = format!("{} in the header", draft.changed.join(", "));
        out.push_str(&wrapped("  corrected  ", &text, WIDTH));
    }
    let factors: Vec<&str> = draft.front.factors.iter().map(|one| one.word()).collect();
    let proposed: Vec<&str> = draft.front.proposed.iter().map(|one| one.word()).collect();
    if !factors.is_empty() {
        out.push_str(&wrapped("  confirmed  ", &factors.join(", "), WIDTH));
    }
    if !proposed.is_empty() {
        out.push_str(&wrapped("  proposed   ", &proposed.join(", "), WIDTH));
    }
    let _ = writeln!(
        out,
        "  to write   {} marked for the author",
        count(draft.marks, "place")
    );
    if !draft.uncited.is_empty() {
        let lines: Vec<String> = draft
            .uncited
            .iter()
            .map(|one| one.line.to_string())
            .collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let what = count(draft.uncited.len(), "sentence");
        let place = if lines.len() == 1 { "line" } else { "lines" };
        let text = format!(
            "{what} of a person's or the template's: {place} {}",
            listed(&lines)
        );
        out.push_str(&wrapped("  no source  ", &text, WIDTH));
    }
    out
}

fn listed(all: &[&str]) -> String {
    let shown = all[..all.len().min(PLACES_MAX)].join(", ");
    match all.len().checked_sub(PLACES_MAX + 1) {
        Some(more) => format!("{shown} and {} more", more + 1),
        None => shown,
    }
}

/// How many incidents each factor, cause, service or severity had.
pub fn stats(stats: &Stats) -> String {
    let mut out = String::new();
    let by = stats.asked.by.word();
    let widest = stats
        .counts
        .iter()
        .map(|(value, _)| foreign_short(value, 40).chars().count())
        .chain([by.len()])
        .max()
        .unwrap_or(0);
    let proposes = stats
        .counts
        .iter()
        .any(|(_, count)| !count.proposed.is_empty());
    if !stats.counts.is_empty() {
        let _ = write!(out, "{by:<widest$}  incidents");
        let _ = writeln!(out, "{}", if proposes { "  proposed" } else { "" });
    }
    for (value, count) in &stats.counts {
        let shown = foreign_short(value, 40);
        let pad = " ".repeat(widest.saturating_sub(shown.chars().count()));
        let Count { said, proposed } = count;
        let mut lead = format!("{shown}{pad}  {:>9}", said.len());
        if proposes {
            let _ = write!(lead, "  {:>8}", proposed.len());
        }
        let mut ids: Vec<String> = said.iter().map(|id| foreign_short(id, 64)).collect();
        let asked = proposed
            .iter()
            .map(|id| format!("{}?", foreign_short(id, 64)));
        ids.extend(asked);
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        out.push_str(&wrapped(&format!("{lead}   "), &listed(&ids), WIDTH));
    }
    if stats.counts.is_empty() {
        out.push_str("no post-mortem matches\n");
    }
    out.push('\n');
    let mut of = String::new();
    if let Some(since) = stats.asked.since {
        let _ = write!(of, " since {}", &since.to_seconds_text()[..10]);
    }
    if let Some(severity) = &stats.asked.severity {
        let _ = write!(of, " of severity {}", foreign_short(severity, 40));
    }
    let _ = writeln!(
        out,
        "{}{of}: {} final, {} in draft, {} without a post-mortem",
        count(stats.incidents, "incident"),
        stats.finals,
        stats.drafts,
        stats.without.len()
    );
    if proposes {
        out.push_str("`?` and `proposed`: suggested by the evidence, confirmed by nobody\n");
    }
    let without: Vec<String> = stats
        .without
        .iter()
        .map(|one| {
            let day = &one.opened_at.to_seconds_text()[..10];
            format!("{} ({day})", foreign_short(&one.incident, 64))
        })
        .collect();
    if !without.is_empty() {
        let ids: Vec<&str> = without.iter().map(String::as_str).collect();
        out.push_str(&wrapped("no post-mortem yet: ", &listed(&ids), WIDTH));
    }
    out
}

#[cfg(test)]
mod tests {
    use interlock_gate::time::Time;
    use interlock_postmortem::stats::{Asked, By, Known};

    use super::*;

    #[test]
    fn the_count_that_the_docs_show_is_drawn_so() {
        let at = |text: &str| Time::parse_rfc3339(text).unwrap();
        let count = |said: &[&str], proposed: &[&str]| {
            let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
            Count {
                said: owned(said),
                proposed: owned(proposed),
            }
        };
        let drawn = stats(&Stats {
            asked: Asked {
                by: By::Factor,
                since: Some(at("2026-08-27T12:00:00Z")),
                severity: Some("P1".to_owned()),
            },
            counts: vec![
                (
                    "deployment".to_owned(),
                    count(&["INC-1", "INC-2"], &["INC-3"]),
                ),
                ("capacity".to_owned(), count(&["INC-2"], &[])),
            ],
            incidents: 4,
            finals: 0,
            drafts: 3,
            without: vec![Known {
                incident: "INC-6".to_owned(),
                opened_at: at("2026-11-22T10:00:00Z"),
                ..Known::default()
            }],
            not_counted: Vec::new(),
        });
        let docs = include_str!("../../../../docs/postmortems.md");
        assert!(docs.contains(&drawn), "{drawn}");
    }
}
