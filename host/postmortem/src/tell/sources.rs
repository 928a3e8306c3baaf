//! Each cited source, resolved.

use std::collections::BTreeSet;

use interlock_gate::time::Time;
use interlock_store::entry::Entry;

use crate::{
    check,
    cite::Source,
    story::{Story, asker, source},
    template::View,
    words::{code, moment},
};

pub(super) fn sentences(story: &Story, view: &View) -> Vec<String> {
    let days = view.timeline.iter().flat_map(|day| &day.lines);
    let items = view
        .factors
        .iter()
        .chain(&view.actions)
        .chain(&view.questions);
    let texts = view.summary.iter().chain(&view.impact).chain(&view.well);
    let all = texts.chain(days).chain(items.map(|one| &one.text));
    let mut cited: BTreeSet<Source> = all.flat_map(|text| check::citations(text)).collect();
    // A line's file was attached by an entry.
    for (name, timeline) in &story.timelines {
        let of_this =
            |one: &Source| matches!(one, Source::Line { timeline, .. } if timeline == name);
        if cited.iter().any(of_this) {
            cited.insert(Source::Entry(timeline.index));
        }
    }
    cited
        .iter()
        .filter_map(|one| resolved(story, one))
        .collect()
}

fn resolved(story: &Story, cited: &Source) -> Option<String> {
    let (said, at) = match cited {
        Source::Entry(_) => {
            let stamped = story.entries.iter().find(|one| source(one) == *cited)?;
            (entry(&stamped.entry), stamped.at)
        }
        Source::Line { timeline, line } => {
            let (_, of) = story.timelines.iter().find(|(name, _)| name == timeline)?;
            let at = of.lines.iter().find(|one| one.line == *line)?.at;
            let said = format!(
                "line {line} of a timeline of {}, attached in [j{}]",
                code(&of.format),
                of.index
            );
            return Some(put(cited, &said, at));
        }
    };
    Some(put(cited, &said, at))
}

fn put(cited: &Source, said: &str, at: Time) -> String {
    format!("[{cited}] {}, {said}.", moment(at))
}

/// Which kind of entry it is, and what it is about.
fn entry(entry: &Entry) -> String {
    let kind = format!("entry {}", code(entry.kind()));
    let about = match entry {
        Entry::RunOpened { run, .. }
        | Entry::RunEnded { run, .. }
        | Entry::Diagnosis { run, .. }
        | Entry::Feedback { run, .. } => Some(format!(" of run {}", code(run.as_str()))),
        Entry::StepEnded { run, step, .. } => Some(format!(
            ", step {} of run {}",
            code(step),
            code(run.as_str())
        )),
        Entry::Alerted { by, .. } | Entry::Note { by, .. } | Entry::Imported { by, .. } => {
            Some(format!(" by {}", code(asker(by))))
        }
        other => other
            .plan()
            .map(|plan| format!(" of plan {}", code(&plan.short()))),
    };
    format!("{kind}{}", about.unwrap_or_default())
}
