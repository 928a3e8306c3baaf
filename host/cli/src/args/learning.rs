//! The grammar of feedback and of the figures that come of it.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct FeedbackArgs {
    /// The run's id, or the id you gave it
    #[arg(required_unless_present = "incident", conflicts_with = "incident")]
    pub(crate) run: Option<String>,
    /// What you thought of its diagnosis: `accepted`, `modified` or `rejected`
    pub(crate) verdict: Option<String>,
    /// The incident whose actual cause is known now
    #[arg(long, value_name = "ID")]
    pub(crate) incident: Option<String>,
    /// The actual cause: one that the runbook can name, or `other: ` and words
    #[arg(long, value_name = "CAUSE")]
    pub(crate) cause: Option<String>,
    /// The service that it was in
    #[arg(long, value_name = "SERVICE")]
    pub(crate) subject: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct StatsArgs {
    /// Runs begun since then: `90d`, `12h`, `4w`
    #[arg(long, value_name = "SPAN", default_value = "90d")]
    pub(crate) since: String,
    /// By what to group them
    #[arg(long, value_name = "WHAT", default_value = "runbook")]
    pub(crate) by: StatsBy,
    /// Write one HTML page with plots, too
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
}

/// By what figures are grouped.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum StatsBy {
    /// Runbooks
    Runbook,
    /// Causes
    Cause,
}
