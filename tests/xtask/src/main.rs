//! Development tasks: `cargo xtask test` and `cargo xtask demo`.
//! Not part of the product: it is never shipped, and it links none of the host, so that it starts
//! before the host is built.
//! Start at [`check`] for what continuous integration runs.
//! Invariant: a stage that fails fails the whole, whatever comes after it.
#![forbid(unsafe_code)]

mod check;
mod demo;
mod machine;
mod stage;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
usage: cargo xtask COMMAND

  components  builds the steps of every runbook here
  demo [--yes] [--keep] [--pause]
              one incident on real servers, from the alert to the journal
  test        installs what is missing, then checks formatting and lints, builds all, runs every test
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test"] => check::run(),
        ["components"] => match check::components() {
            Ok(()) => ExitCode::SUCCESS,
            Err(why) => {
                eprintln!("{why}");
                ExitCode::FAILURE
            }
        },
        ["demo", words @ ..] => match demo::Options::read(words) {
            Ok(options) => demo::run(options),
            Err(unknown) => {
                eprint!("`{unknown}` is not an option of demo\n\n{HELP}");
                ExitCode::from(2)
            }
        },
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        _ => {
            eprint!("{HELP}");
            ExitCode::from(2)
        }
    }
}
