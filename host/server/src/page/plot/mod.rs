//! A small plot of one recorded range of metrics: geometry only, which a template draws as SVG.
//! Not a script and not a picture: lines, ticks and words.
//! Invariant: however many points were recorded, a plot has at most [`SERIES_MAX`] lines of at
//! most [`POINTS_MAX`] points.

mod scale;

use interlock_capabilities::read::metrics::{Matrix, RangeAsk, Series};
use interlock_gate::time::Time;
use serde::Serialize;

use super::quoted::{Foreign, Words};
use scale::{Scale, number};

/// Lines of one plot; the others are counted.
const SERIES_MAX: usize = 6;
/// Points of one line.
const POINTS_MAX: usize = 240;
/// A line is broken where this many steps bring no point.
const STEPS_MISSING_MAX: u64 = 3;

const LEFT: f64 = 46.0;
const RIGHT: f64 = 352.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 124.0;

/// What a template draws.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Plot {
    /// The expression.
    query: Words,
    /// The same in a sentence, for those who do not see it.
    aria: String,
    lines: Vec<Line>,
    /// Horizontal lines: height and label.
    levels: Vec<Tick>,
    /// Labels under the axis.
    times: Vec<Tick>,
    /// Vertical lines with a word.
    marks: Vec<Tick>,
    /// What the picture leaves out, in words.
    remarks: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Line {
    /// The path's data.
    path: String,
    /// The last point.
    end_x: String,
    end_y: String,
    labels: Foreign,
    min: String,
    max: String,
    last: String,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Tick {
    at: String,
    text: String,
    /// Where its text is anchored: `start`, `middle`, `end`.
    anchor: &'static str,
}

/// A time to be marked.
pub(crate) struct Mark {
    /// Microseconds since 1970.
    pub(crate) at: u64,
    /// One word.
    pub(crate) word: &'static str,
}

impl Plot {
    /// The plot of an answer; `None` where it holds no finite value.
    pub(crate) fn new(ask: &RangeAsk, answer: &Matrix, marks: &[Mark]) -> Option<Plot> {
        let finite = |series: &&Series| series.points.iter().any(|point| point.value.is_finite());
        let with_values: Vec<&Series> = answer.series.iter().filter(finite).collect();
        let shown = with_values.get(..SERIES_MAX).unwrap_or(&with_values);
        let points = || {
            let all = shown.iter().flat_map(|series| &series.points);
            all.filter(|point| point.value.is_finite())
        };
        let first = points().map(|point| point.at).min()?;
        let last = points().map(|point| point.at).max()?;
        let low = points()
            .map(|point| point.value)
            .fold(f64::INFINITY, f64::min);
        let high = points()
            .map(|point| point.value)
            .fold(f64::NEG_INFINITY, f64::max);
        let heights = Scale::nice(low, high);

        let asked = (ask.window.begin, ask.window.end.max(ask.window.begin));
        // Where most of the window is empty, the points alone are drawn, and the rest is said.
        let little = (last - first).saturating_mul(3) < asked.1 - asked.0;
        let (from, until) = if little {
            let room = ((last - first) / 20)
                .max(answer.step_ms.saturating_mul(1_000))
                .max(1_000_000);
            (first.saturating_sub(room), last.saturating_add(room))
        } else {
            (asked.0.min(first), asked.1.max(last))
        };
        let width = (until - from).max(1) as f64;
        let x = |at: u64| {
            LEFT + (at.saturating_sub(from) as f64 / width).clamp(0.0, 1.0) * (RIGHT - LEFT)
        };
        let y = |value: f64| BOTTOM - heights.share(value) * (BOTTOM - TOP);

        let lines: Vec<Line> = shown
            .iter()
            .map(|series| line(series, answer.step_ms, &x, &y))
            .collect();
        let mut remarks = Vec::new();
        if little {
            let empty = if first > asked.0 {
                "no values before"
            } else {
                "no values after"
            };
            let at = if first > asked.0 { first } else { last };
            remarks.push(format!(
                "asked {} to {}; {empty} {}",
                clock(asked.0),
                clock(asked.1),
                clock(at)
            ));
        }
        match with_values.len() - shown.len() {
            0 => {}
            1 => remarks.push("1 series more is not drawn".to_owned()),
            more => remarks.push(format!("{more} series more are not drawn")),
        }
        let aria = format!(
            "{} from {} to {}: lowest {}, highest {}",
            if lines.len() == 1 {
                "1 series".to_owned()
            } else {
                format!("{} series", lines.len())
            },
            clock(from),
            clock(until),
            number(low),
            number(high)
        );
        let levels = heights.ticks().into_iter().map(|value| Tick {
            at: place(y(value)),
            text: number(value),
            anchor: "end",
        });
        let marks = marks
            .iter()
            .filter(|mark| (from..=until).contains(&mark.at))
            .map(|mark| Tick {
                at: place(x(mark.at)),
                text: mark.word.to_owned(),
                anchor: if x(mark.at) > (LEFT + RIGHT) / 2.0 {
                    "end"
                } else {
                    "start"
                },
            });
        let middle = from + (until - from) / 2;
        let time = |at, anchor| Tick {
            at: place(x(at)),
            text: clock(at),
            anchor,
        };
        Some(Plot {
            query: Words::short(&ask.query, 300),
            aria,
            lines,
            levels: levels.collect(),
            times: vec![
                time(from, "start"),
                time(middle, "middle"),
                time(until, "end"),
            ],
            marks: marks.take(4).collect(),
            remarks,
        })
    }
}

fn line(series: &Series, step_ms: u64, x: &dyn Fn(u64) -> f64, y: &dyn Fn(f64) -> f64) -> Line {
    let finite: Vec<(u64, f64)> = series
        .points
        .iter()
        .filter(|point| point.value.is_finite())
        .map(|point| (point.at, point.value))
        .collect();
    let (thin, step_us) = thinned(&finite, step_ms.saturating_mul(1_000));
    let broken = step_us.saturating_mul(STEPS_MISSING_MAX).max(1);
    let mut path = String::new();
    let mut before: Option<u64> = None;
    for (at, value) in &thin {
        let joined = before.is_some_and(|before| at.saturating_sub(before) <= broken);
        // A point alone is a line of no length, which round ends make a dot.
        let command = if joined { "L" } else { "M" };
        let (px, py) = (place(x(*at)), place(y(*value)));
        path.push_str(&format!("{command}{px} {py}"));
        if !joined {
            path.push_str("h.01");
        }
        before = Some(*at);
    }
    let low = finite
        .iter()
        .map(|point| point.1)
        .fold(f64::INFINITY, f64::min);
    let high = finite
        .iter()
        .map(|point| point.1)
        .fold(f64::NEG_INFINITY, f64::max);
    let last = thin.last().copied().unwrap_or_default();
    let labels: Vec<String> = series
        .labels
        .iter()
        .map(|label| format!("{}={}", label.name, label.value))
        .collect();
    let labels = if labels.is_empty() {
        "all".to_owned()
    } else {
        labels.join(" ")
    };
    Line {
        path,
        end_x: place(x(last.0)),
        end_y: place(y(last.1)),
        labels: Foreign::short(&labels, 120),
        min: number(low),
        max: number(high),
        last: number(last.1),
    }
}

/// At most [`POINTS_MAX`] points: of each stretch of time the lowest and the highest, so that no
/// peak is lost. With the time that may pass between two of them, in microseconds.
fn thinned(points: &[(u64, f64)], step_us: u64) -> (Vec<(u64, f64)>, u64) {
    if points.len() <= POINTS_MAX {
        return (points.to_vec(), step_us);
    }
    let size = points.len().div_ceil(POINTS_MAX / 2);
    let mut thin = Vec::with_capacity(POINTS_MAX);
    for stretch in points.chunks(size) {
        let low = stretch.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let high = stretch.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        let mut ends: Vec<(u64, f64)> = low.into_iter().chain(high).copied().collect();
        ends.sort_by_key(|point| point.0);
        ends.dedup();
        thin.extend(ends);
    }
    let factor = u64::try_from(size).unwrap_or(u64::MAX);
    (thin, step_us.saturating_mul(factor))
}

fn place(at: f64) -> String {
    format!("{at:.1}")
}

fn clock(micros: u64) -> String {
    Time::from_micros(micros).map_or("?".to_owned(), |at| at.clock())
}

#[cfg(test)]
mod tests {
    use interlock_capabilities::read::{Label, Window, metrics::Point};

    use super::*;

    const START: u64 = 1_795_598_226_000_000;

    fn ask(seconds: u64) -> RangeAsk {
        RangeAsk {
            query: "up < 1".to_owned(),
            window: Window {
                begin: START,
                end: START + seconds * 1_000_000,
            },
            step_ms: 1_000,
        }
    }

    fn answer(values: &[f64]) -> Matrix {
        let points = values.iter().zip(0..).map(|(value, n)| Point {
            at: START + n * 1_000_000,
            value: *value,
        });
        Matrix {
            step_ms: 1_000,
            series: vec![Series {
                labels: vec![Label {
                    name: "server".to_owned(),
                    value: "<b>".to_owned(),
                }],
                points: points.collect(),
            }],
        }
    }

    #[test]
    fn a_plot_of_nothing_is_none() {
        assert_eq!(Plot::new(&ask(10), &answer(&[]), &[]), None);
        assert_eq!(
            Plot::new(&ask(10), &answer(&[f64::NAN, f64::INFINITY]), &[]),
            None
        );
    }

    #[test]
    fn every_point_lies_inside_and_the_axes_say_what_they_are() {
        let plot = Plot::new(&ask(4), &answer(&[0.0, 3.0, 37.0, 12.0, 12.0]), &[]).unwrap();
        assert_eq!(
            plot.lines[0].path,
            "M46.0 124.0h.01L122.5 115.6L199.0 20.4L275.5 90.4L352.0 90.4"
        );
        assert_eq!(
            (plot.lines[0].min.as_str(), plot.lines[0].max.as_str()),
            ("0", "37")
        );
        let levels: Vec<&str> = plot.levels.iter().map(|tick| tick.text.as_str()).collect();
        assert_eq!(levels, ["0", "20", "40"]);
        assert_eq!(plot.times.len(), 3);
    }

    #[test]
    fn a_hundred_thousand_points_are_few_lines_and_no_peak_is_lost() {
        let mut values = vec![1.0; 100_000];
        values[31_337] = 9_000.0;
        let plot = Plot::new(&ask(100_000), &answer(&values), &[]).unwrap();
        assert!(plot.lines[0].path.matches(['L', 'M']).count() <= POINTS_MAX);
        assert_eq!(plot.lines[0].max, "9k");
        assert!(plot.lines[0].path.len() < 8_000);
    }

    #[test]
    fn a_window_that_is_mostly_empty_says_so() {
        let plot = Plot::new(&ask(7_200), &answer(&[1.0, 2.0, 3.0]), &[]).unwrap();
        assert_eq!(plot.remarks.len(), 1);
        assert!(
            plot.remarks[0].contains("no values after"),
            "{:?}",
            plot.remarks
        );
    }

    #[test]
    fn a_line_is_broken_where_values_are_missing() {
        let values = [1.0, f64::NAN, f64::NAN, f64::NAN, f64::NAN, 2.0];
        let plot = Plot::new(&ask(5), &answer(&values), &[]).unwrap();
        assert_eq!(plot.lines[0].path.matches('M').count(), 2);
    }
}
