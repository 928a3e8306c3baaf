//! Weak evidence: a component works more for each request than usual, or takes longer for it.
//!
//! Both come with many faults, and with none; they order those of whom nothing else is known.

use super::{Piece, above, link};
use crate::robust::median;
use crate::scene::{Component, Scene, Signal};

/// What weak evidence counts beside strong.
const WEIGHT: f64 = 0.25;
/// A tenth more or less is nothing; in logarithms.
const FLOOR: f64 = 0.1;
/// Requests in a sample's period that are as good as none.
const NO_REQUESTS: f64 = 3.0;
/// The share of a limit that is as good as none.
const NO_EFFORT: f64 = 0.001;
/// Seconds that are as good as none.
const NO_TIME: f64 = 0.002;

/// What each component works and takes, beside what its callees explain.
pub(super) fn surprises(scene: &Scene) -> Vec<Piece> {
    let late: Vec<f64> = scene.components.iter().map(late).collect();
    let components = scene.components.iter().enumerate();
    components
        .map(|(at, component)| {
            let callees = component.calls.iter().filter(|&&callee| callee != at);
            let behind = callees.filter_map(|&callee| late.get(callee).copied());
            let between = scene.links.iter().filter(|link| link.from == at);
            let explained = behind
                .chain(between.map(link::surprise))
                .fold(0.0, f64::max);
            let own = (late[at] - explained).max(0.0);
            Piece {
                surprise: WEIGHT * (own + effort(component)),
                ..Piece::default()
            }
        })
        .collect()
}

/// It takes longer to answer.
fn late(component: &Component) -> f64 {
    let Some(answers) = &component.answers else {
        return 0.0;
    };
    let seconds = |values: &[f64]| -> Vec<f64> {
        values
            .iter()
            .map(|value| (value.max(0.0) + NO_TIME).ln())
            .collect()
    };
    risen(
        &seconds(&answers.before),
        &seconds(&answers.now),
        &seconds(&answers.usual),
    )
}

/// It uses more of what requests use, for each of them.
fn effort(component: &Component) -> f64 {
    let traffic = component
        .tracks
        .iter()
        .find(|track| track.signal == Signal::Traffic);
    let Some(traffic) = traffic else { return 0.0 };
    let used = component.limits.iter().filter(|limit| limit.by_requests);
    used.map(|limit| {
        // Of the time before, no requests are known: the usual number stands for them.
        let usually = median(&traffic.usual).unwrap_or(0.0);
        let each = |used: &[f64], requests: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let each = used.iter().enumerate();
            each.map(|(at, used)| ((used.max(0.0) + NO_EFFORT) / (requests(at) + NO_REQUESTS)).ln())
                .collect()
        };
        let later = traffic.now.len().saturating_sub(limit.now.len());
        risen(
            &each(&limit.before, &|_| usually),
            &each(&limit.now, &|at| {
                traffic.now.get(at + later).copied().unwrap_or(usually)
            }),
            &each(&limit.usual, &|at| {
                traffic.usual.get(at).copied().unwrap_or(usually)
            }),
        )
    })
    .fold(0.0, f64::max)
}

/// Above the usual, as far as it is above what was just before too.
fn risen(before: &[f64], now: &[f64], usual: &[f64]) -> f64 {
    let (Some(middle), Some(was)) = (median(now), median(before)) else {
        return 0.0;
    };
    let new = ((middle - was) / FLOOR / 3.0).clamp(0.0, 1.0);
    new * above(now, usual, FLOOR)
}
