//! How much more than usual a component bears while the symptom shows.
//!
//! What adds up along calls is not a mean but a sum: seconds spent, requests failed. A component
//! that spends 20 s more in five minutes explains a caller that does so, however many requests
//! either of them has. That sum, above what is usual, is the burden.

use crate::robust::{center_and_spread, median, quantile};
use crate::scene::{Component, Signal, Stat, Track};

/// Of the usual burden, what may come and go unnoticed.
const LATENCY_FLOOR: f64 = 0.02;
/// The same where no usual period is known.
const UNKNOWN_FLOOR: f64 = 0.25;
/// Below so many windows, the usual period says nothing about its own spread.
const WINDOWS_MIN: usize = 20;
/// At so many standard deviations an excess is believed as much as not.
const HALF_BELIEVED: f64 = 3.0;

/// What a component bears above the usual, per sample.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Burden {
    pub(crate) now: Vec<f64>,
    usual: Vec<f64>,
    floor: f64,
}

/// An excess over the usual, as far as it goes with the symptom.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Excess {
    /// Seconds, failed requests or requests in a sample's period; negative where there is less.
    pub amount: f64,
    /// The same in standard deviations of what the usual period shows by chance.
    pub deviations: f64,
}

impl Excess {
    /// How far it is to be believed, from 0 to 1, where more is meant.
    pub fn belief(&self) -> f64 {
        let z = self.deviations.max(0.0);
        z * z / (z * z + HALF_BELIEVED * HALF_BELIEVED)
    }

    /// The same where more or less is meant.
    pub(crate) fn belief_either_way(&self) -> f64 {
        let away = Excess {
            deviations: self.deviations.abs(),
            ..*self
        };
        away.belief()
    }

    /// The believed part of what is more.
    pub(crate) fn believed(&self) -> f64 {
        self.amount.max(0.0) * self.belief()
    }
}

/// The track that a signal is judged by: the one that adds up, else the first.
pub(crate) fn track(component: &Component, signal: Signal) -> Option<&Track> {
    let wanted = match signal {
        Signal::Traffic => Stat::Sum,
        _ => Stat::Average,
    };
    let mut of = component
        .tracks
        .iter()
        .filter(|track| track.signal == signal);
    let first = of.clone().next();
    of.find(|track| track.stat == wanted).or(first)
}

/// What a component bears in a signal; nothing where it does not measure it, or never did before.
pub(crate) fn burden(component: &Component, signal: Signal) -> Option<Burden> {
    let of = track(component, signal)?;
    match signal {
        Signal::Errors if of.stat == Stat::Sum => {
            let usual = level(&of.usual, &of.now, 0.25)?;
            Some(above(of, usual, (1.0 + usual.abs()).sqrt()))
        }
        Signal::Latency | Signal::Errors => summed(of, track(component, Signal::Traffic)),
        Signal::Traffic => {
            let usual = level(&of.usual, &of.now, 0.5)?;
            let floor = (0.05 * usual.abs()).max((usual.abs() + 1.0).sqrt());
            Some(above(of, usual, floor))
        }
        Signal::Saturation => {
            let usual = level(&of.usual, &of.now, 0.25)?;
            Some(above(of, usual, LATENCY_FLOOR * usual.abs()))
        }
    }
}

/// The level that is usual: the middle of the usual period, and where none is known, a low value
/// of the window. What was never there in the usual period has no level to deviate from: whoever
/// calls it now does something new, and is judged for it.
fn level(usual: &[f64], now: &[f64], share: f64) -> Option<f64> {
    if usual.is_empty() {
        quantile(now, share)
    } else {
        median(usual)
    }
}

fn above(track: &Track, usual: f64, floor: f64) -> Burden {
    let over = |values: &[f64]| values.iter().map(|value| known(value - usual)).collect();
    Burden {
        now: over(&track.now),
        usual: over(&track.usual),
        floor: floor.max(f64::MIN_POSITIVE),
    }
}

/// A mean times the requests it is the mean of. Without requests, each sample counts as one.
fn summed(mean: &Track, traffic: Option<&Track>) -> Option<Burden> {
    let usual = level(&mean.usual, &mean.now, 0.25)?;
    let times = |means: &[f64], requests: Option<&Vec<f64>>, less: f64| -> Vec<f64> {
        let each = means.iter().enumerate();
        each.map(|(at, mean)| {
            let of = requests.map_or(1.0, |requests| requests.get(at).copied().unwrap_or(0.0));
            known((mean - less) * of)
        })
        .collect()
    };
    let (now, before) = (traffic.map(|t| &t.now), traffic.map(|t| &t.usual));
    let known_usually = !mean.usual.is_empty();
    let whole = if known_usually {
        times(&mean.usual, before, 0.0)
    } else {
        times(&mean.now, now, 0.0)
    };
    let whole = median(&whole).unwrap_or(0.0).abs();
    let floor = match (mean.signal, known_usually) {
        // Failures are counted: the root of their number is chance. One is always possible.
        (Signal::Errors, _) if traffic.is_some() => (1.0 + whole).sqrt(),
        (Signal::Errors, _) => 0.005,
        (_, true) => LATENCY_FLOOR * whole,
        (_, false) => UNKNOWN_FLOOR * whole,
    };
    Some(Burden {
        now: times(&mean.now, now, usual),
        usual: times(&mean.usual, before, usual),
        floor: floor.max(1e-9),
    })
}

