//! The grammar of plans and of signing them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum PlanCommand {
    /// Plans and what they wait for
    List {
        /// Decided and ended ones too
        #[arg(long)]
        all: bool,
    },
    /// One plan, as its approver reads it
    Show {
        /// The plan's id, its beginning, or an exported file
        plan: String,
    },
    /// What differs between two plans
    Diff {
        /// The one
        from: String,
        /// The other
        to: String,
    },
    /// Write PLAN.json and PLAN.evidence.json for an approver elsewhere
    Export {
        /// The plan's id, or its beginning
        plan: String,
        /// The folder to write to
        #[arg(long, default_value = ".", value_name = "DIR")]
        out: PathBuf,
    },
    /// Print the bytes that stock `ssh-keygen -Y sign -n approval.v1@interlock` signs
    Payload {
        /// The plan's id, its beginning, or an exported file
        plan: String,
        /// Who signs
        #[arg(long, value_name = "NAME")]
        approver: String,
        /// What is signed
        #[arg(long, default_value = "approve")]
        decision: DecisionArg,
        /// Why
        #[arg(long, default_value = "", hide_default_value = true)]
        reason: String,
        /// Make a token of an earlier payload and its signature instead: `PAYLOAD SIGNATURE`
        #[arg(long, num_args = 2, value_names = ["PAYLOAD", "SIGNATURE"])]
        assemble: Option<Vec<PathBuf>>,
        /// Where to write it [default: standard output]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Take actions out of a plan; the narrower plan replaces it and needs approvals of its own
    Narrow {
        /// The plan's id, or its beginning
        plan: String,
        /// Actions to skip: numbers as `plan show` prints them, such as `1,4-9`
        #[arg(long, value_name = "LIST", conflicts_with = "only")]
        skip: Option<String>,
        /// Actions to keep; all others are skipped
        #[arg(long, value_name = "LIST")]
        only: Option<String>,
    },
}

/// What a token says.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum DecisionArg {
    /// Carry it out
    Approve,
    /// Do not
    Reject,
    /// No longer
    Revoke,
    /// Carry it back
    Undo,
}

#[derive(Debug, Args)]
pub(crate) struct SignArgs {
    /// The plan's id, its beginning, or an exported file
    pub(crate) plan: String,
    /// The private key (or the `.pub` of one in ssh-agent) [default: ~/.ssh/id_ed25519]
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
    /// Why, in your words
    #[arg(long, default_value = "", hide_default_value = true)]
    pub(crate) reason: String,
    /// Answer the question from a script: `<server>` or `<server> <count>`
    #[arg(long, value_name = "WORD")]
    pub(crate) confirm: Option<String>,
    /// Write the token to a file instead of this host's journal
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Sign what carries the plan back after it was applied
    #[arg(long)]
    pub(crate) undo: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RejectArgs {
    #[command(flatten)]
    pub(crate) sign: SignArgs,
    /// What you believe the cause to be instead
    #[arg(long, value_name = "CAUSE")]
    pub(crate) believed_cause: Option<String>,
}
