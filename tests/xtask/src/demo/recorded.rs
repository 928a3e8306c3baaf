//! The incident as it was recorded once, for machines where its servers cannot run.
//!
//! What is kept is a host's state after `cargo xtask demo --record`: its journal, with every call,
//! the components and the decision. Nothing is acted out: the same binary reads it, checks it and
//! plays the run again. The host's key is kept too, since a journal without its key is refused; no
//! other host knows that key.

use super::act::{Company, word_after};
use super::{Stop, chain};
use crate::workspace;
use interlock_system_tests::{World, interlock_binary};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What is kept of a host, and with which mode it is read.
const KEPT: [(&str, u32); 7] = [
    ("interlock.toml", 0o644),
    ("policies/postgres.toml", 0o644),
    ("outcome.txt", 0o644),
    ("state/interlock.db", 0o600),
    // What SQLite has not written back yet; absent where it has written all.
    ("state/interlock.db-wal", 0o600),
    ("state/host.key", 0o600),
    ("state/checkpoint", 0o600),
];

fn folder() -> PathBuf {
    workspace::root().join("tests/xtask/recorded")
}

/// Keeps this world's host. `outcome` is what `interlock apply` said.
pub(super) fn keep(world: &World, outcome: &str) -> Result<(), String> {
    let kept = folder();
    for (file, _) in KEPT {
        let to = kept.join(file);
        fs::create_dir_all(to.parent().unwrap_or(&kept)).map_err(chain)?;
        match file {
            "outcome.txt" => fs::write(&to, outcome).map_err(chain)?,
            "interlock.toml" => fs::write(&to, CONFIG).map_err(chain)?,
            _ if !world.path(file).exists() => drop(fs::remove_file(&to)),
            _ => fs::write(&to, fs::read(world.path(file)).map_err(chain)?).map_err(chain)?,
        }
    }
    println!("\nrecorded in {}", kept.display());
    Ok(())
}

/// The sources are gone with their servers.
const CONFIG: &str = "\
version = 1
policy = \"policies/postgres.toml\"
state_dir = \"state\"
runbooks = []
";

/// Plays what was kept.
pub(super) async fn play(pause: bool) -> Result<(), Stop> {
    let folder = tempfile::Builder::new()
        .prefix("interlock-recorded-")
        .tempdir()
        .map_err(chain)?;
    unpack(folder.path())?;
    let binary = interlock_binary().map_err(chain)?;
    let company = Company::alone(folder.path(), &binary, pause)?;

    super::scene("A run that was recorded: what the runbook saw, and what it proposed.");
    let runs = company.bob(&["runs", "list"]).await?;
    super::expect(&runs, 0)?;
    let run = word_after(&runs.text, "r-").map(|rest| format!("r-{rest}"))?;
    super::expect(&company.bob(&["runs", "show", &run]).await?, 0)?;

    super::scene("What was approved was carried out. The words of that day:");
    print!(
        "\n{}",
        fs::read_to_string(folder.path().join("outcome.txt")).map_err(chain)?
    );

    super::scene(
        "Anyone with the journal can check what was decided, by whom, and what came of it.",
    );
    super::expect(&company.bob(&["journal", "verify"]).await?, 0)?;

    super::scene("The run plays again from its record, and gives the same bytes.");
    super::expect(&company.bob(&["replay", &run]).await?, 0)
}

fn unpack(to: &Path) -> Result<(), String> {
    for (file, mode) in KEPT {
        let (from, to) = (folder().join(file), to.join(file));
        if !from.exists() {
            continue;
        }
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(chain)?;
        }
        fs::copy(from, &to).map_err(chain)?;
        fs::set_permissions(&to, Permissions::from_mode(mode)).map_err(chain)?;
    }
    fs::set_permissions(to.join("state"), Permissions::from_mode(0o700)).map_err(chain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_recorded_incident_plays() {
        match play(false).await {
            Ok(()) => {}
            Err(Stop::Failed(why)) => panic!("{why}"),
            Err(Stop::Interrupted) => panic!("interrupted"),
        }
    }
}
