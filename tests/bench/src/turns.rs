//! Two sides in turn, in one loop, and what their times say.

use std::fmt;
use std::time::{Duration, Instant};

use crate::error::BenchError;
use crate::spread::Spread;

/// What is measured against what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    /// What a round is, for readers.
    pub(crate) about: &'static str,
    /// A short name of our side.
    pub(crate) ours: &'static str,
    /// A short name of what it is measured against.
    pub(crate) baseline: &'static str,
    /// The highest ratio of the medians that passes.
    pub(crate) limit: f64,
    /// Rounds that are run first and not counted.
    pub(crate) warm_up: usize,
    /// Rounds that count; each runs both sides once.
    pub(crate) rounds: usize,
}

/// A figure with its times.
#[derive(Debug)]
pub(crate) struct Measured {
    figure: Figure,
    ours: Vec<Duration>,
    baseline: Vec<Duration>,
    load: Option<String>,
}

impl Figure {
    /// Runs both sides, round by round. Which of them goes first alternates too, so that neither
    /// always finds the caches as the other left them.
    pub(crate) async fn measure(
        self,
        mut ours: impl AsyncFnMut() -> Result<(), BenchError>,
        mut baseline: impl AsyncFnMut() -> Result<(), BenchError>,
    ) -> Result<Measured, BenchError> {
        self.measure_told(
            async || timed(&mut ours).await,
            async || timed(&mut baseline).await,
        )
        .await
    }

    /// As [`Figure::measure`], of sides that say themselves what a round took: the time of one call
    /// where a round is many at once.
    pub(crate) async fn measure_told(
        self,
        mut ours: impl AsyncFnMut() -> Result<Duration, BenchError>,
        mut baseline: impl AsyncFnMut() -> Result<Duration, BenchError>,
    ) -> Result<Measured, BenchError> {
        let mut measured = Measured {
            figure: self,
            ours: Vec::with_capacity(self.rounds),
            baseline: Vec::with_capacity(self.rounds),
            load: None,
        };
        for round in 0..self.warm_up + self.rounds {
            let (our_time, base_time) = if round % 2 == 0 {
                let our_time = ours().await?;
                (our_time, baseline().await?)
            } else {
                let base_time = baseline().await?;
                (ours().await?, base_time)
            };
            if round >= self.warm_up {
                measured.ours.push(our_time);
                measured.baseline.push(base_time);
            }
        }
        measured.load = load();
        Ok(measured)
    }
}

async fn timed(
    side: &mut impl AsyncFnMut() -> Result<(), BenchError>,
) -> Result<Duration, BenchError> {
    let began = Instant::now();
    side().await?;
    Ok(began.elapsed())
}

/// The machine's load over the last minute, where the system says it.
fn load() -> Option<String> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    text.split_whitespace().next().map(str::to_owned)
}

impl Measured {
    /// Our median over the baseline's.
    fn ratio(&self) -> f64 {
        micros(&self.ours).median / micros(&self.baseline).median
    }

    /// Whether it does not pass; a ratio that is no number does not.
    pub(crate) fn is_over(&self) -> bool {
        !matches!(
            self.ratio().partial_cmp(&self.figure.limit),
            Some(std::cmp::Ordering::Less | std::cmp::Ordering::Equal)
        )
    }

    fn rows(&self) -> [(&'static str, [String; 3]); 3] {
        let times = |spread: Spread| [spread.p10, spread.median, spread.p90].map(time);
        let pairs = self.ours.iter().zip(&self.baseline);
        let ratios = Spread::of(
            pairs
                .map(|(ours, base)| ours.as_secs_f64() / base.as_secs_f64())
                .collect(),
        );
        let ratios = [ratios.p10, ratios.median, ratios.p90].map(|ratio| format!("{ratio:.3}"));
        [
            (self.figure.ours, times(micros(&self.ours))),
            (self.figure.baseline, times(micros(&self.baseline))),
            ("ratio of each round", ratios),
        ]
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figure = &self.figure;
        writeln!(f, "{}: {}", figure.name, figure.about)?;
        let rows = self.rows();
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
        writeln!(
            f,
            "  {:width$} {:>12} {:>12} {:>12}",
            "", "p10", "median", "p90"
        )?;
        for (name, [p10, median, p90]) in rows {
            writeln!(f, "  {name:width$} {p10:>12} {median:>12} {p90:>12}")?;
        }
        write!(
            f,
            "  {} rounds in turn, after {} to warm up",
            figure.rounds, figure.warm_up
        )?;
        if let Some(load) = &self.load {
            write!(f, "; load {load} at the end")?;
        }
        let (name, ratio, limit) = (figure.name, self.ratio(), figure.limit);
        writeln!(f, "\n{name} ratio={ratio:.3} limit={limit}")
    }
}

fn micros(times: &[Duration]) -> Spread {
    Spread::of(times.iter().map(|time| time.as_secs_f64() * 1e6).collect())
}

/// A time of so many microseconds, in the unit that shows it best.
fn time(micros: f64) -> String {
    if micros < 1_000.0 {
        format!("{micros:.1} µs")
    } else if micros < 1_000_000.0 {
        format!("{:.2} ms", micros / 1_000.0)
    } else {
        format!("{:.2} s", micros / 1_000_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(limit: f64) -> Figure {
        Figure {
            name: "speed",
            about: "a walk; against a ride",
            ours: "walk",
            baseline: "ride",
            limit,
            warm_up: 1,
            rounds: 3,
        }
    }

    fn measured(limit: f64, ours: [u64; 3], baseline: [u64; 3]) -> Measured {
        Measured {
            figure: figure(limit),
            ours: ours.map(Duration::from_micros).to_vec(),
            baseline: baseline.map(Duration::from_micros).to_vec(),
            load: Some("0.50".into()),
        }
    }

    #[test]
    fn a_ratio_is_of_the_medians_and_equal_to_its_limit_passes() {
        let measured = measured(1.5, [300, 100_000, 150], [200, 1, 900]);
        assert_eq!(measured.ratio(), 1.5);
        assert!(!measured.is_over());
    }

    #[test]
    fn a_ratio_above_its_limit_or_without_rounds_does_not_pass() {
        assert!(measured(1.5, [301, 301, 301], [200, 200, 200]).is_over());
        let mut none = measured(1.5, [1; 3], [1; 3]);
        none.ours.clear();
        none.baseline.clear();
        assert!(none.is_over());
    }

    #[test]
    fn the_last_line_is_for_programs_and_stands_alone() {
        let text = measured(1.5, [2_000, 2_100, 2_200], [1_000, 2_000, 4_000]).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.last(), Some(&"speed ratio=1.050 limit=1.5"));
        assert!(
            lines[2].ends_with("2.00 ms      2.10 ms      2.20 ms"),
            "{text}"
        );
    }

    #[tokio::test]
    async fn the_sides_alternate_and_warm_up_rounds_are_not_counted() {
        let order = std::cell::RefCell::new(String::new());
        let measured = figure(1.0)
            .measure(
                async || {
                    order.borrow_mut().push('o');
                    Ok(())
                },
                async || {
                    order.borrow_mut().push('b');
                    Ok(())
                },
            )
            .await
            .unwrap();
        assert_eq!(order.into_inner(), "obboobbo");
        assert_eq!((measured.ours.len(), measured.baseline.len()), (3, 3));
    }
}
