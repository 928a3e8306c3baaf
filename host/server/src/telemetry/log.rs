//! The log on standard error: a line each for people, or JSON for programs.

use std::io::IsTerminal as _;

use interlock_connectors::config::LogFormat;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use super::OURS;
use super::lines::Lines;
use crate::desk::News;

/// The variable that sets how much is logged: `off`, `error`, `warn`, `info`, `debug`, `trace`. It
/// changes nothing but the log, and opens no library's own log.
const LEVEL_VARIABLE: &str = "INTERLOCK_LOG";

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verbosity(LevelFilter);

impl Verbosity {
    /// For a command that ends: warnings, and more with each `-v`.
    pub fn of_command(verbose: u8) -> Verbosity {
        Verbosity::from_environment(match verbose {
            0 => Level::WARN,
            1 => Level::INFO,
            2 => Level::DEBUG,
            _ => Level::TRACE,
        })
    }

    /// For a server: what happens, and more with each `-v`.
    pub fn of_server(verbose: u8) -> Verbosity {
        Verbosity::from_environment(match verbose {
            0 => Level::INFO,
            1 => Level::DEBUG,
            _ => Level::TRACE,
        })
    }

    fn from_environment(otherwise: Level) -> Verbosity {
        let said = std::env::var(LEVEL_VARIABLE).ok();
        Verbosity::said(said.as_deref(), otherwise)
    }

    fn said(said: Option<&str>, otherwise: Level) -> Verbosity {
        let level = said.filter(|text| !text.is_empty());
        let level = level.and_then(|text| text.parse().ok());
        Verbosity(level.unwrap_or(LevelFilter::from_level(otherwise)))
    }
}

/// The layer that writes the log. Libraries' events are left out at every level: at the finer ones
/// they write headers, bodies and queries.
pub(super) fn to<S>(out: Lines, format: LogFormat, verbosity: Verbosity) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
{
    let ours = Targets::new().with_target(OURS, verbosity.0);
    let lines = tracing_subscriber::fmt::layer().with_writer(out);
    let lines = match format {
        LogFormat::Text => lines
            .with_ansi(std::io::stderr().is_terminal())
            .compact()
            .boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    lines.with_filter(ours)
}

/// Logs what happens at the desk until the desk is gone.
pub async fn narrate(mut news: Receiver<News>) {
    loop {
        match news.recv().await {
            Ok(news) => tell(&news),
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "the log fell behind");
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn tell(news: &News) {
    match news {
        News::RunOpened { run, runbook } => tracing::info!(%run, runbook, "run opened"),
        News::Step { run, step } => tracing::info!(%run, step, "step begins"),
        News::RunEnded { run, state } => tracing::info!(%run, state, "run ended"),
        News::PlanWaiting { plan, run } => tracing::info!(%run, %plan, "plan waits for approval"),
        News::PlanChanged { plan, run, state } => {
            tracing::info!(%run, %plan, state, "plan changed");
        }
        News::RunbooksChanged => tracing::info!("installed runbooks changed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_sets_a_level_and_nothing_else() {
        let of = |text| Verbosity::said(text, Level::INFO).0;
        assert_eq!(of(None), LevelFilter::INFO);
        assert_eq!(of(Some("off")), LevelFilter::OFF);
        assert_eq!(of(Some("Debug")), LevelFilter::DEBUG);
        // A filter of another library's log is no level.
        assert_eq!(of(Some("hyper=trace")), LevelFilter::INFO);
        assert_eq!(of(Some("")), LevelFilter::INFO);
    }
}
