//! What happened, in the order in which it happened, by days.

use interlock_gate::{history::Kind, time::Time};
use interlock_runner::record::StepConclusion;
use interlock_store::entry::{Entry, RecordedOutcome, Stamped};

use super::{sums, what};
use crate::{
    story::{Story, asker, source},
    template::Day,
    words::{Sentence, count},
};

/// Alerts that are told one by one; of more, their first and last.
const ALERTS_MAX: usize = 40;
/// Lines of attached timelines that are told.
const LINES_MAX: usize = 300;

/// The kind of a line of a chat.
const MESSAGE: &str = "message";

/// Something that happened: when, where it stands in the record, and the sentence.
type Happened = (Time, u64, String);

pub(super) fn days(story: &Story) -> Vec<Day> {
    let mut all: Vec<Happened> = alerts(story);
    for changed in story.changes() {
        let mut sentence = begin(changed.at, "Change ").fact(&changed.change.title);
        sentence = sentence.own(" (").fact(&changed.change.kind).own(")");
        if let Some(service) = &changed.change.service {
            sentence = sentence.own(" of ").fact(service);
        }
        if let Some(author) = &changed.change.author {
            sentence = sentence.own(" by ").fact(author);
        }
        let sentence = sentence.own(&format!(" took effect (call {})", changed.call));
        all.push((changed.at, 0, sentence.cite(&changed.source).end()));
    }
    for stamped in &story.entries {
        if let Some(sentence) = entry(story, stamped) {
            let sentence = sentence.cite(&source(stamped)).end();
            all.push((stamped.at, stamped.index, sentence));
        }
    }
    all.extend(lines(story));
    all.sort_by_key(|(at, index, _)| (*at, *index));
    let mut days: Vec<Day> = Vec::new();
    for (at, _, line) in all {
        let day = at.to_seconds_text()[..10].to_owned();
        match days.last_mut().filter(|last| last.day == day) {
            Some(last) => last.lines.push(line),
            None => days.push(Day {
                day,
                lines: vec![line],
            }),
        }
    }
    days
}

fn begin(at: Time, own: &str) -> Sentence {
    Sentence::new(&format!("{} {own}", at.clock()))
}

fn alerts(story: &Story) -> Vec<Happened> {
    let alerts = story.alerts();
    let mut all = Vec::new();
    for (at, rang) in alerts.iter().enumerate() {
        // The first and the last stand for a storm; the impact counts them all.
        if alerts.len() > ALERTS_MAX && at != 0 && at + 1 != alerts.len() {
            continue;
        }
        let sentence = begin(rang.from, "Alert ")
            .fact(&rang.name)
            .own(" began to ring");
        all.push((rang.from, 0, sentence.cite(&rang.since).end()));
        if let Some((until, since)) = &rang.until {
            let sentence = begin(*until, "Alert ").fact(&rang.name).own(" ceased");
            all.push((*until, u64::MAX, sentence.cite(since).end()));
        }
    }
    all
}

