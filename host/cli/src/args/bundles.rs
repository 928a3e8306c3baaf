//! The grammar of recording incidents.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct RecordArgs {
    /// The folder of bundles to put it in
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// From when: 2026-11-25T03:00:00Z, or how long ago: `90m` [default: the run's incident]
    #[arg(long, value_name = "TIME", required_unless_present = "run")]
    pub(crate) from: Option<String>,
    /// Until when [default: now, or when the run ended]
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Keep the answers that this run had, too
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<String>,
    /// The incident's id, and the bundle's name [default: the run's incident, or the time]
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// In words
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) title: String,
    /// The service that suffers
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// How bad it is
    #[arg(long, value_name = "WORD")]
    pub(crate) severity: Option<String>,
    /// An expression to record; may be repeated [default: every series]
    #[arg(long, value_name = "PROMQL")]
    pub(crate) query: Vec<String>,
    /// A configured log to record; may be repeated [default: all of them]
    #[arg(long, value_name = "SOURCE")]
    pub(crate) logs: Vec<String>,
    /// Seconds between two values of a series [default: 15, more for a long window]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub(crate) step: Option<u32>,
}
