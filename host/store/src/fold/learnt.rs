//! What people say of a diagnosis, what an incident turned out to be, and what a backtest counted.

use super::illegal::Illegal;
use super::incident::get;
use super::rows::{Change, Facts};
use super::step::Step;
use crate::entry::{CAUSE_BYTES_MAX, Entry};

/// A verdict, a cause or both on the run that entry `opened` opened.
pub(super) fn judged<F: Facts>(
    facts: &F,
    index: u64,
    opened: u64,
    entry: &Entry,
) -> Step<F::Error> {
    if !is_sound(entry) {
        return Err(Illegal::Feedback.into());
    }
    let of = get(facts, |f| f.about(opened))?;
    Ok(of.map(|id| Change::About(index, id)).into_iter().collect())
}

/// What the incident turned out to be.
pub(super) fn cause<F: Facts>(facts: &F, index: u64, id: &str, entry: &Entry) -> Step<F::Error> {
    if get(facts, |f| f.incident(id))?.is_none() {
        return Err(Illegal::NoIncident(id.to_owned()).into());
    }
    if !is_sound(entry) {
        return Err(Illegal::Feedback.into());
    }
    Ok(vec![Change::About(index, id.to_owned())])
}

/// A backtest whose numbers can be of one.
pub(super) fn backtested<E>(entry: &Entry) -> Step<E> {
    match entry {
        Entry::Backtested {
            components,
            cases,
            summary,
            ..
        } if !components.is_empty() && summary.is_sound(*cases) => Ok(vec![]),
        _ => Err(Illegal::Backtest.into()),
    }
}

fn is_sound(entry: &Entry) -> bool {
    match entry {
        Entry::Feedback { verdict, cause, .. } => {
            let known = |it: &String| matches!(it.as_str(), "accepted" | "modified" | "rejected");
            (verdict.is_some() || cause.is_some())
                && verdict.as_ref().is_none_or(known)
                && cause.as_ref().is_none_or(|cause| is_name(cause))
        }
        Entry::Cause { cause, subject, .. } => {
            is_name(cause) && subject.as_ref().is_none_or(|subject| is_name(subject))
        }
        _of_another_kind => false,
    }
}

fn is_name(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= CAUSE_BYTES_MAX
}
