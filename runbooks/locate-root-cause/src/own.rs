//! What a component shows of itself, wherever the symptom is: it does other things than usual when
//! it is asked, its resource is used up, the network before it is slow.
//!
//! All of it is surprise: twice the logarithm of how much likelier the window is under a change
//! than under the usual. So different kinds of evidence add up.

mod habit;
mod limit;
mod link;
mod neglect;
mod strain;

use crate::excess::Excess;
use crate::rank::{Fault, Located, Ranked};
use crate::robust::{center_and_spread, median};
use crate::scene::{Scene, Signal, Source, Symptom};

/// What an incident without any cause of its own shows by chance, among many components.
const BY_CHANCE: f64 = 20.0;
/// Less than this is not worth a word.
const NOTICED: f64 = 4.0;
/// Below so many samples, a usual period says nothing.
const SAMPLES_MIN: usize = 5;
/// More samples than this say no more: they are not independent.
const SAMPLES_MAX: usize = 4;
/// Degrees of freedom of the law that deviations are held against: its tails are heavy, as those of
/// what computers measure are.
const FREEDOM: f64 = 3.0;

/// The kind of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// When asked, it does other things than usual.
    Habit,
    /// A resource of its own is used up.
    Limit,
    /// Calls to and from it take longer than those who answer them.
    Link,
    /// It no longer asks its callees as often as it is asked itself.
    Neglect,
    /// It works more for each request, or takes longer: weak evidence.
    Strain,
}

/// What a component shows of itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Own {
    /// All of it.
    pub surprise: f64,
    /// Which kind says most.
    pub kind: Kind,
    /// What it was made from, where it can be cited.
    pub source: Option<Source>,
    /// Of that kind, in the window: a share, or seconds; 0 where neither can be said.
    pub now: f64,
    /// The same, usually.
    pub usual: f64,
}

/// What each component shows of itself, in their order; nothing of one that shows nothing.
pub fn own(scene: &Scene) -> Vec<Option<Own>> {
    let links = link::surprises(scene);
    // Where an alert tells what suffers, the flow has judged everybody's latency and traffic by it;
    // what follows from the same series by itself would count twice, and with less reason.
    let told = scene
        .symptom
        .is_some_and(|symptom| symptom.signal.is_some());
    let (neglects, strains) = if told {
        (Vec::new(), Vec::new())
    } else {
        (neglect::surprises(scene), strain::surprises(scene))
    };
    let components = scene.components.iter().enumerate();
    components
        .map(|(at, component)| {
            let found = [
                (Kind::Habit, habit::surprise(&component.habits)),
                (Kind::Limit, limit::surprise(&component.limits)),
                (Kind::Link, links.get(at).copied().unwrap_or_default()),
                (Kind::Neglect, neglects.get(at).copied().unwrap_or_default()),
                (Kind::Strain, strains.get(at).copied().unwrap_or_default()),
            ];
            let surprise = found.iter().map(|(_, of)| of.surprise).sum();
            let most = found
                .into_iter()
                .max_by(|(_, a), (_, b)| a.surprise.total_cmp(&b.surprise))?;
            (surprise > 0.0).then_some(Own {
                surprise,
                kind: most.0,
                source: most.1.source,
                now: most.1.now,
                usual: most.1.usual,
            })
        })
        .collect()
}

/// Surprise below this is as likely chance as not.
pub(crate) fn doubtful() -> f64 {
    BY_CHANCE
}

/// One piece of evidence.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Piece {
    surprise: f64,
    source: Option<Source>,
    now: f64,
    usual: f64,
}

/// What flows and what the components show of themselves, in one ranking. The more surprising the
/// latter, the less the former counts; where nothing flows, it stands alone.
pub(crate) fn blend(scene: &Scene, flow: Option<Located>) -> Option<Located> {
    let own = own(scene);
    let whole: f64 = own.iter().flatten().map(|own| own.surprise).sum();
    let most = own
        .iter()
        .enumerate()
        .filter_map(|(at, own)| Some((at, (*own)?)));
    let most = most.max_by(|a, b| a.1.surprise.total_cmp(&b.1.surprise));
    let Some((first, strongest)) = most.filter(|(_, most)| most.surprise >= NOTICED) else {
        return flow;
    };
    let weight = match &flow {
        Some(_) => strongest.surprise / (strongest.surprise + BY_CHANCE),
        None => 1.0,
    };
    let mut located = flow.unwrap_or_else(|| Located {
        symptom: Symptom {
            component: first,
            signal: None,
        },
        excess: Excess::default(),
        suspects: Vec::new(),
    });
    for suspect in &mut located.suspects {
        suspect.score *= 1.0 - weight;
    }
    for (at, own) in own.into_iter().enumerate() {
        let Some(own) = own else { continue };
        let share = weight * own.surprise / whole;
        let known = located
            .suspects
            .iter_mut()
            .find(|known| known.component == at);
        match known {
            Some(known) => {
                if share > known.score {
                    known.fault = own.kind.fault();
                    known.own = Some(own);
                }
                known.score += share;
            }
            None => located.suspects.push(Ranked {
                component: at,
                fault: own.kind.fault(),
                score: share,
                passed: 0.0,
                excess: None,
                signal: Signal::Latency,
                path: vec![at],
                own: Some(own),
            }),
        }
    }
    located.suspects.sort_by(|a, b| b.score.total_cmp(&a.score));
    Some(located)
}

impl Kind {
    fn fault(self) -> Fault {
        match self {
            Kind::Habit | Kind::Neglect => Fault::Failing,
            Kind::Limit => Fault::Saturated,
            Kind::Link | Kind::Strain => Fault::Slow,
        }
    }
}

/// How surprising one deviation is, in standard deviations of the usual.
fn surprise_of(deviations: f64) -> f64 {
    (FREEDOM + 1.0) * (deviations * deviations / FREEDOM).ln_1p()
}

/// By how many standard deviations the middle of the window lies above the usual, and how many
/// samples say so; nothing where too little is known. It is held against the middles of stretches
/// of the usual period as long as the window: a wild sample now and then is usual and moves
/// neither. The spread is never less than `floor`.
fn deviation(now: &[f64], usual: &[f64], floor: f64) -> Option<(f64, usize)> {
    let known = now.iter().filter(|value| value.is_finite()).count();
    let usual: Vec<f64> = usual.iter().copied().filter(|v| v.is_finite()).collect();
    let middles: Vec<f64> = usual
        .windows(known.clamp(1, SAMPLES_MAX))
        .filter_map(median)
        .collect();
    if middles.len() < SAMPLES_MIN {
        return None;
    }
    let (center, spread) = center_and_spread(&middles)?;
    let spread = spread.max(floor).max(0.05 * center.abs());
    Some(((median(now)? - center) / spread, known.min(SAMPLES_MAX)))
}

/// The same as surprise, where only more than usual is meant.
fn above(now: &[f64], usual: &[f64], floor: f64) -> f64 {
    deviation(now, usual, floor).map_or(0.0, |(deviations, samples)| {
        samples as f64 * surprise_of(deviations.max(0.0))
    })
}

#[cfg(test)]
mod tests;
