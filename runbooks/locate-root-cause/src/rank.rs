//! From a scene to suspects, the likeliest first.

use crate::excess::{Excess, burden, excess, shape, track};
use crate::flow::{Node, Settled, settle};
use crate::own::{Own, blend};
use crate::robust::median;
use crate::scene::{Component, Scene, Signal, Symptom};

/// The signals that a symptom can flow in: they add up along calls.
const FLOWING: [Signal; 2] = [Signal::Latency, Signal::Errors];
const ALL: [Signal; 4] = [
    Signal::Latency,
    Signal::Errors,
    Signal::Traffic,
    Signal::Saturation,
];
/// A change of traffic alone is half a reason: much of it is the day's own.
const TRAFFIC_WEIGHT: f64 = 0.5;
/// A component that the symptom cannot reach keeps a trace, so that it is ranked by itself.
const UNREACHED: f64 = 1e-4;
/// From here on, a signal is said to deviate: three standard deviations.
const DEVIATES: f64 = 0.5;
/// Where no signal is believed this far, nothing deviates: two standard deviations.
const NOTICED: f64 = 4.0 / 13.0;
/// So many times the usual requests are a surge.
const SURGE: f64 = 2.0;

/// The kind of fault that a suspect shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It takes longer itself.
    Slow,
    /// It fails itself.
    Failing,
    /// It is short of a resource.
    Saturated,
    /// It is asked far more.
    Surge,
    /// It is asked far less.
    Starved,
    /// It says nothing of itself.
    Silent,
}

/// A suspect.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// Its place in [`Scene::components`].
    pub component: usize,
    /// What it shows.
    pub fault: Fault,
    /// The share of the symptom that is laid to it, from 0 to 1.
    pub score: f64,
    /// The share that came by it, what was handed on to its callees included.
    pub passed: f64,
    /// What it bears in the symptom's signal; nothing where it does not measure it.
    pub excess: Option<Excess>,
    /// The signal that speaks for it, and the most.
    pub signal: Signal,
    /// From the symptom to it, both included; itself alone where no calls lead to it.
    pub path: Vec<usize>,
    /// What it shows of itself, where that speaks for it more than the symptom does.
    pub own: Option<Own>,
}

/// What was found of the symptom itself, and the suspects.
#[derive(Debug, Clone, PartialEq)]
pub struct Located {
    /// The component and the signal that the ranking started from.
    pub symptom: Symptom,
    /// What the symptom's component bears.
    pub excess: Excess,
    /// The suspects, the likeliest first.
    pub suspects: Vec<Ranked>,
}

/// The suspects of a scene, the likeliest first; none where nothing deviates.
pub fn rank(scene: &Scene) -> Vec<Ranked> {
    locate(scene).map_or_else(Vec::new, |located| located.suspects)
}

/// The same, with what was found of the symptom; nothing where nothing deviates.
pub fn locate(scene: &Scene) -> Option<Located> {
    blend(scene, flow(scene))
}

/// Where the symptom flows to.
fn flow(scene: &Scene) -> Option<Located> {
    let (start, signal) = symptom(scene)?;
    let shape = shape(&burden(scene.components.get(start)?, signal)?);
    let seen: Vec<Seen> = scene
        .components
        .iter()
        .map(|component| Seen::of(component, signal, &shape))
        .collect();
    let at_start = seen.get(start)?.in_signal.unwrap_or_default();
    if seen.iter().all(|seen| seen.belief() < NOTICED) {
        return None;
    }
    let nodes: Vec<Node> = scene
        .components
        .iter()
        .zip(&seen)
        .enumerate()
        .map(|(at, (component, seen))| Node {
            calls: component.calls.clone(),
            bears: match seen.in_signal {
                // The alert says that it deviates: nothing is taken off for doubt.
                Some(excess) if at == start => excess.amount.max(0.0),
                Some(excess) => excess.believed(),
                None => 0.0,
            },
            otherwise: seen.otherwise.map_or(0.0, |(_, belief)| belief),
        })
        .collect();
    let settled = settle(&nodes, start);
    let mut suspects: Vec<Ranked> = seen
        .iter()
        .zip(&settled)
        .enumerate()
        .map(|(at, (seen, here))| {
            let by_other = here.otherwise > 0.5 * here.share;
            let signal = match seen.otherwise {
                Some((other, _)) if by_other => other,
                _ => signal,
            };
            Ranked {
                component: at,
                fault: seen.fault(signal),
                score: here.share + UNREACHED * seen.belief(),
                passed: here.passed,
                excess: seen.in_signal,
                signal,
                path: path(&settled, start, at),
                own: None,
            }
        })
        .filter(|suspect| suspect.score > 0.0)
        .collect();
    suspects.sort_by(|a, b| b.score.total_cmp(&a.score));
    Some(Located {
        symptom: Symptom {
            component: start,
            signal: Some(signal),
        },
        excess: at_start,
        suspects,
    })
}

