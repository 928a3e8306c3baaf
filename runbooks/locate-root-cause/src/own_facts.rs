//! What is asked of each component's own ways, and how the answers become numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use interlock_sdk::wire::{Matrix, Series};
use interlock_sdk::{Context, Window};

use crate::facts::Asked;
use crate::own::Kind;
use crate::scene::{Course, Habit, Limit, Link, Scene, Source};
use crate::see::{grid, named};

/// Counters of traces, by operation: `operation_traces_total` of all, `operation_event_traces_total`
/// of those in which an event followed.
const HABITS: &str = r#"{kind="habit"}"#;
const ASKED: &str = "operation_traces_total";
const SEEN: &str = "operation_event_traces_total";
/// The share of a pod's limit that is in use.
const LIMITS: &str = r#"{__name__=~"[a-z]+_usage_ratio"}"#;
/// Of them the one that requests use.
const PROCESSOR: &str = "cpu_usage_ratio";
/// The slower of the answers, by the clock of whoever gives them.
const ANSWERS: &str = r#"{kind="latency",seen="server",stat="p90"}"#;
/// What a call lasts, as its client and as its server sees it.
const CALLS: &str = r#"{kind="call"}"#;

/// How long before the window is looked at too.
const LED_IN: Duration = Duration::from_secs(300);

/// One question about the window and about the usual period.
pub struct Both {
    /// In the incident's window.
    pub now: Asked<Matrix>,
    /// In the usual period.
    pub usual: Asked<Matrix>,
}

/// What tells of each component's own ways. A source that knows nothing of it has nothing in it.
pub struct OwnFacts {
    /// What follows when it is asked.
    pub habits: Both,
    /// How far its resources are used up.
    pub limits: Both,
    /// What calls last.
    pub calls: Both,
    /// What the slower answers take.
    pub answers: Both,
}

impl OwnFacts {
    /// Asks all of it at once, then reads.
    pub(crate) fn ask(ctx: &Context, window: Window, usual: Window, step: Duration) -> Self {
        let metrics = ctx.metrics();
        let both = |query, now, now_step, usual_step| {
            let now = metrics.range_by(query, now, now_step);
            (now, metrics.range_by(query, usual, usual_step))
        };
        let led = window.and_before(LED_IN);
        // Of a counter, what it rises by: the first point and the last.
        let habits = both(HABITS, window, whole(window), whole(usual));
        let limits = both(LIMITS, led, step, step);
        let calls = both(CALLS, led, step, step);
        let answers = both(ANSWERS, led, step, step);
        let read = |(now, usual): (
            interlock_sdk::Pending<Matrix>,
            interlock_sdk::Pending<Matrix>,
        )| Both {
            now: now.get(),
            usual: usual.get(),
        };
        Self {
            habits: read(habits),
            limits: read(limits),
            calls: read(calls),
            answers: read(answers),
        }
    }

    /// The answers that a kind of evidence was made from.
    pub(crate) fn of(&self, kind: Kind) -> Option<&Both> {
        match kind {
            Kind::Habit => Some(&self.habits),
            Kind::Limit => Some(&self.limits),
            Kind::Link => Some(&self.calls),
            Kind::Neglect | Kind::Strain => None,
        }
    }

