//! The grammar of what is tried on incidents that are over.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The run's id
    pub(crate) run: String,
    /// A changed step, in the place of the one that ran: what it would have concluded and proposed
    #[arg(long, value_name = "NEW.wasm")]
    pub(crate) component: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BacktestArgs {
    /// The runbook's name, or a built runbook's folder (with a `/`)
    pub(crate) runbook: String,
    /// The folder of bundles
    #[arg(long, value_name = "DIR")]
    pub(crate) corpus: PathBuf,
    /// Another build's folder, or a file that `--json` printed: compare incident by incident
    #[arg(long, value_name = "BASELINE")]
    pub(crate) against: Option<PathBuf>,
    /// Write the reliability plot
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    /// Keep what it came to in the journal: policy may demand it, and confidence rests on it
    #[arg(long)]
    pub(crate) keep: bool,
    /// Incidents at once [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) jobs: Option<u16>,
    /// An input of every run, `key=value`; may be repeated
    #[arg(short, long = "input", value_name = "KEY=VALUE")]
    pub(crate) input: Vec<String>,
}
