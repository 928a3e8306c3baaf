//! What is left to do, as far as the record says.

use interlock_store::entry::{Entry, RecordedOutcome};

use super::item;
use crate::{
    story::{Story, source},
    template::Item,
    words::{MARK, Sentence, to_be_written},
};

/// What a note has in it that says what is left to do; other notes say what was seen.
const LEFT_OPEN: [&str; 5] = [
    "does not fix",
    "happen again",
    "goes on",
    "until it is",
    "by hand",
];
/// Items that are told.
const ITEMS_MAX: usize = 30;

pub(super) fn items(story: &Story) -> Vec<Item> {
    let mut all = Vec::new();
    for told in story.reports() {
        let report = &told.report.report;
        let runbook = told.run.runbook.as_str();
        let open = |note: &&String| {
            let lower = note.to_lowercase();
            LEFT_OPEN.iter().any(|words| lower.contains(words))
        };
        for note in report.notes.iter().filter(open) {
            let sentence = Sentence::new("Settle what the runbook leaves open: ").fact(note);
            push(
                &mut all,
                "note",
                &[runbook, note],
                sentence.cite(&told.source),
            );
        }
        for gap in &report.could_not_check {
            let mut sentence = Sentence::new("Make it possible to check ").fact(&gap.what);
            sentence = sentence.own(": ").fact(&gap.why);
            if !gap.would_show.trim().is_empty() {
                sentence = sentence.own(", which would show ").fact(&gap.would_show);
            }
            let about = [runbook, &gap.what, &gap.why];
            push(&mut all, "gap", &about, sentence.cite(&told.source));
        }
        if let (Some(why), true) = (&report.unresolved, report.hypotheses.is_empty()) {
            let sentence = Sentence::new("Find the cause, which the runbook did not: ").fact(why);
            push(
                &mut all,
                "unresolved",
                &[runbook, why],
                sentence.cite(&told.source),
            );
        }
    }
    for stamped in &story.entries {
        match &stamped.entry {
            Entry::Verified { verdict, plan, .. } if verdict != "fixed" => {
                let sentence = Sentence::new("Find out what helps: after plan ")
                    .fact(&plan.short())
                    .own(" the verification said ")
                    .fact(verdict);
                let about = [plan.short()];
                push(
                    &mut all,
                    "verdict",
                    &[&about[0], verdict],
                    sentence.cite(&source(stamped)),
                );
            }
            Entry::Outcome {
                plan,
                index,
                outcome: RecordedOutcome::Unknown { why },
                ..
            } => {
                let sentence = Sentence::new("Settle what became of action ")
                    .own(&(u32::from(*index) + 1).to_string())
                    .own(" of plan ")
                    .fact(&plan.short())
                    .own(": ")
                    .fact(why);
                let number = index.to_string();
                push(
                    &mut all,
                    "doubt",
                    &[&plan.short(), &number],
                    sentence.cite(&source(stamped)),
                );
            }
            Entry::StepEnded { run, step, .. } => {
                let faulted = story.step(stamped).and_then(|(_, step)| match &step.end {
                    interlock_runner::record::StepConclusion::Fault(why) => Some(why),
                    _ => None,
                });
                if let Some(why) = faulted {
                    let sentence = Sentence::new("Mend step ").fact(step).own(": ").fact(why);
                    push(
                        &mut all,
                        "fault",
                        &[run.as_str(), step],
                        sentence.cite(&source(stamped)),
                    );
                }
            }
            _ => {}
        }
    }
    all.truncate(ITEMS_MAX);
    if all.is_empty() {
        all.push(Item {
            id: "action-none".to_owned(),
            text: to_be_written("What is to be done"),
        });
    }
    all
}

/// Each once, with a place for who does it.
fn push(all: &mut Vec<Item>, kind: &str, about: &[&str], sentence: Sentence) {
    let text = format!("{} Who, until when: {MARK}.", sentence.end());
    let made = item("action", &[&[kind], about].concat(), text);
    if !all.iter().any(|one| one.id == made.id) {
        all.push(made);
    }
}
