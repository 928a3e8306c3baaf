//! Time series: recorded answers first, then what can be computed from `metrics.csv`.

use std::collections::BTreeMap;
use std::sync::Arc;

use interlock_capabilities::call::{MetricsInstant, MetricsRange};
use interlock_capabilities::read::Window;
use interlock_capabilities::read::metrics::{
    Instant, InstantAsk, Matrix, Metrics, Point, RangeAsk, Sample, Series,
};
use interlock_capabilities::{AnswerLimit, Gap, ReadCall, Soon, Unchecked};

use super::calls::Calls;
use super::evaluate::{Known, Row, newest};
use super::query::compiled;
use super::{at_once, not_held};
use crate::Observed;

/// Most points of one series: as a live Prometheus.
const POINTS_MAX: u64 = 11_000;

/// Least bytes that one value takes in an answer's JSON.
const POINT_BYTES_MIN: u64 = 40;

/// What a recorded expression gave over a window.
struct Expression {
    window: Window,
    series: Vec<Series>,
}

pub(super) struct Kept {
    observed: Arc<Observed>,
    known: Known,
    calls: Arc<Calls>,
    expressions: BTreeMap<String, Vec<Expression>>,
}

impl Kept {
    pub(super) fn new(observed: &Arc<Observed>, now: u64, calls: Arc<Calls>) -> Kept {
        let mut expressions: BTreeMap<String, Vec<Expression>> = BTreeMap::new();
        for (ask, matrix) in calls.ranges() {
            let one = Expression {
                window: ask.window.clone(),
                series: matrix.series.clone(),
            };
            expressions.entry(ask.query.clone()).or_default().push(one);
        }
        Kept {
            observed: observed.clone(),
            known: Known::until(now),
            calls,
            expressions,
        }
    }

    /// One row a series, one value for each of `times`, which ascend.
    fn rows(&self, query: &str, times: &[u64], call: ReadCall) -> Result<Vec<Row>, Gap> {
        if let Some(rows) = self.recorded(query, times) {
            return Ok(rows);
        }
        match &self.observed.metrics {
            Some(all) => self.known.evaluate(&*compiled(query)?, all, times),
            None => Err(not_held(call)),
        }
    }

    /// From what this very expression gave over a window that holds all of `times`.
    fn recorded(&self, query: &str, times: &[u64]) -> Option<Vec<Row>> {
        let (first, last) = (times.first()?, times.last()?);
        let held = |one: &&Expression| one.window.begin <= *first && *last <= one.window.end;
        let one = self.expressions.get(query)?.iter().find(held)?;
        let rows = one.series.iter().map(|series| Row {
            labels: series.labels.clone(),
            values: times.iter().map(|at| newest(&series.points, *at)).collect(),
        });
        let some = |row: &Row| row.values.iter().any(Option::is_some);
        Some(rows.filter(some).collect())
    }

    fn instant_answer(&self, ask: &InstantAsk) -> Result<Instant, Gap> {
        if let Some(recorded) = self.calls.find::<MetricsInstant>(ask) {
            return recorded;
        }
        // Prometheus knows milliseconds.
        let at = ask.at - ask.at % 1000;
        let rows = self.rows(&ask.query, &[at], ReadCall::MetricsInstant)?;
        let samples = rows.into_iter().filter_map(|row| {
            let value = row.values.first().copied().flatten()?;
            Some(Sample {
                labels: row.labels,
                at,
                value,
            })
        });
        Ok(Instant {
            samples: samples.collect(),
        })
    }

    fn range_answer(&self, ask: &RangeAsk, limit: AnswerLimit) -> Result<Matrix, Gap> {
        if let Some(recorded) = self.calls.find::<MetricsRange>(ask) {
            return recorded;
        }
        let times = times(&ask.window, ask.step_ms)?;
        let rows = self.rows(&ask.query, &times, ReadCall::MetricsRange)?;
        let values = rows.iter().flat_map(|row| &row.values).flatten().count();
        if values as u64 * POINT_BYTES_MIN > limit.bytes_max {
            let most = limit.bytes_max;
            return Err(Gap::TooLarge(format!("the answer is over {most} bytes")));
        }
        let series = rows.into_iter().map(|row| Series {
            labels: row.labels,
            points: times
                .iter()
                .zip(row.values)
                .filter_map(|(at, value)| value.map(|value| Point { at: *at, value }))
                .collect(),
        });
        Ok(Matrix {
            step_ms: ask.step_ms,
            series: series.collect(),
        })
    }
}

impl Metrics for Kept {
    fn instant(
        &self,
        ask: InstantAsk,
        _limit: AnswerLimit,
    ) -> Soon<'static, Result<Instant, Unchecked>> {
        at_once(self.instant_answer(&ask))
    }

    fn range(&self, ask: RangeAsk, limit: AnswerLimit) -> Soon<'static, Result<Matrix, Unchecked>> {
        at_once(self.range_answer(&ask, limit))
    }
}

/// The moments of a range in microseconds: from its begin in whole milliseconds, its end left out.
fn times(window: &Window, step_ms: u64) -> Result<Vec<u64>, Gap> {
    let refused = |why: String| Err(Gap::Refused(why));
    if step_ms == 0 {
        return refused("the step between two points is 0".to_owned());
    }
    let (first, end) = (window.begin.div_ceil(1000), window.end.div_ceil(1000));
    let Some(span) = end.checked_sub(first).filter(|span| *span > 0) else {
        return refused("the window ends before it begins".to_owned());
    };
    let points = (span - 1) / step_ms + 1;
    if points > POINTS_MAX {
        return refused(format!("{points} points; {POINTS_MAX} is the most"));
    }
    let moment = |index: u64| (first + index * step_ms).saturating_mul(1000);
    Ok((0..points).map(moment).collect())
}
