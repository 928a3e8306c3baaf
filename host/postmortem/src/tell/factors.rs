//! What may have contributed, each with the evidence that suggests it.

use std::collections::BTreeMap;

use interlock_store::entry::Entry;

use super::{factor_block, judge, judged, whole};
use crate::{
    front::Front,
    story::{Story, asker, source},
    taxonomy::Factor,
    template::Item,
    words::{MARK, Sentence, duration},
};

/// How long before the first alert a change suggests that it contributed, in seconds.
const CHANGE_BEFORE_S: u64 = 2 * 3_600;
/// From how many seconds on a delay is one.
const DELAY_S: u64 = 600;
/// Reasons for one factor that are told.
const REASONS_MAX: usize = 4;
/// What a paging line's kind has in it where the page was passed on.
const PASSED_ON: [&str; 3] = ["escalat", "reassign", "delegat"];

/// Each suggested factor with its reasons; never empty.
pub(super) fn reasons(story: &Story) -> BTreeMap<Factor, Vec<String>> {
    let mut all: BTreeMap<Factor, Vec<String>> = BTreeMap::new();
    let mut put = |factor: Factor, reason: Sentence| {
        let reasons = all.entry(factor).or_default();
        let reason = reason.end();
        if reasons.len() < REASONS_MAX && !reasons.contains(&reason) {
            reasons.push(reason);
        }
    };
    causes(story, &mut put);
    changes(story, &mut put);
    unchecked(story, &mut put);
    delay(story, &mut put);
    ownership(story, &mut put);
    if all.is_empty() {
        let sentence = Sentence::new("Nothing in the record points at a factor");
        all.insert(Factor::Unknown, vec![whole(sentence, story).end()]);
    }
    all
}

fn causes(story: &Story, put: &mut impl FnMut(Factor, Sentence)) {
    for stamped in &story.entries {
        if let Some((_, cause)) = judged(stamped)
            && let Some(factor) = Factor::of_cause(cause)
        {
            let by = Sentence::new("The cause was judged to be ").fact(cause);
            let by = by.own(" by ").fact(judge(stamped));
            put(factor, by.cite(&source(stamped)));
        }
    }
    for told in story.reports() {
        let hypotheses = told.report.report.hypotheses.iter();
        let Some((first, rated)) = hypotheses.zip(&told.report.confidence).next() else {
            continue;
        };
        if let Some(factor) = Factor::of_cause(&first.cause) {
            let named = Sentence::new("Step ").fact(&told.step.step).own(" named ");
            let named = named.fact(&first.cause).own(" first, with confidence ");
            put(
                factor,
                named.fact(&rated.level.to_string()).cite(&told.source),
            );
        }
    }
    for stamped in &story.entries {
        let Entry::Diagnosis { by, .. } = &stamped.entry else {
            continue;
        };
        let first = story.diagnosis(stamped);
        let Some(first) = first.and_then(|one| one.report.hypotheses.first()) else {
            continue;
        };
        if let Some(factor) = Factor::of_cause(&first.cause) {
            let named = Sentence::new("").fact(asker(by)).own(" named ");
            put(factor, named.fact(&first.cause).cite(&source(stamped)));
        }
    }
}

fn changes(story: &Story, put: &mut impl FnMut(Factor, Sentence)) {
    let Some(first) = story.first_alert() else {
        return;
    };
    let before = |at| at <= first.from && first.from.seconds_since(at) <= CHANGE_BEFORE_S;
    for changed in story.changes().iter().rev().filter(|one| before(one.at)) {
        if let Some(factor) = Factor::of_change(&changed.change.kind) {
            let sentence = Sentence::new("Change ")
                .fact(&changed.change.title)
                .own(&format!(
                    " took effect {} before the first alert, which is a hint and no proof",
                    duration(changed.at, first.from)
                ))
                .cite(&changed.source)
                .cite(&first.since);
            put(factor, sentence);
        }
    }
}

fn unchecked(story: &Story, put: &mut impl FnMut(Factor, Sentence)) {
    for told in story.reports() {
        for gap in &told.report.report.could_not_check {
            let sentence = Sentence::new("It could not be checked: ").fact(&gap.what);
            let sentence = sentence.own(", because ").fact(&gap.why);
            put(Factor::MonitoringGap, sentence.cite(&told.source));
        }
    }
}

fn delay(story: &Story, put: &mut impl FnMut(Factor, Sentence)) {
    let Some(first) = story.first_alert() else {
        return;
    };
    if let Some(opening) = story
        .opening()
        .filter(|one| one.at.seconds_since(first.from) >= DELAY_S)
    {
        let own = format!(
            "The first alert rang for {} before this host knew of it",
            duration(first.from, opening.at)
        );
        let sentence = Sentence::new(&own)
            .cite(&first.since)
            .cite(&source(opening));
        put(Factor::DetectionDelay, sentence);
    }
    let earliest = story.lines().min_by_key(|(_, _, line)| line.at);
    if let Some((from, _, line)) = earliest
        && first.from.seconds_since(line.at) >= DELAY_S
    {
        let own = format!(
            "The first attached line was written {} before the first alert rang",
            duration(line.at, first.from)
        );
        put(
            Factor::DetectionDelay,
            Sentence::new(&own).cite(&from).cite(&first.since),
        );
    }
}

fn ownership(story: &Story, put: &mut impl FnMut(Factor, Sentence)) {
    for (from, _, line) in story.lines() {
        let kind = line.kind.to_lowercase();
        if PASSED_ON.iter().any(|word| kind.contains(word)) {
            let sentence = Sentence::new("It was passed on: ").fact(&line.kind);
            let sentence = sentence.own(" ").fact(&line.text);
            put(Factor::UnclearOwnership, sentence.cite(&from));
        }
    }
}

/// The factors as the header has them: confirmed, then proposed.
pub(super) fn items(story: &Story, front: &Front) -> Vec<Item> {
    let reasons = reasons(story);
    let item = |factor: &Factor, word: &str| {
        let said = match reasons.get(factor) {
            Some(reasons) => reasons.join(" "),
            None => format!("why: {MARK}."),
        };
        Item {
            id: factor_block(*factor),
            text: format!("**{factor}** ({word}): {said}"),
        }
    };
    let confirmed = front.factors.iter().map(|one| item(one, "confirmed"));
    let proposed = front.proposed.iter().map(|one| item(one, "proposed"));
    confirmed.chain(proposed).collect()
}
