//! What is asked, all at once, and what came back.

use std::time::Duration;

use interlock_sdk::wire::{ChangeList, Matrix, ServiceList};
use interlock_sdk::{Answer, Context, Gap, Result, Time, Window};

use crate::Inputs;
use crate::own_facts::OwnFacts;
use crate::scene::{Signal, Stat};

/// An answer, or why there is none.
pub type Asked<T> = Result<Answer<T>, Gap>;

/// What is asked of every component, by signal. Means and sums only: they add up along calls, and
/// the quantiles of a large system would not fit into one answer.
const ASKED: [(Signal, Stat, &str); 5] = [
    (
        Signal::Latency,
        Stat::Average,
        r#"{kind="latency",stat="average"}"#,
    ),
    (
        Signal::Errors,
        Stat::Average,
        r#"{kind="errors",stat="average"}"#,
    ),
    (Signal::Errors, Stat::Sum, r#"{kind="errors",stat="sum"}"#),
    (Signal::Traffic, Stat::Sum, r#"{kind="traffic",stat="sum"}"#),
    (
        Signal::Saturation,
        Stat::Average,
        r#"{kind="saturation",stat="average"}"#,
    ),
];
/// Most points of a series of the usual period, so that a system of a hundred components fits into
/// one answer.
const POINTS_MAX: u32 = 720;
/// As many points at the least should an incident's window have.
const WINDOW_POINTS: u32 = 12;
/// How long before the incident a change is still looked at.
const CHANGES_BEFORE: Duration = Duration::from_secs(2 * 3600);

/// One signal of all components, now and usually.
pub struct Measured {
    /// Which signal.
    pub signal: Signal,
    /// How its samples were made.
    pub stat: Stat,
    /// In the incident's window.
    pub now: Asked<Matrix>,
    /// In the usual period.
    pub usual: Asked<Matrix>,
}

/// All that a scene is made from.
pub struct Facts {
    /// The incident's window.
    pub window: Window,
    /// A period without an incident.
    pub usual: Window,
    /// Between two points of either.
    pub step: Duration,
    /// The service that the incident is about, where it says so.
    pub service: Option<String>,
    /// The signal that the alert is about, where it says so.
    pub signal: Option<Signal>,
    /// Components and whom they call.
    pub topology: Asked<ServiceList>,
    /// What each component measures of itself.
    pub measured: Vec<Measured>,
    /// What each component shows of itself.
    pub own: OwnFacts,
    /// What was changed shortly before.
    pub changes: Asked<ChangeList>,
}

impl Facts {
    /// Asks everything, then reads: it lasts as long as the slowest answer.
    pub fn ask(ctx: &Context, input: &Inputs) -> Self {
        let window = ctx.window();
        let usual = usual(window, input);
        let step = step(usual.length(), window.length(), input.sampled_every);
        let usual = newest(usual, step);
        let metrics = ctx.metrics();
        let topology = ctx.topology().services();
        let changes = ctx.changes().list(window.and_before(CHANGES_BEFORE));
        let pending: Vec<_> = ASKED
            .iter()
            .map(|&(signal, stat, query)| {
                let now = metrics.range_by(query, window, step);
                let usual = metrics.range_by(query, usual, step);
                (signal, stat, now, usual)
            })
            .collect();
        let own = OwnFacts::ask(ctx, window, usual, step);
        let alerts = &ctx.incident().alerts;
        let labels = alerts.iter().flat_map(|alert| &alert.labels);
        let labelled = labels
            .filter(|label| label.name == "service")
            .map(|label| label.value.clone())
            .next();
        Self {
            window,
            usual,
            step,
            service: ctx.incident().service.clone().or(labelled),
            signal: signal(&input.signal),
            topology: topology.get(),
            measured: pending
                .iter()
                .map(|(signal, stat, now, usual)| Measured {
                    signal: *signal,
                    stat: *stat,
                    now: now.get(),
                    usual: usual.get(),
                })
                .collect(),
            own,
            changes: changes.get(),
        }
    }
}

/// The period that is called usual: as the alert says, else what was before the incident.
fn usual(window: Window, input: &Inputs) -> Window {
    let seconds = |seconds: i64| {
        Time::from_micros(
            u64::try_from(seconds)
                .unwrap_or(0)
                .saturating_mul(1_000_000),
        )
    };
    if input.usual_from > 0 && input.usual_until > input.usual_from {
        Window {
            begin: seconds(input.usual_from),
            end: seconds(input.usual_until),
        }
    } else {
        Window::before(window.begin, input.lookback)
    }
}

/// As far apart as the samples are, or a whole multiple of it: so far that a long period fits into
/// one answer, and never so far that a short incident has only a few points.
fn step(usual: Duration, window: Duration, every: Duration) -> Duration {
    let every = every.max(Duration::from_secs(1));
    let times = |count: u128| {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        every.saturating_mul(count.max(1))
    };
    let fits = |period: Duration| {
        times(
            (period / POINTS_MAX)
                .as_millis()
                .div_ceil(every.as_millis()),
        )
    };
    let least = fits(window);
    let most = times((window / WINDOW_POINTS).as_millis() / every.as_millis());
    fits(usual).min(most).max(least)
}

/// As much of the end of a period as fits into one answer.
fn newest(period: Window, step: Duration) -> Window {
    let begin = period.end - step.saturating_mul(POINTS_MAX);
    Window {
        begin: period.begin.max(begin),
        ..period
    }
}

fn signal(text: &str) -> Option<Signal> {
    match text {
        "latency" => Some(Signal::Latency),
        "errors" => Some(Signal::Errors),
        "traffic" => Some(Signal::Traffic),
        "saturation" => Some(Signal::Saturation),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_a_multiple_of_what_lies_between_samples() {
        let (hour, minute) = (Duration::from_secs(3600), Duration::from_secs(60));
        let step = |usual, every| step(usual, hour, every);
        assert_eq!(step(hour, minute), minute);
        assert_eq!(step(24 * hour, minute), 2 * minute);
        assert_eq!(step(49 * hour, 5 * minute), 5 * minute);
        assert_eq!(step(Duration::ZERO, Duration::ZERO), Duration::from_secs(5));
    }

    #[test]
    fn a_long_usual_period_is_cut_rather_than_that_an_incident_is_three_points() {
        let minute = Duration::from_secs(60);
        let every = step(10 * 24 * 60 * minute, 25 * minute, 5 * minute);
        assert_eq!(every, 5 * minute);
        let period = Window {
            begin: Time::from_micros(0),
            end: Time::from_micros(0) + 10 * 24 * 60 * minute,
        };
        assert_eq!(newest(period, every).length(), 60 * 60 * minute);
        // A window of days is coarse, so that it fits as well.
        assert_eq!(step(minute, 7 * 24 * 60 * minute, minute), 14 * minute);
    }
}