/// Where to start: what the alert says; what it leaves open is filled in by what deviates most.
fn symptom(scene: &Scene) -> Option<(usize, Signal)> {
    let told = scene.symptom;
    let signals: Vec<Signal> = match told.and_then(|told| told.signal) {
        Some(signal) => vec![signal],
        None => FLOWING.to_vec(),
    };
    let places: Vec<usize> = match told {
        Some(told) => vec![told.component],
        None => (0..scene.components.len()).collect(),
    };
    let mut best: Option<(f64, usize, Signal)> = None;
    for &at in &places {
        for &signal in &signals {
            let Some(borne) = scene.components.get(at).and_then(|c| burden(c, signal)) else {
                continue;
            };
            let deviations = excess(&shape(&borne), &borne).deviations;
            if best.is_none_or(|(most, ..)| deviations > most) {
                best = Some((deviations, at, signal));
            }
        }
    }
    best.map(|(_, at, signal)| (at, signal))
}

/// What a component shows, signal by signal.
struct Seen {
    /// In the symptom's signal.
    in_signal: Option<Excess>,
    /// The other signal that deviates most, and how surely.
    otherwise: Option<(Signal, f64)>,
    /// A resource of its own is short.
    saturated: bool,
    /// Requests now, in multiples of the usual, where they surely deviate.
    traffic: Option<f64>,
}

impl Seen {
    fn of(component: &Component, signal: Signal, shape: &[f64]) -> Self {
        let found = |signal| burden(component, signal).map(|b| excess(shape, &b));
        let mut otherwise: Option<(Signal, f64)> = None;
        for other in ALL.into_iter().filter(|other| *other != signal) {
            let Some(excess) = found(other) else { continue };
            let belief = match other {
                Signal::Traffic => TRAFFIC_WEIGHT * excess.belief_either_way(),
                _ => excess.belief(),
            };
            if otherwise.is_none_or(|(_, most)| belief > most) {
                otherwise = Some((other, belief));
            }
        }
        let traffic = found(Signal::Traffic).filter(|e| e.belief_either_way() >= DEVIATES);
        let usual = usual_traffic(component);
        Self {
            in_signal: found(signal),
            otherwise,
            saturated: found(Signal::Saturation).is_some_and(|e| e.belief() >= DEVIATES),
            traffic: traffic
                .zip(usual)
                .map(|(excess, usual)| 1.0 + excess.amount / usual),
        }
    }

    fn belief(&self) -> f64 {
        self.in_signal.map_or(0.0, |excess| excess.belief())
    }

    fn fault(&self, signal: Signal) -> Fault {
        if self.in_signal.is_none() && self.otherwise.is_none() {
            return Fault::Silent;
        }
        if self.saturated {
            return Fault::Saturated;
        }
        match (self.traffic, signal) {
            (Some(times), _) if times >= SURGE => Fault::Surge,
            (Some(times), Signal::Traffic) if times < 1.0 => Fault::Starved,
            (_, Signal::Latency) => Fault::Slow,
            (_, Signal::Errors) => Fault::Failing,
            (_, Signal::Saturation) => Fault::Saturated,
            (_, Signal::Traffic) => Fault::Surge,
        }
    }
}

fn usual_traffic(component: &Component) -> Option<f64> {
    let usual = median(&track(component, Signal::Traffic)?.usual)?;
    (usual > 0.0).then_some(usual)
}

/// The calls by which most of the symptom came to a component.
fn path(settled: &[Settled], start: usize, end: usize) -> Vec<usize> {
    let mut path = vec![end];
    while let Some(from) = path
        .last()
        .and_then(|&at| settled.get(at))
        .and_then(|at| at.from)
    {
        if path.contains(&from) {
            break;
        }
        path.push(from);
        if from == start {
            break;
        }
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests;
