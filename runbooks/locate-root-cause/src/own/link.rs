//! A network that is slow before a component: its calls, and those to it, last longer than whoever
//! answers them takes.

use super::{Piece, above};
use crate::robust::median;
use crate::scene::{Link, Scene, Source};

/// Seconds that come and go between two processes.
const FLOOR: f64 = 0.005;
/// A link this surprising is slow as likely as not.
const HALF: f64 = 10.0;

/// What the links say of each component. A component is where all of its links are slow: one of
/// whom only some are is a neighbour of it.
pub(super) fn surprises(scene: &Scene) -> Vec<Piece> {
    let links: Vec<(usize, usize, Piece)> = scene
        .links
        .iter()
        .map(|link| {
            let piece = Piece {
                surprise: surprise(link),
                source: Some(Source::Now(link.source)),
                now: median(&link.now).unwrap_or(0.0),
                usual: median(&link.usual).unwrap_or(0.0),
            };
            (link.from, link.to, piece)
        })
        .collect();
    let components = 0..scene.components.len();
    components
        .map(|at| {
            let mine = links
                .iter()
                .filter(|(from, to, _)| *from == at || *to == at);
            let mine: Vec<Piece> = mine.map(|(_, _, piece)| *piece).collect();
            let slow = mine
                .iter()
                .map(|piece| piece.surprise / (piece.surprise + HALF));
            let share = slow.sum::<f64>() / mine.len().max(1) as f64;
            let whole: f64 = mine.iter().map(|piece| piece.surprise).sum();
            let most = mine.iter().max_by(|a, b| a.surprise.total_cmp(&b.surprise));
            Piece {
                surprise: share * whole,
                ..most.copied().unwrap_or_default()
            }
        })
        .collect()
}

/// How surprisingly slow a link is.
pub(super) fn surprise(link: &Link) -> f64 {
    above(&fresh(&link.now), &link.usual, FLOOR)
}

/// Without what repeats the sample before it: no call came meanwhile, and an old answer was given
/// again.
fn fresh(now: &[f64]) -> Vec<f64> {
    let mut fresh = now.to_vec();
    fresh.dedup();
    fresh
}
