//! A component that is asked as often as ever, and no longer asks others.

use super::{Piece, deviation, surprise_of};
use crate::scene::{Scene, Signal, Track};

/// Requests in a sample's period that are as good as none.
const NONE: f64 = 1.0;
/// A tenth more or less is nothing; in logarithms.
const FLOOR: f64 = 0.1;

/// What the traffic of their callees says of each component. Where traces tell what follows when a
/// component is asked, this says the same less exactly, and says nothing.
pub(super) fn surprises(scene: &Scene) -> Vec<Piece> {
    let mut found = vec![Piece::default(); scene.components.len()];
    let mut callers_of: Vec<Vec<usize>> = vec![Vec::new(); scene.components.len()];
    for (caller, component) in scene.components.iter().enumerate() {
        for &callee in component.calls.iter().filter(|&&callee| callee != caller) {
            if let Some(callers) = callers_of.get_mut(callee)
                && !callers.contains(&caller)
            {
                callers.push(caller);
            }
        }
    }
    for (at, (callee, callers)) in scene.components.iter().zip(&callers_of).enumerate() {
        let asked = callers.iter().map(|&caller| traffic(scene, caller));
        let (Some(asked), Some(here)) =
            (asked.collect::<Option<Vec<&Track>>>(), traffic(scene, at))
        else {
            continue;
        };
        if asked.is_empty() || !callee.habits.is_empty() {
            continue;
        }
        let now = ratios(
            since(&here.now),
            asked.iter().map(|track| since(&track.now)),
        );
        let usual = ratios(
            &here.usual,
            asked.iter().map(|track| track.usual.as_slice()),
        );
        let Some((deviations, samples)) = deviation(&now, &usual, FLOOR) else {
            continue;
        };
        // More is no neglect: they are asked for other things.
        let deviations = deviations.min(0.0);
        // Any of the callers may have changed its ways.
        let surprise = samples as f64 * surprise_of(deviations) / callers.len() as f64;
        for &caller in callers {
            if surprise > found[caller].surprise {
                found[caller] = Piece {
                    surprise,
                    ..Piece::default()
                };
            }
        }
    }
    found
}

fn traffic(scene: &Scene, at: usize) -> Option<&Track> {
    let tracks = &scene.components.get(at)?.tracks;
    tracks.iter().find(|track| track.signal == Signal::Traffic)
}

/// Without the sample at the window's begin: what is taken at a moment tells of the time before it.
fn since(now: &[f64]) -> &[f64] {
    now.get(1..).unwrap_or_default()
}

/// The logarithm of requests here for each request to those who call, sample by sample.
fn ratios<'a>(here: &[f64], callers: impl Iterator<Item = &'a [f64]>) -> Vec<f64> {
    let callers: Vec<&[f64]> = callers.collect();
    let samples = here.iter().enumerate();
    samples
        .map(|(at, here)| {
            let asked: f64 = callers.iter().filter_map(|caller| caller.get(at)).sum();
            ((here + NONE) / (asked + NONE)).ln()
        })
        .collect()
}
