//! Given that an operation was asked, what followed: counted in traces.
//!
//! A loop that asks ten times in one trace is one observation, so that a busy trace does not speak
//! for many.

use std::collections::{BTreeMap, BTreeSet};

use super::metrics::{Name, Sample};
use super::pieces::SECOND;
use super::spans::{Event, Span, Texts};

/// Most different events of an operation that are counted; the commonest stay.
const EVENTS_MAX: usize = 200;

/// A service, and what it was asked for.
type Operation = (u32, u32);

/// The counts of one stretch of time.
#[derive(Debug, Default)]
pub(super) struct Habits {
    /// Traces in which it was asked.
    asked: BTreeMap<Operation, f64>,
    /// Of those, the traces in which the event followed, or the share of a trace's askings.
    seen: BTreeMap<(Operation, Event), f64>,
}

impl Habits {
    /// Adds the spans of one file that `counts` wants.
    pub(super) fn add(&mut self, spans: &[Span], counts: impl Fn(&Span) -> bool) {
        let mut askings: BTreeMap<(Operation, u32), Vec<&BTreeSet<Event>>> = BTreeMap::new();
        for span in spans.iter().filter(|span| counts(span)) {
            let asked = ((span.service, span.operation), span.trace);
            askings.entry(asked).or_default().push(&span.events);
        }
        for ((operation, _), times) in askings {
            *self.asked.entry(operation).or_default() += 1.0;
            let share = 1.0 / times.len() as f64;
            for event in times.into_iter().flatten() {
                *self.seen.entry((operation, *event)).or_default() += share;
            }
        }
    }

    /// As counters: nothing at `begin`, the counts a second before `end`, which itself may lie
    /// outside what is asked for.
    pub(super) fn counters(
        &self,
        (begin, end): (u64, u64),
        texts: &Texts,
    ) -> Vec<(Name, Vec<Sample>)> {
        let counter = |name: Name, count: f64| {
            (
                name,
                vec![(begin, 0.0), (end.saturating_sub(SECOND), count)],
            )
        };
        let mut made: Vec<_> = self
            .asked
            .iter()
            .map(|(operation, &count)| counter(asked_name(*operation, texts), count))
            .collect();
        let mut by_operation: BTreeMap<Operation, Vec<(f64, Event)>> = BTreeMap::new();
        for (&(operation, event), &count) in &self.seen {
            by_operation
                .entry(operation)
                .or_default()
                .push((count, event));
        }
        for (operation, mut events) in by_operation {
            events.sort_by(|a, b| b.0.total_cmp(&a.0));
            events.truncate(EVENTS_MAX);
            for (count, event) in events {
                made.push(counter(seen_name(operation, event, texts), count));
            }
        }
        made
    }
}

fn asked_name((service, operation): Operation, texts: &Texts) -> Name {
    vec![
        ("__name__", "operation_traces_total".to_owned()),
        ("kind", "habit".to_owned()),
        ("operation", texts.text(operation).to_owned()),
        ("service", texts.text(service).to_owned()),
    ]
}

fn seen_name(operation: Operation, event: Event, texts: &Texts) -> Name {
    let (level, event) = match event {
        Event::Line { level, pattern } => (level, texts.text(pattern).to_owned()),
        Event::Span { service, operation } => {
            let (service, operation) = (texts.text(service), texts.text(operation));
            ("span", format!("{service} {operation}"))
        }
    };
    let mut name = asked_name(operation, texts);
    name[0].1 = "operation_event_traces_total".to_owned();
    name.insert(1, ("event", event));
    name.insert(3, ("level", level.to_owned()));
    name
}
