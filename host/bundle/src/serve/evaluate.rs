//! Evaluates an expression over series in memory, at one moment or at many.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use interlock_capabilities::Gap;
use interlock_capabilities::read::Label;
use interlock_capabilities::read::metrics::{Point, Series};

use super::query::{By, Group, Query, Selector};
use crate::series::NAME;

/// How far back the newest value of a series may be: Prometheus' own.
pub(super) const LOOK_BACK_US: u64 = 300_000_000;

/// Most values of one evaluation.
const CELLS_MAX: usize = 5_000_000;

/// Selectors whose series a bundle keeps.
const KEPT_MAX: usize = 1024;

/// One series of an answer: a value, or none, for each moment.
pub(super) struct Row {
    pub(super) labels: Vec<Label>,
    pub(super) values: Vec<Option<f64>>,
}

/// What a bundle's series say up to the run's time, and which of them each selector means.
pub(super) struct Known {
    /// Later values were not there yet, whatever moment is asked about.
    now: u64,
    selected: Mutex<HashMap<u64, Arc<[u32]>>>,
}

impl Known {
    pub(super) fn until(now: u64) -> Known {
        Known {
            now,
            selected: Mutex::default(),
        }
    }

    fn select(&self, selector: &Selector, all: &[Series]) -> Arc<[u32]> {
        let kept = || self.selected.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept().get(&selector.id) {
            return known.clone();
        }
        let metric = selector.metric();
        let found = all.iter().zip(0_u32..).filter_map(|(series, index)| {
            let name = metric.is_none_or(|metric| {
                let mut labels = series.labels.iter();
                labels.any(|label| label.name == NAME && label.value == metric)
            });
            (name && selector.matches(&series.labels)).then_some(index)
        });
        let found: Arc<[u32]> = found.collect();
        let mut kept = kept();
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        kept.insert(selector.id, found.clone());
        found
    }

    /// The rows of an expression at `times`, which ascend; rows without any value are left out.
    pub(super) fn evaluate(
        &self,
        query: &Query,
        all: &[Series],
        times: &[u64],
    ) -> Result<Vec<Row>, Gap> {
        match query {
            Query::Select(selector) => {
                self.rows(selector, all, times, &|labels| labels, |s, at| {
                    newest(until(&s.points, self.now), at)
                })
            }
            Query::Over {
                function,
                selector,
                range_us,
            } => {
                let keep = function.keeps_the_name();
                let labels = move |labels| if keep { labels } else { unnamed(labels) };
                self.rows(selector, all, times, &labels, |series, at| {
                    let begin = at.saturating_sub(*range_us);
                    let points = between(until(&series.points, self.now), begin, at);
                    function.of(points, begin, at)
                })
            }
            Query::Group { how, by, inner } => Ok(grouped(
                *how,
                by,
                self.evaluate(inner, all, times)?,
                times.len(),
            )),
        }
    }

    fn rows(
        &self,
        selector: &Selector,
        all: &[Series],
        times: &[u64],
        labels: &dyn Fn(Vec<Label>) -> Vec<Label>,
        value: impl Fn(&Series, u64) -> Option<f64>,
    ) -> Result<Vec<Row>, Gap> {
        let found = self.select(selector, all);
        if found.len().saturating_mul(times.len()) > CELLS_MAX {
            return Err(Gap::TooLarge(format!(
                "the answer would hold more than {CELLS_MAX} values"
            )));
        }
        let mut rows = Vec::with_capacity(found.len());
        for index in found.iter() {
            let Some(series) = all.get(*index as usize) else {
                continue;
            };
            let at = |time: &u64| value(series, time.saturating_add_signed(-selector.offset_us));
            let values: Vec<Option<f64>> = times.iter().map(at).collect();
            if values.iter().any(Option::is_some) {
                rows.push(Row {
                    labels: labels(series.labels.clone()),
                    values,
                });
            }
        }
        Ok(rows)
    }
}

fn unnamed(mut labels: Vec<Label>) -> Vec<Label> {
    labels.retain(|label| label.name != NAME);
    labels
}

/// The points up to `end`.
fn until(points: &[Point], end: u64) -> &[Point] {
    let count = points.partition_point(|point| point.at <= end);
    points.get(..count).unwrap_or_default()
}

/// The points within `begin..=end`.
fn between(points: &[Point], begin: u64, end: u64) -> &[Point] {
    let from = points.partition_point(|point| point.at < begin);
    until(points, end).get(from..).unwrap_or_default()
}

/// The newest value at `at`, if it is not too old.
pub(super) fn newest(points: &[Point], at: u64) -> Option<f64> {
    let last = until(points, at).last()?;
    (at - last.at <= LOOK_BACK_US).then_some(last.value)
}

fn grouped(how: Group, by: &By, rows: Vec<Row>, moments: usize) -> Vec<Row> {
    type Key = Vec<(String, String)>;
    let mut groups: BTreeMap<Key, Vec<(u32, f64)>> = BTreeMap::new();
    for row in rows {
        let kept = row.labels.into_iter().filter(|label| match by {
            By::Only(names) => names.contains(&label.name),
            By::Without(names) => label.name != NAME && !names.contains(&label.name),
        });
        let key = kept.map(|label| (label.name, label.value)).collect();
        let group = groups.entry(key).or_insert_with(|| vec![(0, 0.0); moments]);
        for (cell, value) in group.iter_mut().zip(&row.values) {
            if let Some(value) = value {
                *cell = joined(how, *cell, *value);
            }
        }
    }
    let rows = groups.into_iter().map(|(key, cells)| {
        let labels = key.into_iter().map(|(name, value)| Label { name, value });
        let values = cells.into_iter().map(|(count, value)| match (count, how) {
            (0, _) => None,
            (count, Group::Avg) => Some(value / f64::from(count)),
            (count, Group::Count) => Some(f64::from(count)),
            (_, Group::Sum | Group::Max | Group::Min) => Some(value),
        });
        Row {
            labels: labels.collect(),
            values: values.collect(),
        }
    });
    rows.collect()
}

fn joined(how: Group, (count, so_far): (u32, f64), value: f64) -> (u32, f64) {
    let joined = match how {
        _first if count == 0 => value,
        Group::Sum | Group::Avg | Group::Count => so_far + value,
        Group::Max if value > so_far || so_far.is_nan() => value,
        Group::Min if value < so_far || so_far.is_nan() => value,
        Group::Max | Group::Min => so_far,
    };
    (count.saturating_add(1), joined)
}
