//! The command line's grammar. Its help is written for someone under an alert.

mod backtest;
mod bundles;
mod learning;
mod plans;
mod postmortem;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use backtest::{BacktestArgs, ReplayArgs};
pub(crate) use bundles::RecordArgs;
pub(crate) use learning::{FeedbackArgs, StatsArgs, StatsBy};
pub(crate) use plans::{DecisionArg, PlanCommand, RejectArgs, SignArgs};
pub(crate) use postmortem::{CountBy, ImportArgs, IncidentStatsArgs, PostmortemArgs};

/// Evidence in, a human's decision, exactly that decision carried out.
///
/// Runs incident runbooks in a sandbox. What only observes runs at once; what changes production
/// waits for a person's signature on that exact change.
#[derive(Debug, Parser)]
#[command(
    name = "interlock",
    version,
    max_term_width = 100,
    disable_help_subcommand = true
)]
#[command(
    after_help = "Exit codes: 0 done, 1 failed, 2 usage or invalid input, 3 approval required, 4 denied,\n\
                        5 the step faulted, 6 outcome unknown."
)]
pub(crate) struct Cli {
    /// One JSON document on standard output
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The configuration [default: ./interlock.toml, $INTERLOCK_CONFIG, ~/.config/interlock/interlock.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// When to colour
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Colour,
    /// Say on standard error what happens, line by line
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// When to colour.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a runbook crate that builds, passes its test and runs
    New {
        /// The runbook's name: `[a-z][a-z0-9-]*`
        name: String,
        /// Where to write it [default: a folder of that name here]
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
    /// Build a runbook's steps into components
    Build {
        /// The runbook's folder
        #[arg(default_value = ".")]
        dir: PathBuf,
    },
    /// Show what a component may ask for: digest, size, tier, capabilities
    Inspect {
        /// A `.wasm` file or a built runbook's folder
        path: PathBuf,
    },
    /// Run a runbook: its read steps, then the plan of its write step
    Run(RunArgs),
    /// Plans: what would be done
    #[command(subcommand)]
    Plan(PlanCommand),
    /// Read a plan and sign it
    Approve(SignArgs),
    /// Say no to a plan, signed
    Reject(RejectArgs),
    /// Take a plan out of use, signed: whatever was approved no longer counts
    Revoke(SignArgs),
    /// Carry out an approved plan
    Apply {
        /// The plan's id, or its beginning
        plan: String,
        /// A signed token from elsewhere; may be repeated
        #[arg(long, value_name = "FILE")]
        token: Vec<PathBuf>,
    },
    /// Carry back what a run's plan has done, by the undo approved with it
    Undo {
        /// The run's id
        run: String,
        /// A signed token from elsewhere; may be repeated
        #[arg(long, value_name = "FILE")]
        token: Vec<PathBuf>,
    },
    /// The record of runs
    #[command(subcommand)]
    Runs(RunsCommand),
    /// What alerted, or was asked about, and what happened then
    #[command(subcommand)]
    Incidents(IncidentsCommand),
    /// Say what you thought of a diagnosis, or what an incident turned out to be
    Feedback(FeedbackArgs),
    /// What diagnoses came to: accepted, right, and the time they took
    Stats(StatsArgs),
    /// Draft what happened in an incident, each sentence with its source
    Postmortem(PostmortemArgs),
    /// Play a run again from its record, and compare
    Replay(ReplayArgs),
    /// Run a runbook over incidents whose causes are known: how often is it right?
    Backtest(BacktestArgs),
    /// The append-only record of everything
    #[command(subcommand)]
    Journal(JournalCommand),
    /// Installed runbooks
    #[command(subcommand)]
    Runbooks(RunbooksCommand),
    /// Rules and approvers
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Make an ed25519 key to approve with, or a token for a caller
    Keygen {
        /// Where to write the private key; the public one goes to FILE.pub
        #[arg(value_name = "FILE", required_unless_present = "bearer")]
        file: Option<PathBuf>,
        /// Write a caller's bearer token instead, and print its lines of the policy
        #[arg(long, value_name = "FILE", conflicts_with = "file", requires = "name")]
        bearer: Option<PathBuf>,
        /// The approver's name, as the key's comment, or the caller's
        #[arg(long)]
        name: Option<String>,
        /// The approver who stands behind the caller [default: nobody, unattended]
        #[arg(long, requires = "bearer", value_name = "NAME")]
        owner: Option<String>,
    },
    /// The approvers' keys that the policy knows, and which of them are here
    Keys,
    /// Agents over standard input and output, by the Model Context Protocol
    Mcp(McpArgs),
    /// Serve agents over MCP and HTTP, and the page that approvers read, until told to stop
    Serve,
    /// Check what is configured, reachable and missing
    Doctor {
        /// Write a configuration to begin with
        #[arg(long, value_name = "FILE")]
        write_config: Option<PathBuf>,
    },
    /// Print a JSON schema
    Schema {
        /// The schema's name [default: list them]
        name: Option<String>,
    },
    /// Print shell completions
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The runbook's name
    pub(crate) runbook: String,
    /// The incident: a file, or the id of one that ran here before
    #[arg(long, value_name = "FILE|ID")]
    pub(crate) incident: Option<String>,
    /// Your own id of this run: asked again with the same, it joins
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// An input, `key=value`; may be repeated
    #[arg(short, long = "input", value_name = "KEY=VALUE")]
    pub(crate) input: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct McpArgs {
    /// Carry messages to a host that runs `serve`, and open nothing here: for agents
    #[arg(long, value_name = "URL")]
    pub(crate) connect: Option<String>,
    /// The caller's token [default: $INTERLOCK_TOKEN]
    #[arg(long, value_name = "FILE", requires = "connect")]
    pub(crate) token_file: Option<PathBuf>,
    /// Certificates to trust instead of this machine's, in PEM
    #[arg(long, value_name = "FILE", requires = "connect")]
    pub(crate) ca_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// Runs, the newest first
    List,
    /// One run: its report, plan and outcome
    Show {
        /// The run's id, or the id you gave it
        run: String,
        /// Every recorded call, with its answer
        #[arg(long)]
        calls: bool,
    },
    /// Settle an outcome that is not known, signed by an approver
    Reconcile {
        /// The run's id
        run: String,
        /// What you found: the act happened, or it did not
        #[arg(long, value_name = "FOUND")]
        found: Found,
        /// Why you are sure
        #[arg(long)]
        reason: String,
        /// The private key
        #[arg(long, value_name = "FILE")]
        key: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum IncidentsCommand {
    /// Incidents, the newest first
    List,
    /// One incident, with its timeline
    Show {
        /// The incident's id
        incident: String,
    },
    /// Past incidents like one: why, what turned out to be the cause, where they differ
    Similar {
        /// The incident's id
        #[arg(required_unless_present = "text")]
        incident: Option<String>,
        /// Search for these words instead
        #[arg(long, value_name = "TEXT", conflicts_with = "incident")]
        text: Option<String>,
        /// How many at the most
        #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=50))]
        most: u8,
    },
    /// Bring in what another program keeps: as bundles, or attached to an incident
    Import(ImportArgs),
    /// Keep what the configured sources say of a window of time, as a bundle
    Record(RecordArgs),
    /// Count post-mortems by factor, cause, service or severity
    Stats(IncidentStatsArgs),
}

/// What a person found where the outcome of an act was not known.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Found {
    /// The act happened
    Done,
    /// It did not
    NotDone,
}

#[derive(Debug, Subcommand)]
pub(crate) enum JournalCommand {
    /// Check every entry, signature and checkpoint
    Verify {
        /// A signed checkpoint kept elsewhere; may be repeated
        #[arg(long, value_name = "FILE")]
        checkpoint: Vec<PathBuf>,
        /// A token that must be in it; may be repeated
        #[arg(long, value_name = "FILE")]
        token: Vec<PathBuf>,
        /// An exported journal instead of this host's
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// The host's public key, for an exported journal
        #[arg(long, value_name = "FILE|KEY")]
        host_key: Option<String>,
    },
    /// Write entries and checkpoints for someone who has the file and the host's public key only
    Export {
        /// Where to write
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// The inclusion proof of one plan's decision
    Prove {
        /// The plan's id, or its beginning
        plan: String,
        /// Where to write it [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RunbooksCommand {
    /// What is installed, which alerts it answers, what it may change
    List,
    /// Trust the bytes of a runbook's write steps, on a terminal
    Trust {
        /// The runbook's name
        runbook: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Parse and check a policy
    Check {
        /// The policy [default: the configured one]
        file: Option<PathBuf>,
    },
    /// Why a plan is or is not permitted now, and who can supply what is missing
    Explain {
        /// The plan's id, or its beginning
        plan: String,
    },
    /// Run `<policy>.test.toml` beside the policy
    Test {
        /// The policy [default: the configured one]
        file: Option<PathBuf>,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_grammar_holds_together() {
        Cli::command().debug_assert();
    }
}
