//! What it was, in a few sentences.

use interlock_store::entry::{Entry, Stamped};

use super::{approvals, judge, judged, planned, sums, what};
use crate::{
    story::{Story, Told, asker, source},
    words::{Sentence, to_be_written},
};

pub(super) fn sentences(story: &Story) -> Vec<String> {
    let mut all: Vec<String> = story
        .opening()
        .map(|one| opened(story, one))
        .into_iter()
        .collect();
    let reports = story.reports();
    // The newest that names a cause, else the newest.
    let lead = reports
        .iter()
        .rev()
        .find(|told| !told.report.report.hypotheses.is_empty())
        .or(reports.last());
    all.extend(lead.into_iter().flat_map(|told| concluded(story, told)));
    if let Some(stamped) = story.entries.iter().rev().find(|one| judged(one).is_some())
        && let Some((_, cause)) = judged(stamped)
    {
        let sentence = Sentence::new("The cause was judged to be ")
            .fact(cause)
            .own(" by ")
            .fact(judge(stamped));
        all.push(sentence.cite(&source(stamped)).end());
    }
    all.extend(
        story
            .entries
            .iter()
            .filter_map(|one| carried_out(story, one)),
    );
    let verified = story
        .entries
        .iter()
        .rev()
        .find(|stamped| matches!(stamped.entry, Entry::Verified { .. }));
    all.extend(verified.map(|stamped| found(story, stamped)));
    all.push(ended(story));
    all
}

fn opened(story: &Story, stamped: &Stamped) -> String {
    let mut sentence = Sentence::new("Incident ").fact(&story.incident);
    if let Some(service) = &story.service {
        sentence = sentence.own(" of service ").fact(service);
    }
    if let Some(severity) = &story.severity {
        sentence = sentence.own(" with severity ").fact(severity);
    }
    sentence = sentence.own(" was opened at ").time(stamped.at);
    let first = story.first_alert();
    let own = first.filter(|one| one.since == source(stamped));
    sentence = match (&stamped.entry, own) {
        (Entry::Alerted { by, .. }, Some(rang)) => {
            let by_alert = sentence.own(" by alert ").fact(&rang.name);
            by_alert.own(", says ").fact(asker(by))
        }
        (Entry::RunOpened { requester, run, .. }, rang) => {
            let asked = sentence.own(" by run ").fact(run.as_str()).own(", which ");
            let asked = asked.fact(asker(requester)).own(" asked for");
            match rang {
                Some(rang) => asked.own(" about alert ").fact(&rang.name),
                None => asked,
            }
        }
        _ => sentence,
    };
    sentence.cite(&source(stamped)).end()
}

fn concluded(story: &Story, told: &Told<'_>) -> Vec<String> {
    let report = &told.report.report;
    let run = Sentence::new("Run ")
        .fact(told.run.run.as_str())
        .own(" of ")
        .fact(&told.run.runbook);
    let opening = match (report.hypotheses.first(), &report.unresolved) {
        (Some(first), _) => {
            let named = run.own(" named ").fact(&first.cause).own(" first");
            match told.report.confidence.first() {
                Some(rated) => named
                    .own(", with confidence ")
                    .fact(&rated.level.to_string()),
                None => named,
            }
        }
        (None, Some(why)) => run.own(" named no cause: ").fact(why),
        (None, None) => run.own(" named no cause"),
    };
    // The runbook stands in the run's opening, the rest in the step's end.
    let opening = match story.opened(&told.run.run) {
        Some(opened) => opening.cite(&source(opened)),
        None => opening,
    };
    let opening = opening.cite(&told.source);
    let mut all = vec![opening.end()];
    if !report.summary.trim().is_empty() {
        let said = Sentence::new("Its step ")
            .fact(&told.step.step)
            .own(" says: ")
            .fact(&report.summary);
        all.push(said.cite(&told.source).end());
    }
    all
}

fn carried_out(story: &Story, stamped: &Stamped) -> Option<String> {
    let Entry::ApplyEnded {
        plan,
        kind,
        stopped,
        counts,
    } = &stamped.entry
    else {
        return None;
    };
    let (made, body) = planned(story, plan)?;
    let mut sentence = Sentence::new("Plan ").fact(&plan.short()).own(" (");
    sentence = what(sentence, body).own(")");
    let approvals = approvals(story, plan);
    if !approvals.is_empty() {
        sentence = sentence
            .own(" was approved by ")
            .facts(approvals.iter().map(|(_, name)| *name))
            .own(" and");
    }
    let way = match kind {
        interlock_gate::history::Kind::Apply => " was carried out: ",
        interlock_gate::history::Kind::Undo => " was carried back: ",
    };
    sentence = sums(sentence.own(way), counts);
    if let Some(why) = stopped {
        sentence = sentence.own(", then it stopped: ").fact(why);
    }
    sentence = sentence.cite(&source(made));
    for (approval, _) in approvals {
        sentence = sentence.cite(&source(approval));
    }
    Some(sentence.cite(&source(stamped)).end())
}

fn found(story: &Story, stamped: &Stamped) -> String {
    let Entry::Verified { verdict, .. } = &stamped.entry else {
        return String::new();
    };
    let mut sentence = Sentence::new("The verification found it ").fact(verdict);
    let found = story
        .verification(stamped)
        .and_then(|one| one.found.as_ref());
    if let Some(found) = found.filter(|found| !found.summary.trim().is_empty()) {
        sentence = sentence.own(": ").fact(&found.summary);
    }
    sentence.cite(&source(stamped)).end()
}

fn ended(story: &Story) -> String {
    match story.all_ceased() {
        Some((at, since)) => Sentence::new("Nothing rang any more from ")
            .time(at)
            .own(" on")
            .cite(&since)
            .end(),
        None => to_be_written("When it was over"),
    }
}
