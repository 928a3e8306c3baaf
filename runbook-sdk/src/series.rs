//! What a range of a metric says. Every answer here may be nothing: a series
//! that is not there says nothing about the system.

use crate::time::Time;
use crate::wire::{Instant, Label, Matrix, Point, Sample, Series};

/// The value of a label.
pub fn label<'a>(labels: &'a [Label], name: &str) -> Option<&'a str> {
    labels
        .iter()
        .find(|label| label.name == name)
        .map(|label| label.value.as_str())
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.retain(|value| !value.is_nan());
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

impl Series {
    /// The newest value.
    pub fn last(&self) -> Option<f64> {
        self.points
            .iter()
            .rev()
            .map(|point| point.value)
            .find(|value| !value.is_nan())
    }

    /// The oldest value.
    pub fn first(&self) -> Option<f64> {
        self.points
            .iter()
            .map(|point| point.value)
            .find(|value| !value.is_nan())
    }

    /// The value in the middle.
    pub fn median(&self) -> Option<f64> {
        median(self.points.iter().map(|point| point.value).collect())
    }

    /// The middle value of the points from `begin` (inclusive) until `end`.
    pub fn median_between(&self, begin: Time, end: Time) -> Option<f64> {
        let inside = |point: &&Point| (begin.micros()..end.micros()).contains(&point.at);
        median(
            self.points
                .iter()
                .filter(inside)
                .map(|point| point.value)
                .collect(),
        )
    }

    /// The largest value.
    pub fn max(&self) -> Option<f64> {
        let values = self.points.iter().map(|point| point.value);
        values
            .filter(|value| !value.is_nan())
            .max_by(f64::total_cmp)
    }

    /// When the newest point was.
    pub fn newest(&self) -> Option<Time> {
        self.points.last().map(|point| Time::from_micros(point.at))
    }

    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        label(&self.labels, name)
    }
}

impl Matrix {
    /// The one series of a query that adds everything up; nothing where there
    /// is none, or where there are several and none can speak for all.
    pub fn only(&self) -> Option<&Series> {
        match self.series.as_slice() {
            [series] => Some(series),
            _ => None,
        }
    }

    /// The newest value of the one series.
    pub fn last(&self) -> Option<f64> {
        self.only()?.last()
    }

    /// The middle value of the one series.
    pub fn median(&self) -> Option<f64> {
        self.only()?.median()
    }
}

impl Sample {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        label(&self.labels, name)
    }

    /// When it was taken.
    pub fn taken(&self) -> Time {
        Time::from_micros(self.at)
    }
}

impl Instant {
    /// The one sample's value; nothing where there is none, or several.
    pub fn value(&self) -> Option<f64> {
        match self.samples.as_slice() {
            [sample] if !sample.value.is_nan() => Some(sample.value),
            _ => None,
        }
    }
}
