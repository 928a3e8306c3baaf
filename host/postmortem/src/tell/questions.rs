//! What nobody knows so far.

use interlock_runner::confidence::Level;
use interlock_store::entry::Entry;

use super::{item, judged};
use crate::{
    story::{Story, asker, source},
    template::Item,
    words::{Sentence, count, to_be_written},
};

/// Alternates that are asked about.
const ALTERNATES_MAX: usize = 3;

pub(super) fn items(story: &Story) -> Vec<Item> {
    let mut all: Vec<Item> = Vec::new();
    let mut push = |kind: &str, about: &[&str], sentence: Sentence| {
        let made = item("question", &[&[kind], about].concat(), sentence.end());
        if !all.iter().any(|one| one.id == made.id) {
            all.push(made);
        }
    };
    let is_judged = story.entries.iter().any(|one| judged(one).is_some());
    for told in story.reports() {
        let run = told.run.run.as_str();
        let report = &told.report.report;
        let rated = report.hypotheses.iter().zip(&told.report.confidence);
        for (place, (hypothesis, confidence)) in rated.enumerate().take(1 + ALTERNATES_MAX) {
            let cause = hypothesis.cause.as_str();
            if place == 0 && !is_judged {
                let sentence = Sentence::new("Whether the cause was ")
                    .fact(cause)
                    .own(", which run ")
                    .fact(run)
                    .own(" named with confidence ")
                    .fact(&confidence.level.to_string())
                    .own(", nobody has judged");
                push("judge", &[run, cause], sentence.cite(&told.source));
            }
            if place > 0 && confidence.level > Level::Low && !is_judged {
                let sentence = Sentence::new("Whether it was ")
                    .fact(cause)
                    .own(" instead is open, with confidence ")
                    .fact(&confidence.level.to_string());
                push("alternate", &[run, cause], sentence.cite(&told.source));
            }
        }
    }
    for stamped in &story.entries {
        let Entry::Diagnosis { by, run, .. } = &stamped.entry else {
            continue;
        };
        let theirs = story
            .diagnosis(stamped)
            .and_then(|one| one.report.hypotheses.first());
        let of_run = story
            .reports()
            .into_iter()
            .find(|told| told.run.run == *run);
        let ours = of_run
            .as_ref()
            .and_then(|told| Some((told, told.report.report.hypotheses.first()?)));
        if let (Some(theirs), Some((told, ours))) = (theirs, ours)
            && theirs.cause != ours.cause
        {
            let sentence = Sentence::new("")
                .fact(asker(by))
                .own(" named ")
                .fact(&theirs.cause)
                .own(" where the runbook named ")
                .fact(&ours.cause);
            let cited = sentence.cite(&source(stamped)).cite(&told.source);
            push("differs", &[run.as_str(), &theirs.cause], cited);
        }
    }
    let ringing: Vec<_> = story
        .alerts()
        .into_iter()
        .filter(|one| one.until.is_none())
        .collect();
    if let Some(last) = ringing.last() {
        let own = format!(
            "Until when {} rang the record does not say, ",
            count(ringing.len(), "alert")
        );
        let sentence = Sentence::new(&own).fact(&last.name).own(" among them");
        push("ringing", &[], sentence.cite(&last.since));
    }
    if story.left_out
        && let Some(opening) = story.opening()
    {
        let sentence = Sentence::new("What came before is left out here: the record is longer");
        push("left_out", &[], sentence.cite(&source(opening)));
    }
    all.push(Item {
        id: "question-why".to_owned(),
        text: to_be_written("Why it could happen, and why it was not caught before"),
    });
    all
}