    /// All of them, with what they are about.
    pub(crate) fn all(&self) -> [(&'static str, &Both); 4] {
        [
            ("what follows each operation", &self.habits),
            ("how far limits are used up", &self.limits),
            ("what calls last", &self.calls),
            ("what answers take", &self.answers),
        ]
    }

    /// Adds what they say to a scene whose components lie at these places.
    pub(crate) fn add(
        &self,
        scene: &mut Scene,
        places: &BTreeMap<&str, usize>,
        periods: (Window, Window, Duration),
    ) {
        let seen = OwnSeen {
            habits: self.habits.seen(),
            limits: self.limits.seen(),
            calls: self.calls.seen(),
            answers: self.answers.seen(),
        };
        seen.add(scene, places, periods);
    }
}

impl Both {
    fn seen(&self) -> [Option<&Matrix>; 2] {
        [&self.now, &self.usual].map(|asked| asked.as_ref().ok().map(|answer| &**answer))
    }
}

/// The answers to what [`OwnFacts`] asks, of the window and of the usual period, as far as they came.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnSeen<'a> {
    /// What follows when a component is asked; the first and the last point of counters.
    pub habits: [Option<&'a Matrix>; 2],
    /// How far its resources are used up.
    pub limits: [Option<&'a Matrix>; 2],
    /// What calls last.
    pub calls: [Option<&'a Matrix>; 2],
    /// What the slower answers take.
    pub answers: [Option<&'a Matrix>; 2],
}

impl OwnSeen<'_> {
    /// Adds what they say to a scene whose components lie at these places.
    pub fn add(
        &self,
        scene: &mut Scene,
        places: &BTreeMap<&str, usize>,
        (window, usual, step): (Window, Window, Duration),
    ) {
        self.add_habits(scene, places);
        let usually = by_name(self.limits[1]);
        for (source, series) in series_of(self.limits[0]) {
            let Some(component) = component(scene, places, series) else {
                continue;
            };
            let (before, now) = parted(
                grid(Some(series), window.and_before(LED_IN), step),
                window,
                step,
            );
            component.limits.push(Limit {
                source,
                by_requests: is(series, PROCESSOR),
                before,
                now,
                usual: grid(usually.get(&named(series)).map(|(_, s)| *s), usual, step),
            });
        }
        let usually = by_name(self.answers[1]);
        for (_, series) in series_of(self.answers[0]) {
            let Some(component) = component(scene, places, series) else {
                continue;
            };
            let led = grid(Some(series), window.and_before(LED_IN), step);
            let (before, now) = parted(led, window, step);
            component.answers = Some(Course {
                before,
                now,
                usual: grid(usually.get(&named(series)).map(|(_, s)| *s), usual, step),
            });
        }
        self.add_links(scene, places, (window, usual, step));
    }

    fn add_habits(&self, scene: &mut Scene, places: &BTreeMap<&str, usize>) {
        let usually = by_name(self.habits[1]);
        let now = by_name(self.habits[0]);
        let operation = |series: &Series| {
            let label = |name| series.label(name).unwrap_or_default().to_owned();
            (label("service"), label("operation"))
        };
        let mut asked: BTreeMap<(String, String), [f64; 2]> = BTreeMap::new();
        for (period, all) in [(0, &now), (1, &usually)] {
            for (_, series) in all.values().filter(|(_, series)| is(series, ASKED)) {
                asked.entry(operation(series)).or_default()[period] += risen(series);
            }
        }
        let mut events: Vec<_> = now.keys().chain(usually.keys()).collect();
        events.sort_unstable();
        events.dedup();
        for name in events {
            let (here, before) = (now.get(name), usually.get(name));
            let (source, series) = match (here, before) {
                (Some((at, series)), _) => (Source::Now(*at), *series),
                (None, Some((at, series))) => (Source::Usual(*at), *series),
                (None, None) => continue,
            };
            if !is(series, SEEN) {
                continue;
            }
            let asked = asked.get(&operation(series)).copied().unwrap_or_default();
            if let Some(component) = component(scene, places, series) {
                let seen = |of: Option<&(usize, &Series)>| of.map_or(0.0, |(_, s)| risen(s));
                component.habits.push(Habit {
                    source,
                    asked,
                    seen: [seen(here), seen(before)],
                });
            }
        }
    }

    fn add_links(
        &self,
        scene: &mut Scene,
        places: &BTreeMap<&str, usize>,
        (window, usual, step): (Window, Window, Duration),
    ) {
        let ends = |series: &Series| {
            let place = |label| places.get(series.label(label)?).copied();
            Some((place("service")?, place("callee")?))
        };
        let seen = |asked: Option<&Matrix>, by: &str, over: Window| {
            let mut edges: BTreeMap<(usize, usize), (usize, Vec<f64>)> = BTreeMap::new();
            for (source, series) in series_of(asked) {
                if let (Some(ends), Some(true)) =
                    (ends(series), series.label("seen").map(|s| s == by))
                {
                    let over = if over == window {
                        over.and_before(LED_IN)
                    } else {
                        over
                    };
                    edges.insert(ends, (source, grid(Some(series), over, step)));
                }
            }
            edges
        };
        let less = |client: &[f64], server: &[f64]| -> Vec<f64> {
            client
                .iter()
                .zip(server)
                .map(|(client, server)| client - server)
                .collect()
        };
        let servers = seen(self.calls[0], "server", window);
        let usual_clients = seen(self.calls[1], "client", usual);
        let usual_servers = seen(self.calls[1], "server", usual);
        for (edge, (source, client)) in seen(self.calls[0], "client", window) {
            let (Some((_, server)), Some((_, before)), Some((_, answered))) = (
                servers.get(&edge),
                usual_clients.get(&edge),
                usual_servers.get(&edge),
            ) else {
                continue;
            };
            scene.links.push(Link {
                source,
                from: edge.0,
                to: edge.1,
                now: parted(less(&client, server), window, step).1,
                usual: less(before, answered),
            });
        }
    }
}

/// What was taken until the window's begin, and after it: a sample tells of the time before it.
fn parted(mut grid: Vec<f64>, window: Window, step: Duration) -> (Vec<f64>, Vec<f64>) {
    let led = window.and_before(LED_IN).begin;
    let led = window.begin.micros().saturating_sub(led.micros());
    let until = u128::from(led) / step.as_micros().max(1) + 1;
    let until = usize::try_from(until).unwrap_or(usize::MAX).min(grid.len());
    let now = grid.split_off(until);
    (grid, now)
}

/// One step over all of a window but its last second: a point at its end may be left out of an
/// answer.
fn whole(window: Window) -> Duration {
    let second = Duration::from_secs(1);
    window.length().saturating_sub(second).max(second)
}

fn is(series: &Series, metric: &str) -> bool {
    series.label("__name__").is_some_and(|name| name == metric)
}

fn series_of(asked: Option<&Matrix>) -> impl Iterator<Item = (usize, &Series)> {
    asked
        .into_iter()
        .flat_map(|matrix| matrix.series.iter().enumerate())
}

/// Each series by its labels, with its place in the answer.
fn by_name(asked: Option<&Matrix>) -> BTreeMap<Vec<(&str, &str)>, (usize, &Series)> {
    series_of(asked)
        .map(|(at, series)| (named(series), (at, series)))
        .collect()
}

fn component<'a>(
    scene: &'a mut Scene,
    places: &BTreeMap<&str, usize>,
    series: &Series,
) -> Option<&'a mut crate::scene::Component> {
    let place = places.get(series.label("service")?)?;
    scene.components.get_mut(*place)
}

/// By how much a counter rose; where it began anew, what it has come to since.
fn risen(series: &Series) -> f64 {
    let (Some(first), Some(last)) = (series.points.first(), series.points.last()) else {
        return 0.0;
    };
    let risen = last.value - first.value;
    let risen = if risen < 0.0 { last.value } else { risen };
    if risen.is_finite() { risen } else { 0.0 }
}
