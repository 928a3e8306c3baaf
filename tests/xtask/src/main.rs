//! Development tasks: `cargo xtask test`, `cargo xtask demo`, `cargo xtask bench`.
//! Not part of the product: it is never shipped, and it links none of the host, so that it starts
//! before the host is built.
//! Start at [`check`] for what continuous integration runs.
//! Invariant: a stage that fails fails the whole, whatever comes after it.
#![forbid(unsafe_code)]

mod bench;
mod check;
mod demo;
mod machine;
mod stage;
mod tools;
mod workspace;

use std::process::ExitCode;

const HELP: &str = "\
usage: cargo xtask COMMAND

  bench [NAME]...
              ratios against baselines, each with its limit; all unless named: warm-step, overlap,
              gate, mcp-call, mcp-load, waiting, webhook-to-plan, alert-to-plan
  bench rca --data DIR
              how often root causes are found in public data sets, beside published methods
  bench correlate [--data DIR]
              how long a storm of alerts takes in the sandbox, and how well it is grouped
  components  builds the steps of every runbook here
  demo        one incident on real servers, from the alert to the journal
                --yes       install missing servers unasked
                --keep      leave everything running at the end, to try by hand
                --pause     wait for Enter before each command
                --recorded  without servers: read, check and replay the recorded incident
                --record    keep this incident as the recorded one
  test        installs what is missing, then checks formatting and lints, builds all, runs every test
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["test"] => check::run(),
        ["bench", names @ ..] => bench::run(names),
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
