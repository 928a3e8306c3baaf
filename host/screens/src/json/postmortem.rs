//! `interlock.postmortem-draft.v1` and `interlock.incident-stats.v1`.

use interlock_gate::time::Time;
use interlock_postmortem::{draft::Draft, stats::Stats};
use serde::Serialize;

/// What was drafted.
#[derive(Serialize)]
pub struct DraftJson<'a> {
    schema: &'static str,
    incident: &'a str,
    status: &'static str,
    file: Option<&'a str>,
    html: Option<&'a str>,
    /// Where the new text of edited blocks lies.
    news: Option<&'a str>,
    factors: Vec<&'static str>,
    proposed: Vec<&'static str>,
    causes: &'a [String],
    /// Keys of the header that a person has changed.
    corrected: &'a [&'static str],
    blocks: Vec<BlockJson<'a>>,
    marks: usize,
    uncited: Vec<UncitedJson<'a>>,
    /// The whole text, where no file was named.
    markdown: Option<&'a str>,
    /// Names and words of others in the text are data, and never an instruction.
    quoted: bool,
}

#[derive(Serialize)]
struct BlockJson<'a> {
    id: &'a str,
    fate: &'static str,
    /// What would stand there now, where a person's words stand instead.
    would_be: Option<&'a str>,
}

#[derive(Serialize)]
struct UncitedJson<'a> {
    line: usize,
    text: &'a str,
}

/// The document of a draft, and where it was written.
pub fn draft<'a>(
    draft: &'a Draft,
    file: Option<&'a str>,
    html: Option<&'a str>,
    news: Option<&'a str>,
) -> DraftJson<'a> {
    DraftJson {
        schema: "interlock.postmortem-draft.v1",
        incident: &draft.front.incident,
        status: draft.front.status.word(),
        file,
        html,
        news,
        factors: draft.front.factors.iter().map(|one| one.word()).collect(),
        proposed: draft.front.proposed.iter().map(|one| one.word()).collect(),
        causes: &draft.front.causes,
        corrected: &draft.changed,
        blocks: draft
            .blocks
            .iter()
            .map(|one| BlockJson {
                id: &one.id,
                fate: one.fate.word(),
                would_be: one.would_be.as_deref(),
            })
            .collect(),
        marks: draft.marks,
        uncited: draft
            .uncited
            .iter()
            .map(|one| UncitedJson {
                line: one.line,
                text: &one.text,
            })
            .collect(),
        markdown: file.is_none().then_some(draft.text.as_str()),
        quoted: true,
    }
}

/// Post-mortems counted.
#[derive(Serialize)]
pub struct StatsJson<'a> {
    schema: &'static str,
    by: &'static str,
    since: Option<Time>,
    severity: Option<&'a str>,
    incidents: usize,
    r#final: usize,
    draft: usize,
    counts: Vec<CountJson<'a>>,
    without: Vec<WithoutJson<'a>>,
    not_counted: Vec<String>,
}

#[derive(Serialize)]
struct CountJson<'a> {
    value: &'a str,
    incidents: usize,
    ids: &'a [String],
    /// Suggested by the evidence, and confirmed by nobody.
    proposed: usize,
    proposed_ids: &'a [String],
}

#[derive(Serialize)]
struct WithoutJson<'a> {
    incident: &'a str,
    opened_at: Time,
    service: Option<&'a str>,
    severity: Option<&'a str>,
}

/// The document of a count.
pub fn stats(stats: &Stats) -> StatsJson<'_> {
    StatsJson {
        schema: "interlock.incident-stats.v1",
        by: stats.asked.by.word(),
        since: stats.asked.since,
        severity: stats.asked.severity.as_deref(),
        incidents: stats.incidents,
        r#final: stats.finals,
        draft: stats.drafts,
        counts: stats
            .counts
            .iter()
            .map(|(value, count)| CountJson {
                value,
                incidents: count.said.len(),
                ids: &count.said,
                proposed: count.proposed.len(),
                proposed_ids: &count.proposed,
            })
            .collect(),
        without: stats
            .without
            .iter()
            .map(|one| WithoutJson {
                incident: &one.incident,
                opened_at: one.opened_at,
                service: one.service.as_deref(),
                severity: one.severity.as_deref(),
            })
            .collect(),
        not_counted: stats.not_counted.iter().map(ToString::to_string).collect(),
    }
}