/// A sample that is not there bears nothing.
fn known(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

/// How strongly the symptom shows in each sample, from 0 to 1.
pub(crate) fn shape(symptom: &Burden) -> Vec<f64> {
    let most = symptom.now.iter().copied().fold(0.0, f64::max);
    let share = |value: &f64| {
        if most > 0.0 {
            (value / most).clamp(0.0, 1.0)
        } else {
            1.0
        }
    };
    symptom.now.iter().map(share).collect()
}

/// The part of a burden that rises and falls with the symptom: the slope of a line through the
/// samples, and through one more that shows neither. What a component always bore, or bears since
/// the usual period was recorded, is no part of it. The same slope over every window of the usual
/// period says how much of it is chance.
pub(crate) fn excess(shape: &[f64], burden: &Burden) -> Excess {
    let slope = Slope::of(shape);
    let amount = slope.over(&burden.now);
    let windows = (burden.usual.len() + 1).saturating_sub(shape.len());
    let by_chance: Vec<f64> = if windows < WINDOWS_MIN || shape.is_empty() {
        Vec::new()
    } else {
        burden
            .usual
            .windows(shape.len())
            .map(|w| slope.over(w))
            .collect()
    };
    let (center, spread) = center_and_spread(&by_chance).unwrap_or((0.0, 0.0));
    Excess {
        amount,
        deviations: (amount - center) / spread.max(burden.floor),
    }
}

struct Slope {
    weights: Vec<f64>,
    square: f64,
}

impl Slope {
    fn of(shape: &[f64]) -> Self {
        let mean = shape.iter().sum::<f64>() / (shape.len() + 1) as f64;
        let weights: Vec<f64> = shape.iter().map(|share| share - mean).collect();
        let square = weights.iter().map(|w| w * w).sum::<f64>() + mean * mean;
        Self { weights, square }
    }

    fn over(&self, burden: &[f64]) -> f64 {
        let sum: f64 = self.weights.iter().zip(burden).map(|(w, b)| w * b).sum();
        if self.square > 0.0 {
            sum / self.square
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calm(level: f64) -> Vec<f64> {
        (0..100u32)
            .map(|n| level * (1.0 + 0.01 * f64::from(n * 7 % 5)))
            .collect()
    }

    fn component(latency: Vec<f64>, usual: f64) -> Component {
        let track = |signal, stat, now: Vec<f64>, usual| Track {
            signal,
            stat,
            source: 0,
            now,
            usual,
        };
        let requests = vec![100.0; latency.len()];
        Component {
            tracks: vec![
                track(Signal::Latency, Stat::Average, latency, calm(usual)),
                track(Signal::Traffic, Stat::Sum, requests, vec![100.0; 100]),
            ],
            ..Component::default()
        }
    }

    #[test]
    fn seconds_are_counted_not_ratios() {
        let shape = [0.0, 0.0, 1.0, 1.0, 0.0];
        let slow = component(vec![0.01, 0.01, 0.11, 0.11, 0.01], 0.01);
        let found = excess(&shape, &burden(&slow, Signal::Latency).expect("measured"));
        assert!((found.amount - 10.0).abs() < 0.1, "{found:?}");
        assert!(found.belief() > 0.99, "{found:?}");
    }

    #[test]
    fn what_has_drifted_since_the_usual_period_is_no_excess() {
        let shape = [0.0, 0.0, 1.0, 1.0, 0.0];
        let drifted = component(vec![0.02; 5], 0.01);
        let drifted = excess(
            &shape,
            &burden(&drifted, Signal::Latency).expect("measured"),
        );
        let slow = component(vec![0.01, 0.01, 0.02, 0.02, 0.01], 0.01);
        let slow = excess(&shape, &burden(&slow, Signal::Latency).expect("measured"));
        assert!(drifted.amount < 0.5 * slow.amount, "{drifted:?} {slow:?}");
    }

    #[test]
    fn a_component_without_the_track_is_not_judged_by_it() {
        assert_eq!(burden(&Component::default(), Signal::Latency), None);
    }
}
