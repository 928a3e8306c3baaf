//! The grammar of post-mortems and of counting them.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct PostmortemArgs {
    /// The incident's id
    pub(crate) incident: String,
    /// The Markdown file; where it exists, what you changed in it is kept [default: print it]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Write it as one HTML page, too
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// A template of your own, in Jinja [default: the one that is built in]
    #[arg(long, value_name = "FILE")]
    pub(crate) template: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// What wrote it: `slack`, `pagerduty`, `alertmanager`, `metrics`, `petshop`, `nezha`, `itbench`
    #[arg(long, value_name = "NAME")]
    pub(crate) format: String,
    /// The file or folder
    pub(crate) path: PathBuf,
    /// Attach its lines to this incident
    #[arg(long, value_name = "ID", required_unless_present = "out")]
    pub(crate) incident: Option<String>,
    /// Write bundles into this folder, for backtests
    #[arg(long, value_name = "DIR", conflicts_with = "incident")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct IncidentStatsArgs {
    /// By what to count
    #[arg(long, value_name = "WHAT")]
    pub(crate) by: CountBy,
    /// Incidents opened since then: `90d`, `12h`, `4w`
    #[arg(long, value_name = "SPAN", default_value = "90d")]
    pub(crate) since: String,
    /// Incidents of this severity only
    #[arg(long, value_name = "NAME")]
    pub(crate) severity: Option<String>,
    /// The folder of post-mortems [default: `postmortems` beside the configuration]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

/// By what incidents are counted.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum CountBy {
    /// Contributing factors
    Factor,
    /// Causes, as runbooks name them
    Cause,
    /// Services
    Service,
    /// Severities
    Severity,
}
