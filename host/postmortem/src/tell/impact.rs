//! Whom and what it hurt, as far as the record says.

use interlock_capabilities::{Answer, Ask, Recorded};
use interlock_gate::time::Time;
use serde_json::Value;

use crate::{
    story::{Rang, Story, source},
    words::{Sentence, count, duration, to_be_written},
};

/// Alerts that are told one by one; more are told by name.
const ALERTS_MAX: usize = 12;
/// Readings that are told.
const READINGS_MAX: usize = 8;
/// What a query or pattern has in it that counts what was refused or failed.
const FAILING: [&str; 10] = [
    "error",
    "fail",
    "refus",
    "reject",
    "unavailable",
    "timeout",
    "5xx",
    "5..",
    "too many",
    "fatal",
];

pub(super) fn sentences(story: &Story) -> Vec<String> {
    let mut all = rang(&story.alerts());
    let readings = readings(story);
    if readings.is_empty() {
        all.push(to_be_written("Requests refused or failed"));
    }
    all.extend(readings);
    all.push(to_be_written("Who was affected, and how many"));
    all.push(to_be_written(
        "What was lost or wrong and had to be put right",
    ));
    all
}

fn rang(alerts: &[Rang]) -> Vec<String> {
    if alerts.len() <= ALERTS_MAX {
        return alerts.iter().map(one).collect();
    }
    let mut names: Vec<&str> = alerts.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let by_name = names.into_iter().take(ALERTS_MAX).filter_map(|name| {
        let of_name = alerts.iter().filter(|one| one.name == name);
        let of_name: Vec<&Rang> = of_name.collect();
        let first = of_name.iter().min_by_key(|one| one.from)?;
        let sentence = Sentence::new("Alert ")
            .fact(name)
            .own(&format!(
                " rang {}, first at ",
                count(of_name.len(), "time")
            ))
            .time(first.from)
            .cite(&first.since);
        let last = of_name.iter().filter_map(|one| one.until.as_ref());
        Some(match last.max_by_key(|(at, _)| *at) {
            Some((at, since)) => sentence.own(", last until ").time(*at).cite(since).end(),
            None => sentence.end(),
        })
    });
    by_name.collect()
}

fn one(alert: &Rang) -> String {
    let sentence = Sentence::new("Alert ").fact(&alert.name);
    match &alert.until {
        Some((until, since)) => sentence
            .own(&format!(
                " rang for {}, from ",
                duration(alert.from, *until)
            ))
            .time(alert.from)
            .own(" to ")
            .time(*until)
            .cite(&alert.since)
            .cite(since)
            .end(),
        None => sentence
            .own(" rang from ")
            .time(alert.from)
            .own(" on, and the record does not say until when")
            .cite(&alert.since)
            .end(),
    }
}

/// What recorded answers say of requests that were refused or failed.
fn readings(story: &Story) -> Vec<String> {
    let mut all = Vec::new();
    for stamped in &story.entries {
        let Some((_, step)) = story.step(stamped) else {
            continue;
        };
        for recorded in &step.cassette.calls {
            if let Some(sentence) = reading(recorded) {
                all.push(sentence.cite(&source(stamped)).end());
            }
        }
    }
    all.dedup();
    all.truncate(READINGS_MAX);
    all
}

fn reading(recorded: &Recorded) -> Option<Sentence> {
    let counts = |text: &str| {
        let lower = text.to_lowercase();
        FAILING.iter().any(|word| lower.contains(word))
    };
    let call = format!(" (call {})", recorded.id);
    match (&recorded.ask, recorded.answer.as_ref().ok()?) {
        (Ask::LogsSearch(ask), Answer::LogsSearch(found))
            if counts(&ask.pattern) && found.matched > 0 =>
        {
            let at = |micros| Time::from_micros(micros).unwrap_or_default();
            let lines = usize::try_from(found.matched).unwrap_or(usize::MAX);
            Some(
                Sentence::new("The log ")
                    .fact(&ask.source)
                    .own(&format!(" had {} that match ", count(lines, "line")))
                    .fact(&ask.pattern)
                    .own(" from ")
                    .time(at(ask.window.begin))
                    .own(" to ")
                    .time(at(ask.window.end))
                    .own(&call),
            )
        }
        (Ask::MetricsInstant(ask), Answer::MetricsInstant(found)) if counts(&ask.query) => {
            let highest = found.samples.iter().filter(|one| one.value > 0.0);
            let highest = highest.max_by(|a, b| a.value.total_cmp(&b.value))?;
            Some(read(&ask.query, &serde_json::to_value(highest).ok()?)?.own(&call))
        }
        (Ask::MetricsRange(ask), Answer::MetricsRange(found)) if counts(&ask.query) => {
            let points = found.series.iter().flat_map(|series| &series.points);
            let highest = points.filter(|one| one.value > 0.0);
            let highest = highest.max_by(|a, b| a.value.total_cmp(&b.value))?;
            Some(read(&ask.query, &serde_json::to_value(highest).ok()?)?.own(&call))
        }
        _ => None,
    }
}

/// The highest value that a query was answered with, as it was recorded.
fn read(query: &str, highest: &Value) -> Option<Sentence> {
    let at: Time = highest.get("at")?.as_str()?.parse().ok()?;
    Some(
        Sentence::new("The metric ")
            .fact(query)
            .own(" read at most ")
            .fact(highest.get("value")?.as_str()?)
            .own(", at ")
            .time(at),
    )
}
