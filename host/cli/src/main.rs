//! The binary `interlock`: arguments in, what people and programs read out.
//!
//! Not the product's rules: those are in the runner and the gate; nothing here decides.
//! Start at `args` for the grammar, `commands` for what each does, `interlock_screens::exit` for the codes.
//! Invariant: no flag, variable or file sets the clock or skips a check.

#![forbid(unsafe_code)]

mod args;
mod commands;
mod doctor;
mod failure;
mod human;
mod output;
mod place;
mod refusal;
mod setup;
mod sign;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _, error::ErrorKind};
use interlock_screens::exit;

use crate::{
    args::{Cli, Colour},
    exit::Exit,
    failure::Failure,
    output::Screen,
};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let screen = Screen::new(cli.json, cli.color, cli.verbose);
    let mut runtime = match &cli.command {
        // One client, who waits for each answer: what it asks goes from hand to hand sooner where
        // there is one hand. The journal writes on a thread of its own.
        args::Command::Mcp(_) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = runtime.enable_all().build();
    let ended = match runtime {
        Ok(runtime) => {
            let ended = runtime.block_on(commands::dispatch(&cli, screen));
            // A connection that hangs must not keep a finished command from ending.
            runtime.shutdown_background();
            ended
        }
        Err(error) => Err(Failure::failed(format!("no worker threads: {error}"))),
    };
    let exit = match ended {
        Ok(output) => screen.print(&output),
        Err(failure) => {
            let (output, talk) = failure.output(screen.colour);
            screen.talk(&talk);
            screen.print(&output)
        }
    };
    exit.into()
}

/// clap's own words; with `--json` as a document, as every refusal.
fn usage(error: &clap::Error) -> ExitCode {
    let asked = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    if !asked && std::env::args_os().any(|argument| argument == "--json") {
        let screen = Screen::new(true, Colour::Never, false);
        let text = error.to_string();
        let message = text
            .trim_start_matches("error: ")
            .lines()
            .next()
            .unwrap_or_default();
        let failure = Failure::usage(message).next("`interlock --help`");
        let (output, talk) = failure.output(false);
        screen.talk(&talk);
        return screen.print(&output).into();
    }
    let printed = error.print();
    // Help into a closed pipe is still help.
    drop(printed);
    if asked {
        Exit::Done.into()
    } else {
        Exit::Usage.into()
    }
}

/// The grammar, for completions.
pub(crate) fn grammar() -> clap::Command {
    Cli::command()
}
