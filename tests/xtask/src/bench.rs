//! `cargo xtask bench`: installs what is missing, builds everything, then measures.
//! Not the measurements: those are in `tests/bench`, which links the host.

use crate::stage::call;
use crate::{machine, workspace};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Measures these figures, or all of them where none is named.
pub(crate) fn run(names: &[&str]) -> ExitCode {
    let build = || call(workspace::cargo().args(["build", "--quiet", "--release", "--workspace"]));
    // Those that need no servers.
    let install = || match names {
        ["rca" | "correlate" | "backtest" | "backtest-speed", ..] => Ok(()),
        _ => machine::install(&machine::BENCH),
    };
    if let Err(why) = install().and_then(|()| build()) {
        eprintln!("{why}");
        return ExitCode::FAILURE;
    }
    let program = workspace::target().join("release/interlock-bench");
    let ended = Command::new(&program)
        .args(absolute(names))
        .current_dir(workspace::root())
        .status();
    match ended {
        // Its codes are ours: 1 for a ratio over its limit, 2 for a name that is no figure.
        Ok(status) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::FAILURE, ExitCode::from),
        Err(error) => {
            eprintln!("cannot start `{}`: {error}", program.display());
            ExitCode::FAILURE
        }
    }
}

/// The words, a folder after `--data` as it is called from the workspace's root.
fn absolute(words: &[&str]) -> Vec<PathBuf> {
    let mut after_data = false;
    words
        .iter()
        .map(|word| {
            let path = if after_data {
                std::path::absolute(word).ok()
            } else {
                None
            };
            after_data = *word == "--data";
            path.unwrap_or_else(|| PathBuf::from(word))
        })
        .collect()
}
