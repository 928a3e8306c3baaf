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
mod log;
mod parent;

use std::time::Duration;

use interlock_connectors::config::Config;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::filter::{FilterExt as _, Targets, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

pub use log::{Verbosity, narrate};
pub use parent::{below_current, parent};

/// How long a stop waits for the last spans to be delivered.
const FLUSH_MAX: Duration = Duration::from_secs(2);

/// Our own crates, by the beginning of their names.
const OURS: &str = "interlock";

/// Delivers what is left when it is dropped, for at most two seconds.
#[must_use = "dropping it ends the export"]
pub struct Guard {
    traces: Option<SdkTracerProvider>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces {
            // Late or failed, the process ends: the journal has what counts.
            _ = traces.shutdown_with_timeout(FLUSH_MAX);
        }
    }
}

/// Starts log and export for the whole process. Where a start came before, it stands.
pub fn start(config: &Config, verbosity: Verbosity) -> Guard {
    let (traces, problem) = match export::traces(&config.telemetry) {
        Ok(traces) => (traces, None),
        Err(problem) => (None, Some(problem)),
    };
    let subscriber = tracing_subscriber::registry()
        .with(spans_to(traces.as_ref()))
        .with(log::to_stderr(config.telemetry.log, verbosity));
    if tracing::subscriber::set_global_default(subscriber).is_err() {
        return Guard { traces: None };
    }
    if let Some(problem) = problem {
        tracing::warn!("no traces are sent: {problem}");
    }
    Guard { traces }
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
