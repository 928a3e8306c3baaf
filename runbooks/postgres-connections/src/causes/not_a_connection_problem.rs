//! The server has slots. The alert, its threshold or its metrics are wrong.

use std::time::Duration;

use interlock_sdk::wire::{Instant, LogLines};
use interlock_sdk::{Answer, Found, Report};

use crate::Cause;
use crate::causes::{Case, Judged};
use crate::facts::Facts;
use crate::view::View;

/// A sample older than this proves nothing about now.
const SAMPLE_AGE_MAX: f64 = 120.0;
/// Refusals this recent are refusals now.
const NOW: Duration = Duration::from_secs(120);

/// What is wrong with the alert.
enum Wrong {
    /// The exporter's newest sample is old, in seconds.
    Old(f64),
    /// Nothing is scraped any more, or never was.
    Missing,
    /// The exporter does not reach the server, or did not when it last tried.
    Down,
    /// It counts more than the sessions that hold slots.
    Counts { counted: f64 },
    /// The metrics agree with the server, now and before: the threshold is low.
    Threshold { most: f64 },
    /// The metrics could not be asked.
    NotTold,
}

/// The free slots, and what the alert was made of.
pub struct NotAProblem<'v, 'f> {
    view: &'v View<'f>,
    wrong: Wrong,
}

/// Judges the view.
pub fn judge<'v, 'f: 'v>(view: &'v View<'f>) -> Judged<'v> {
    if view.is_pressed() {
        return Judged::excluded(view.sessions, format!("{} in use", view.slots_in_use()));
    }
    if !view.has_slots() {
        let unseen = view.unseen.len();
        return Judged::Open(format!(
            "{unseen} sessions may hold slots, which is not told"
        ));
    }
    let facts = view.facts;
    if let Ok(lines) = &facts.refusals
        && refused_now(lines, facts) > 0
    {
        let says = format!(
            "{} connections refused within 2m",
            refused_now(lines, facts)
        );
        return Judged::excluded(lines, says);
    }
    let wrong = wrong(view);
    if let Wrong::Threshold { most } = wrong
        && most * 100.0 >= view.slots as f64 * 90.0
    {
        return Judged::Open(format!(
            "the server has slots now, and had none when {most:.0} sessions were counted: it has \
             passed"
        ));
    }
    Judged::Speaks(Box::new(NotAProblem { view, wrong }))
}

/// Lines without a time might be of any time: they are not counted as now.
pub(crate) fn refused_now(lines: &Answer<LogLines>, facts: &Facts) -> usize {
    let recent = |at: Option<u64>| at.is_some_and(|at| at >= (facts.now - NOW).micros());
    lines.items().filter(|line| recent(line.at)).len()
}

fn wrong(view: &View<'_>) -> Wrong {
    let facts = view.facts;
    let (Ok(age), Ok(up)) = (&facts.metrics.age, &facts.metrics.up) else {
        return Wrong::NotTold;
    };
    let value = |instant: &Answer<Instant>| facts.value(instant);
    match value(age) {
        None if age.is_empty() => return Wrong::Missing,
        None => return Wrong::NotTold,
        Some(seconds) if seconds > SAMPLE_AGE_MAX => return Wrong::Old(seconds),
        Some(_) => {}
    }
    if value(up) == Some(0.0) {
        return Wrong::Down;
    }
    let Ok(counted) = &facts.metrics.counted else {
        return Wrong::NotTold;
    };
    let Some(series) = facts.series(counted) else {
        return if counted.is_empty() {
            Wrong::Missing
        } else {
            Wrong::NotTold
        };
    };
    // The newest point of a range may be a whole step old.
    let age_max = SAMPLE_AGE_MAX + 2.0 * (counted.step_ms as f64 / 1_000.0);
    let age = series
        .newest()
        .map(|newest| facts.now.since(newest).as_secs_f64());
    if let Some(seconds) = age.filter(|seconds| *seconds > age_max) {
        return Wrong::Old(seconds);
    }
    let (Some(last), Some(most)) = (series.last(), series.max()) else {
        return Wrong::Missing;
    };
    if last * 100.0 >= view.slots as f64 * 80.0 {
        return Wrong::Counts { counted: last };
    }
    Wrong::Threshold { most }
}

impl NotAProblem<'_, '_> {
    fn says(&self) -> String {
        match self.wrong {
            Wrong::Old(seconds) => format!("the exporter's newest sample is {seconds:.0} s old"),
            Wrong::Missing => "the exporter's metrics are missing".to_owned(),
            Wrong::Down => "the exporter does not reach the server".to_owned(),
            Wrong::Counts { counted } => format!(
                "the metrics count {counted:.0}, which is not what holds the {} slots",
                self.view.slots
            ),
            Wrong::Threshold { most } => {
                format!("the metrics agree, {most:.0} at the most: the alert's threshold is wrong")
            }
            Wrong::NotTold => "what the alert was made of could not be read".to_owned(),
        }
    }
}

impl Case for NotAProblem<'_, '_> {
    fn cause(&self) -> Cause {
        Cause::NotAConnectionProblem
    }

    fn explains(&self) -> usize {
        self.view.slots.saturating_sub(self.view.used())
    }

    fn headline(&self) -> String {
        self.says()
    }

    fn is_certain(&self) -> bool {
        match self.wrong {
            Wrong::Old(_) | Wrong::Missing | Wrong::Down | Wrong::Counts { .. } => true,
            Wrong::Threshold { .. } | Wrong::NotTold => false,
        }
    }

    fn tell(&self, report: &mut Report) {
        let (view, facts) = (self.view, self.view.facts);
        let metrics = &facts.metrics;
        let mut hypothesis = report
            .hypothesis(self.cause())
            .path("the alert was raised by something else than slots that are in use")
            .supports(view.sessions, format!("{} in use", view.slots_in_use()))
            .supports(view.settings, format!("{} ordinary slots", view.slots));
        hypothesis = match (&self.wrong, &metrics.age, &metrics.up, &metrics.counted) {
            (Wrong::Old(_) | Wrong::Missing, Ok(age), ..) => hypothesis.supports(age, self.says()),
            (Wrong::Down, _, Ok(up), _) => hypothesis.supports(up, self.says()),
            (Wrong::Counts { .. } | Wrong::Threshold { .. }, .., Ok(counted)) => {
                hypothesis.supports(counted, self.says())
            }
            _ => hypothesis,
        };
        hypothesis
            .unless("connections are refused now", &facts.refusals, |lines| {
                let refused = refused_now(lines, facts);
                Found::so(refused > 0, format!("{refused} refused within 2m"))
            })
            .unless(
                "the server was full a moment ago",
                &metrics.counted,
                |_| match self.wrong {
                    Wrong::Threshold { most } => Found::so(
                        most * 100.0 >= view.slots as f64 * 90.0,
                        format!("{most:.0} sessions at the most"),
                    ),
                    _ => Found::cannot_tell(self.says()),
                },
            );
        report.note("nothing is to be ended: the server has slots");
    }
}
