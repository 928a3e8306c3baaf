//! What went well, computed from the record.

use interlock_gate::{history::Kind, token::Decision};
use interlock_store::entry::{Entry, Stamped};

use super::{planned, sums};
use crate::{
    story::{Story, source},
    words::{Sentence, duration, to_be_written},
};

/// Outcomes after which nobody has to look.
const KNOWN: [&str; 2] = ["done", "gone"];

pub(super) fn sentences(story: &Story) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    all.extend(answered(story));
    let mut seen = Vec::new();
    for told in story.reports() {
        // The first report of each run.
        if seen.contains(&&told.run.run) {
            continue;
        }
        seen.push(&told.run.run);
        let Some(opened) = story.opened(&told.run.run) else {
            continue;
        };
        let sentence = Sentence::new("Run ")
            .fact(told.run.run.as_str())
            .own(&format!(
                " had its evidence {} after it was asked for",
                duration(opened.at, told.at)
            ))
            .cite(&source(opened))
            .cite(&told.source);
        all.push(sentence.end());
    }
    all.extend(story.entries.iter().filter_map(|one| entry(story, one)));
    if all.is_empty() {
        all.push(to_be_written("What went well"));
    }
    all
}

/// A run that began by itself when an alert rang.
fn answered(story: &Story) -> Option<String> {
    let alerted = story.opening()?;
    let opened = story
        .entries
        .iter()
        .find(|one| matches!(one.entry, Entry::RunOpened { .. }))?;
    let (Entry::Alerted { .. }, Entry::RunOpened { run, .. }) = (&alerted.entry, &opened.entry)
    else {
        return None;
    };
    let sentence = Sentence::new("Run ")
        .fact(run.as_str())
        .own(&format!(
            " began {} after the first alert was known here",
            duration(alerted.at, opened.at)
        ))
        .cite(&source(alerted))
        .cite(&source(opened));
    Some(sentence.end())
}

fn entry(story: &Story, stamped: &Stamped) -> Option<String> {
    let sentence = match &stamped.entry {
        Entry::Token { plan, token } if token.payload().decision == Decision::Approve => {
            let (made, body) = planned(story, plan)?;
            let approver = &token.payload().approver;
            if body.body().owners.contains(approver) {
                return None;
            }
            Sentence::new("Another person than who asked, ")
                .fact(approver.as_str())
                .own(", approved plan ")
                .fact(&plan.short())
                .own(&format!(
                    " {} after it was made",
                    duration(made.at, stamped.at)
                ))
                .cite(&source(made))
        }
        Entry::ApplyBegan {
            plan,
            conformed: Some(true),
            ..
        } => Sentence::new("Before anything was done, the step asked for the actions of plan ")
            .fact(&plan.short())
            .own(" again, byte for byte"),
        Entry::ApplyEnded {
            kind: Kind::Apply,
            stopped: None,
            counts,
            ..
        } if counts
            .keys()
            .all(|outcome| KNOWN.contains(&outcome.as_str())) =>
        {
            sums(Sentence::new("Every action has a known outcome: "), counts)
        }
        Entry::Verified { plan, verdict, .. } if verdict == "fixed" => {
            let ended = story.entries.iter().rev().find(|one| {
                one.index < stamped.index
                    && matches!(&one.entry, Entry::ApplyEnded { plan: of, .. } if of == plan)
            })?;
            Sentence::new("A verification found it ")
                .fact(verdict)
                .own(&format!(
                    ", {} after the last action",
                    duration(ended.at, stamped.at)
                ))
                .cite(&source(ended))
        }
        _ => return None,
    };
    Some(sentence.cite(&source(stamped)).end())
}
