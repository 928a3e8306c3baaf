//! From the record to sentences, a file for each section.
//! Invariant: every sentence that these functions return cites what it says, or is marked for the
//! author; they compute from the record alone, never from the clock.

mod actions;
mod factors;
mod impact;
mod questions;
mod sources;
mod summary;
mod timeline;
mod well;

use std::collections::BTreeMap;

use interlock_gate::{ids::PlanDigest, plan::Plan, token::Decision};
use interlock_store::entry::{Entry, Stamped};

use crate::{
    front::{self, Front, Status},
    story::{Story, asker, source},
    taxonomy::Factor,
    template::{Item, View},
    words::{Sentence, code},
};

/// A header drafted from the record.
pub(crate) fn header(story: &Story) -> Front {
    let first = story.first_alert();
    let mitigated = story.entries.iter().find(
        |stamped| matches!(&stamped.entry, Entry::Verified { verdict, .. } if verdict == "fixed"),
    );
    let plans = story
        .entries
        .iter()
        .filter_map(|stamped| match &stamped.entry {
            Entry::Planned { plan } => Some(plan.id().short()),
            _ => None,
        });
    Front {
        incident: story.incident.clone(),
        status: Status::Draft,
        severity: story.severity.clone(),
        services: story.service.iter().cloned().collect(),
        began: first.map(|one| one.from),
        detected: story.opening().map(|stamped| stamped.at),
        mitigated: mitigated.map(|stamped| stamped.at),
        ended: story.all_ceased().map(|(at, _)| at),
        factors: Vec::new(),
        proposed: factors::reasons(story).into_keys().collect(),
        causes: causes(story),
        runs: story.runs.iter().map(|one| one.run.to_string()).collect(),
        plans: plans.collect(),
        sources: story.digest(),
        blocks: Vec::new(),
        drafted: BTreeMap::new(),
    }
    .sealed()
}

/// The sections, with the factors as `front` has them.
pub(crate) fn view(story: &Story, front: &Front) -> View {
    let mut view = View {
        incident: code(&story.incident),
        services: front.services.iter().map(|one| code(one)).collect(),
        severity: front.severity.as_deref().map(code).unwrap_or_default(),
        summary: summary::sentences(story),
        impact: impact::sentences(story),
        timeline: timeline::days(story),
        factors: factors::items(story, front),
        well: well::sentences(story),
        actions: actions::items(story),
        questions: questions::items(story),
        ..View::new()
    };
    view.sources = sources::sentences(story, &view);
    view
}

/// The causes that were judged, or else concluded first: `runbook/cause`, each once.
fn causes(story: &Story) -> Vec<String> {
    let judged: Vec<String> = story
        .entries
        .iter()
        .filter_map(|stamped| {
            let (run, cause) = judged(stamped)?;
            let runbook = run.and_then(|run| story.run(run)).or(story.runs.last())?;
            Some(format!("{}/{cause}", runbook.runbook))
        })
        .collect();
    let concluded = story.reports().into_iter().filter_map(|told| {
        let first = told.report.report.hypotheses.first()?;
        Some(format!("{}/{}", told.run.runbook, first.cause))
    });
    let all: Vec<String> = match judged.last() {
        // What was judged last counts.
        Some(last) => vec![last.clone()],
        None => concluded.collect(),
    };
    let mut once: Vec<String> = Vec::new();
    for cause in all {
        if !once.contains(&cause) {
            once.push(cause);
        }
    }
    once
}

/// The actual cause that an entry tells, and of which run.
fn judged(stamped: &Stamped) -> Option<(Option<&interlock_gate::ids::RunId>, &str)> {
    match &stamped.entry {
        Entry::Feedback {
            run,
            cause: Some(cause),
            ..
        } => Some((Some(run), cause)),
        Entry::Incident {
            cause: Some(cause), ..
        }
        | Entry::Cause { cause, .. } => Some((None, cause)),
        _ => None,
    }
}

/// Who judged.
fn judge(stamped: &Stamped) -> &str {
    match &stamped.entry {
        Entry::Feedback { by, .. } | Entry::Incident { by, .. } => by,
        Entry::Cause { by, .. } => asker(by),
        _ => "",
    }
}

/// A plan that was made, by the entry that says so.
fn planned<'a>(story: &'a Story, id: &PlanDigest) -> Option<(&'a Stamped, &'a Plan)> {
    story
        .entries
        .iter()
        .find_map(|stamped| match &stamped.entry {
            Entry::Planned { plan } if plan.id() == *id => Some((stamped, plan.as_ref())),
            _ => None,
        })
}

/// The approvals of a plan.
fn approvals<'a>(story: &'a Story, id: &PlanDigest) -> Vec<(&'a Stamped, &'a str)> {
    let of_this = story
        .entries
        .iter()
        .filter_map(|stamped| match &stamped.entry {
            Entry::Token { plan, token } if plan == id => {
                let payload = token.payload();
                (payload.decision == Decision::Approve)
                    .then(|| (stamped, payload.approver.as_str()))
            }
            _ => None,
        });
    of_this.collect()
}

/// `database.terminate on orders-db/client, 36 actions`, in code where it is a fact.
fn what(sentence: Sentence, plan: &Plan) -> Sentence {
    let actions = &plan.body().actions;
    let mut kinds: Vec<&str> = Vec::new();
    let mut targets: Vec<String> = Vec::new();
    for planned in actions {
        let kind = planned.action.capability().name();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
        let target = planned.action.target().to_string();
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    sentence
        .facts(kinds)
        .own(" on ")
        .facts(targets.iter().map(String::as_str))
        .own(&format!(
            ", {}",
            crate::words::count(actions.len(), "action")
        ))
}

/// `35 done, 1 gone`, from the counts of an entry.
fn sums(mut sentence: Sentence, counts: &BTreeMap<String, u64>) -> Sentence {
    let mut first = true;
    for (outcome, n) in counts.iter().filter(|(_, n)| **n > 0) {
        let lead = if first { "" } else { ", " };
        sentence = sentence.own(&format!("{lead}{n} ")).fact(outcome);
        first = false;
    }
    if first {
        sentence.own("nothing was done")
    } else {
        sentence
    }
}

/// An item whose name stays the same as long as `about` does.
fn item(kind: &str, about: &[&str], text: String) -> Item {
    let digest = crate::blocks::digest(&about.join("\n"));
    Item {
        id: format!("{kind}-{}", &digest[..12]),
        text,
    }
}

/// The first entry of an incident, to be cited where nothing in particular says something.
fn whole(sentence: Sentence, story: &Story) -> Sentence {
    let cite = |sentence: Sentence, stamped: Option<&Stamped>| match stamped {
        Some(stamped) => sentence.cite(&source(stamped)),
        None => sentence,
    };
    let sentence = cite(sentence, story.opening());
    cite(sentence, story.newest())
}

/// The block that proposes a factor.
fn factor_block(factor: Factor) -> String {
    front::factor_block(factor)
}
