//! From answers to a scene: names become places, points become grids.

use std::collections::BTreeMap;
use std::time::Duration;

use interlock_sdk::Window;
use interlock_sdk::wire::{Matrix, Series};

use crate::facts::{Facts, Measured};
use crate::scene::{Component, Mark, MarkKind, Scene, Signal, Symptom, Track};

/// Most points of a grid: what a window of any length comes to is bounded.
const GRID_MAX: u128 = 4096;
/// The one metric of which less is worse.
const AVAILABILITY: &str = "availability_ratio";

/// A scene, and where its tracks came from.
pub(crate) struct View {
    pub(crate) scene: Scene,
    /// By component: each of its tracks.
    pub(crate) origins: Vec<Vec<Origin>>,
    /// Whether anything is known of a usual period.
    pub(crate) usual_known: bool,
}

/// Where a track came from: the place in [`Facts::measured`], and of the series in each answer.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) measured: usize,
    pub(crate) now: usize,
    pub(crate) usual: Option<usize>,
}

impl View {
    /// Nothing where there is no topology.
    pub(crate) fn of(facts: &Facts) -> Option<Self> {
        let services = &facts.topology.as_ref().ok()?.services;
        let places: BTreeMap<&str, usize> = services
            .iter()
            .enumerate()
            .map(|(at, service)| (service.name.as_str(), at))
            .collect();
        let mut components: Vec<Component> = services
            .iter()
            .map(|service| Component {
                calls: service
                    .depends_on
                    .iter()
                    .filter_map(|name| places.get(name.as_str()).copied())
                    .collect(),
                ..Component::default()
            })
            .collect();
        let mut origins = vec![Vec::new(); components.len()];
        let usual_known = facts.measured.iter().any(|measured| {
            let usual = measured.usual.as_ref();
            usual.is_ok_and(|usual| usual.series.iter().any(|series| !series.points.is_empty()))
        });
        for (at, measured) in facts.measured.iter().enumerate() {
            for (origin, place, track) in tracks(facts, at, measured, &places, usual_known) {
                components[place].tracks.push(track);
                origins[place].push(origin);
            }
        }
        if let Ok(changes) = &facts.changes {
            for (source, change) in changes.changes.iter().enumerate() {
                let place = change.service.as_deref().and_then(|name| places.get(name));
                if let Some(&place) = place {
                    components[place].marks.push(Mark {
                        kind: MarkKind::Change,
                        source,
                        surprise: 1.0,
                    });
                }
            }
        }
        let symptom = facts.service.as_deref().and_then(|name| places.get(name));
        let mut scene = Scene {
            components,
            symptom: symptom.map(|&component| Symptom {
                component,
                signal: facts.signal,
            }),
            ..Scene::default()
        };
        let periods = (facts.window, facts.usual, facts.step);
        facts.own.add(&mut scene, &places, periods);
        Some(Self {
            scene,
            origins,
            usual_known,
        })
    }
}

fn tracks<'a>(
    facts: &'a Facts,
    at: usize,
    measured: &'a Measured,
    places: &'a BTreeMap<&str, usize>,
    usual_known: bool,
) -> Vec<(Origin, usize, Track)> {
    let Ok(now) = &measured.now else {
        return Vec::new();
    };
    let usually: BTreeMap<Vec<(&str, &str)>, usize> = measured
        .usual
        .iter()
        .flat_map(|usual| usual.series.iter().enumerate())
        .map(|(index, series)| (named(series), index))
        .collect();
    let mut made = Vec::new();
    for (index, series) in now.series.iter().enumerate() {
        let place = series.label("service").and_then(|name| places.get(name));
        let Some(&place) = place else { continue };
        let usual = usually.get(&named(series)).copied();
        let good = measured.signal == Signal::Errors
            && series
                .label("__name__")
                .is_some_and(|name| name == AVAILABILITY);
        let failed = |values: Vec<f64>| -> Vec<f64> {
            if good {
                values.into_iter().map(|value| 1.0 - value).collect()
            } else {
                values
            }
        };
        let before = measured.usual.as_ref().ok().filter(|_| usual_known);
        let before = before.map_or_else(Vec::new, |matrix| {
            grid(series_at(matrix, usual), facts.usual, facts.step)
        });
        made.push((
            Origin {
                measured: at,
                now: index,
                usual,
            },
            place,
            Track {
                signal: measured.signal,
                stat: measured.stat,
                source: at,
                now: failed(grid(Some(series), facts.window, facts.step)),
                usual: failed(before),
            },
        ));
    }
    made
}

fn series_at(matrix: &Matrix, at: Option<usize>) -> Option<&Series> {
    matrix.series.get(at?)
}

/// Its labels, in order: how one series is found again in another answer.
pub(crate) fn named(series: &Series) -> Vec<(&str, &str)> {
    let labels = series.labels.iter();
    let mut labels: Vec<_> = labels
        .map(|l| (l.name.as_str(), l.value.as_str()))
        .collect();
    labels.sort_unstable();
    labels
}

/// One place a step; NaN where no point is.
pub(crate) fn grid(series: Option<&Series>, window: Window, step: Duration) -> Vec<f64> {
    let step = step.as_micros().max(1);
    let places = window.length().as_micros().div_ceil(step).min(GRID_MAX);
    let mut grid = vec![f64::NAN; usize::try_from(places).unwrap_or(0)];
    for point in series.iter().flat_map(|series| &series.points) {
        let Some(after) = point.at.checked_sub(window.begin.micros()) else {
            continue;
        };
        let place = usize::try_from(u128::from(after) / step).ok();
        if let Some(cell) = place.and_then(|place| grid.get_mut(place)) {
            *cell = point.value;
        }
    }
    grid
}