/// What an entry tells; alerts and single acts that went through are told elsewhere.
fn entry(story: &Story, stamped: &Stamped) -> Option<Sentence> {
    let begin = |own: &str| begin(stamped.at, own);
    Some(match &stamped.entry {
        Entry::RunOpened {
            run,
            runbook,
            version,
            requester,
            ..
        } => begin("Run ")
            .fact(run.as_str())
            .own(" of ")
            .fact(runbook)
            .own(" ")
            .fact(version)
            .own(" began, asked for by ")
            .fact(asker(requester)),
        Entry::StepEnded { calls, .. } => {
            let (_, step) = story.step(stamped)?;
            let made = count(usize::try_from(*calls).unwrap_or(usize::MAX), "call");
            let sentence = begin("Step ")
                .fact(&step.step)
                .own(&format!(" ended after {made}"));
            match &step.end {
                StepConclusion::Report(told) => match told.report.hypotheses.first() {
                    Some(first) => sentence.own(" and named ").fact(&first.cause).own(" first"),
                    None => sentence.own(" and named no cause"),
                },
                StepConclusion::Writes(_) => sentence,
                StepConclusion::Fault(why) => sentence.own(" by a fault: ").fact(why),
            }
        }
        Entry::RunEnded { run, state } if state == "interrupted" => {
            begin("Run ").fact(run.as_str()).own(" was ").fact(state)
        }
        Entry::Planned { plan } => {
            let sentence = begin("Plan ").fact(&plan.id().short()).own(" proposed ");
            what(sentence, plan)
        }
        Entry::Refused { asked, reasons, .. } => begin("Refused: ")
            .fact(asked)
            .own(", because ")
            .facts(reasons.iter().map(String::as_str)),
        Entry::Token { plan, token } => {
            let payload = token.payload();
            let sentence = begin("")
                .fact(payload.approver.as_str())
                .own(" signed ")
                .fact(payload.decision.word())
                .own(" of plan ")
                .fact(&plan.short());
            match payload.reason.as_str() {
                "" => sentence,
                reason => sentence.own(": ").fact(reason),
            }
        }
        Entry::ApplyBegan { plan, kind, .. } => begin(way(*kind))
            .own(" plan ")
            .fact(&plan.short())
            .own(" began"),
        Entry::Outcome { outcome, .. } => match outcome {
            RecordedOutcome::Unknown { why } => {
                begin("The outcome of an action is not known: ").fact(why)
            }
            RecordedOutcome::Refused { why } => begin("An action was refused: ").fact(why),
            _ => return None,
        },
        Entry::ApplyEnded {
            plan,
            kind,
            stopped,
            counts,
        } => {
            let sentence = begin(way(*kind)).own(" plan ").fact(&plan.short());
            let sentence = sums(sentence.own(" ended: "), counts);
            match stopped {
                Some(why) => sentence.own(", stopped because ").fact(why),
                None => sentence,
            }
        }
        Entry::Verified { verdict, .. } => begin("The verification found it ").fact(verdict),
        Entry::Reconciled { finding, .. } => begin("A doubt was settled: ").fact(finding),
        Entry::Note { text, by, .. } => begin("").fact(asker(by)).own(" noted ").fact(text),
        Entry::Diagnosis { by, .. } => {
            let sentence = begin("").fact(asker(by)).own(" made a diagnosis");
            let first = story.diagnosis(stamped);
            match first.and_then(|one| one.report.hypotheses.first()) {
                Some(first) => sentence
                    .own(" that named ")
                    .fact(&first.cause)
                    .own(" first"),
                None => sentence,
            }
        }
        Entry::Feedback {
            run,
            by,
            verdict,
            cause,
            ..
        } => {
            let mut sentence = begin("").fact(by).own(" judged run ").fact(run.as_str());
            if let Some(verdict) = verdict {
                sentence = sentence.own(": ").fact(verdict);
            }
            match cause {
                Some(cause) => sentence.own(", the cause was ").fact(cause),
                None => sentence,
            }
        }
        Entry::Incident {
            by,
            cause: Some(cause),
            ..
        } => begin("").fact(by).own(" told the cause: ").fact(cause),
        Entry::Cause {
            by, cause, subject, ..
        } => {
            let sentence = begin("")
                .fact(asker(by))
                .own(" told the cause: ")
                .fact(cause);
            match subject {
                Some(subject) => sentence.own(" in ").fact(subject),
                None => sentence,
            }
        }
        // Alerts are told by when they rang; attached lines by their own times.
        _ => return None,
    })
}

fn way(kind: Kind) -> &'static str {
    match kind {
        Kind::Apply => "Carrying out",
        Kind::Undo => "Carrying back",
    }
}

fn lines(story: &Story) -> Vec<Happened> {
    let all = story.lines().count();
    let mut told: Vec<Happened> = Vec::new();
    for (from, timeline, line) in story.lines().take(LINES_MAX) {
        let mut sentence = begin(line.at, "");
        // What people wrote in a chat needs no word for what it is.
        let wrote = line.kind == MESSAGE;
        sentence = match (&line.author, wrote) {
            (Some(author), true) => sentence.fact(author).own(" wrote "),
            (Some(author), false) => sentence.fact(author).own(", ").fact(&line.kind).own(": "),
            (None, _) => sentence.fact(&line.kind).own(": "),
        };
        sentence = sentence.fact(&line.text);
        told.push((line.at, timeline.index, sentence.cite(&from).end()));
    }
    if let Some(left_out) = all.checked_sub(LINES_MAX).filter(|n| *n > 0)
        && let Some((_, timeline)) = story.timelines.last()
        && let Some((at, ..)) = told.last().cloned()
    {
        let own = format!(
            "{} more of attached timelines are left out",
            count(left_out, "line")
        );
        let sentence = begin(timeline.at, &own).cite(&crate::cite::Source::Entry(timeline.index));
        told.push((at.max(timeline.at), u64::MAX, sentence.end()));
    }
    told
}
