//! The host's own log, and one trace from an agent's call to each call of a step.
//!
//! Not the journal: what happened is proven there, and told here. Nothing here can fail, hold up
//! or change a run: what cannot be delivered is dropped and said so.
//! Start at [`start`], then [`door`], the spans that the doors open; runner and engine open `run`,
//! `step` and `call` below them. Every attribute's name is in [`interlock_capabilities::names`].
//! Invariant: no answer, query, argument, URL or secret is in a span or in the log, at any level:
//! what libraries write is left out, since they may write what passes through them.

pub mod door;
mod export;
mod lines;
mod log;
mod parent;

use std::time::Duration;

use interlock_connectors::config::Config;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{FilterExt as _, Targets, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use lines::Lines;
pub use log::{Verbosity, narrate};
pub use parent::{below_current, parent};

/// How long a stop waits for the last spans to be delivered, and for the last lines.
const FLUSH_MAX: Duration = Duration::from_secs(2);

/// Our own crates, by the beginning of their names.
const OURS: &str = "interlock";

/// Delivers and writes what is left when it is dropped, for at most two seconds each.
#[must_use = "dropping it ends the export"]
pub struct Guard {
    traces: Option<SdkTracerProvider>,
    lines: Option<Lines>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces {
            // Late or failed, the process ends: the journal has what counts.
            _ = traces.shutdown_with_timeout(FLUSH_MAX);
        }
        if let Some(lines) = &self.lines {
            lines.flush(FLUSH_MAX);
        }
    }
}

/// Starts log and export for the whole process. Where a start came before, it stands.
pub fn start(config: &Config, verbosity: Verbosity) -> Guard {
    let (traces, problem) = match export::traces(&config.telemetry) {
        Ok(traces) => (traces, None),
        Err(problem) => (None, Some(problem)),
    };
    // Without a thread there is no log: nothing else here depends on it.
    let lines = Lines::to(std::io::stderr()).ok();
    let written = lines.clone();
    let written = written.map(|lines| log::to(lines, config.telemetry.log, verbosity));
    let subscriber = tracing_subscriber::registry()
        .with(spans_to(traces.as_ref()))
        .with(written);
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        let (traces, lines) = (None, None);
        return Guard { traces, lines };
    }
    if let Some(problem) = problem {
        tracing::warn!("no traces are sent: {problem}");
    }
    Guard { traces, lines }
}

/// The layer that hands our spans, and nothing else, to the exporter.
fn spans_to<S>(traces: Option<&SdkTracerProvider>) -> Option<impl Layer<S> + use<S>>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let tracer = traces?.tracer(OURS);
    let ours = Targets::new().with_target(OURS, tracing::Level::INFO);
    let layer = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_level(false)
        .with_tracked_inactivity(false);
    Some(layer.with_filter(ours.and(filter_fn(|about| about.is_span()))))
}

#[cfg(test)]
mod tests;
