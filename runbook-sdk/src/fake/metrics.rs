//! Fake time series: a query is answered by the first one whose words it has.

use crate::fake::clock::span;
use crate::time::Time;
use crate::wire::{Gap, Instant, Label, Matrix, Point, Sample, Series, Window};

/// Time series, as a test describes them. A query that nothing was said of is
/// answered as Prometheus answers it: with nothing.
#[derive(Debug, Clone)]
pub struct FakeMetrics {
    now: Time,
    told: Vec<(String, Told)>,
    gap: Option<Gap>,
}

/// Moments and values.
type Course = Vec<(Time, f64)>;

#[derive(Debug, Clone)]
enum Told {
    /// Labels and values, all now.
    Now(Vec<(Vec<Label>, f64)>),
    /// Moments and values, straight lines between them.
    Line(Course),
    /// Such lines, each with its labels.
    Lines(Vec<(Vec<Label>, Course)>),
    Gap(Gap),
}

impl FakeMetrics {
    pub(crate) fn new(now: Time) -> Self {
        Self {
            now,
            told: Vec::new(),
            gap: None,
        }
    }

    /// A query that contains `words` has this value now.
    pub fn value(mut self, words: &str, value: f64) -> Self {
        self.told
            .push((words.to_owned(), Told::Now(vec![(Vec::new(), value)])));
        self
    }

    /// A query that contains `words` has these values now, by one label.
    pub fn values_by(mut self, words: &str, label: &str, values: &[(&str, f64)]) -> Self {
        let of = |(name, value): &(&str, f64)| {
            (
                vec![Label {
                    name: label.to_owned(),
                    value: (*name).to_owned(),
                }],
                *value,
            )
        };
        self.told
            .push((words.to_owned(), Told::Now(values.iter().map(of).collect())));
        self
    }

    /// A query that contains `words` had these values, each that long ago, and
    /// went in straight lines between them.
    pub fn line(mut self, words: &str, points: &[(&str, f64)]) -> Self {
        let of = |(age, value): &(&str, f64)| (self.now - span(age), *value);
        let mut points: Vec<(Time, f64)> = points.iter().map(of).collect();
        points.sort_by_key(|(at, _)| *at);
        self.told.push((words.to_owned(), Told::Line(points)));
        self
    }

    /// A query that contains `words` has one more series: its labels, and values as in
    /// [`line`](Self::line).
    pub fn series(mut self, words: &str, labels: &[(&str, &str)], points: &[(&str, f64)]) -> Self {
        let label = |(name, value): &(&str, &str)| Label {
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        };
        let labels = labels.iter().map(label).collect();
        let of = |(age, value): &(&str, f64)| (self.now - span(age), *value);
        let mut points: Vec<(Time, f64)> = points.iter().map(of).collect();
        points.sort_by_key(|(at, _)| *at);
        let lines = self.told.iter_mut().find_map(|(told, what)| match what {
            Told::Lines(lines) if told == words => Some(lines),
            _ => None,
        });
        match lines {
            Some(lines) => lines.push((labels, points)),
            None => {
                let lines = Told::Lines(vec![(labels, points)]);
                self.told.push((words.to_owned(), lines));
            }
        }
        self
    }

    /// A query that contains `words` is not answered.
    pub fn no_answer(mut self, words: &str, gap: Gap) -> Self {
        self.told.push((words.to_owned(), Told::Gap(gap)));
        self
    }

    /// Nothing is answered.
    pub fn unreachable(mut self, why: &str) -> Self {
        self.gap = Some(Gap::Unreachable(why.to_owned()));
        self
    }

    fn told(&self, query: &str) -> Result<Option<&Told>, Gap> {
        if let Some(gap) = &self.gap {
            return Err(gap.clone());
        }
        let told = self
            .told
            .iter()
            .find(|(words, _)| query.contains(words.as_str()));
        match told.map(|(_, told)| told) {
            Some(Told::Gap(gap)) => Err(gap.clone()),
            told => Ok(told),
        }
    }

    pub(crate) fn instant(&self, query: &str) -> Result<Instant, Gap> {
        let at = self.now.micros();
        let sample = |labels: &[Label], value| Sample {
            labels: labels.to_vec(),
            at,
            value,
        };
        let samples = match self.told(query)? {
            Some(Told::Now(values)) => values
                .iter()
                .map(|(labels, value)| sample(labels, *value))
                .collect(),
            Some(Told::Line(points)) => on_line(points, self.now)
                .map(|value| sample(&[], value))
                .into_iter()
                .collect(),
            _ => Vec::new(),
        };
        Ok(Instant { samples })
    }

    pub(crate) fn range(&self, query: &str, window: Window, step_ms: u64) -> Result<Matrix, Gap> {
        let step = step_ms.max(1).saturating_mul(1_000);
        let moments = || {
            let next = move |at: &u64| at.checked_add(step).filter(|at| *at <= window.end);
            std::iter::successors(Some(window.begin), next)
        };
        let series = match self.told(query)? {
            Some(Told::Now(values)) => values
                .iter()
                .map(|(labels, value)| Series {
                    labels: labels.clone(),
                    points: moments().map(|at| Point { at, value: *value }).collect(),
                })
                .collect(),
            Some(Told::Lines(lines)) => lines
                .iter()
                .map(|(labels, line)| Series {
                    labels: labels.clone(),
                    points: moments()
                        .filter_map(|at| {
                            let value = on_line(line, Time::from_micros(at))?;
                            Some(Point { at, value })
                        })
                        .collect(),
                })
                .collect(),
            Some(Told::Line(line)) => {
                let point =
                    |at| on_line(line, Time::from_micros(at)).map(|value| Point { at, value });
                let points: Vec<Point> = moments().filter_map(point).collect();
                let series = Series {
                    labels: Vec::new(),
                    points,
                };
                if series.points.is_empty() {
                    Vec::new()
                } else {
                    vec![series]
                }
            }
            _ => Vec::new(),
        };
        Ok(Matrix { step_ms, series })
    }
}

/// Nothing before the first point; the last value goes on.
fn on_line(points: &[(Time, f64)], at: Time) -> Option<f64> {
    let after = points.iter().position(|(moment, _)| *moment > at);
    match after {
        Some(0) => None,
        None => points.last().map(|(_, value)| *value),
        Some(next) => {
            let ((t0, v0), (t1, v1)) = (points[next - 1], points[next]);
            let share = at.since(t0).as_secs_f64() / t1.since(t0).as_secs_f64();
            Some(v0 + (v1 - v0) * share)
        }
    }
}
