//! The incident as it was recorded once, for machines where its servers cannot run.
//!
//! What is kept is a host's state after `cargo xtask demo --record`: its journal, with every call,
//! the components and the decision. Nothing is acted out: the same binary reads it, checks it and
//! plays the run again. The host's key is kept too, since a journal without its key is refused; no
//! other host knows that key. A journal belongs to one policy file, by its path, so it is played in
//! the very folder where it was recorded.

use super::act::{Company, word_after};
use super::{Stop, chain};
use crate::workspace;
use interlock_system_tests::{World, interlock_binary};
use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// What is kept of a host, and with which mode it is read.
const KEPT: [(&str, u32); 8] = [
    ("interlock.toml", 0o644),
    ("policies/postgres.toml", 0o644),
    ("outcome.txt", 0o644),
    ("place.txt", 0o644),
    ("state/interlock.db", 0o600),
    // What SQLite has not written back yet; absent where it has written all.
    ("state/interlock.db-wal", 0o600),
    ("state/host.key", 0o600),
    ("state/checkpoint", 0o600),
];

/// How long another demo may play at the same place.
const PLACE_WITHIN: Duration = Duration::from_secs(60);

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
            "place.txt" => fs::write(&to, world.path("").display().to_string()).map_err(chain)?,
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
    let place = Place::take().await?;
    let folder = place.0.as_path();
    unpack(folder)?;
    let binary = interlock_binary().map_err(chain)?;
    let company = Company::alone(folder, &binary, pause)?;

    super::scene("A run that was recorded: what the runbook saw, and what it proposed.");
    let runs = company.bob(&["runs", "list"]).await?;
    super::expect(&runs, 0)?;
    let run = word_after(&runs.text, "r-").map(|rest| format!("r-{rest}"))?;
    super::expect(&company.bob(&["runs", "show", &run]).await?, 0)?;

    super::scene("What was approved was carried out. The words of that day:");
    print!(
        "\n{}",
        fs::read_to_string(folder.join("outcome.txt")).map_err(chain)?
    );

    super::scene(
        "Anyone with the journal can check what was decided, by whom, and what came of it.",
    );
    super::expect(&company.bob(&["journal", "verify"]).await?, 0)?;

    super::scene("The run plays again from its record, and gives the same bytes.");
    super::expect(&company.bob(&["replay", &run]).await?, 0)
}

/// The folder where it was recorded; dropping it removes it.
struct Place(PathBuf);

impl Place {
    /// Waits while another demo plays there.
    async fn take() -> Result<Place, String> {
        let path = fs::read_to_string(folder().join("place.txt")).map_err(chain)?;
        let path = PathBuf::from(path.trim_end_matches(['/', '\n']));
        let until = Instant::now() + PLACE_WITHIN;
        loop {
            match fs::create_dir(&path) {
                Ok(()) => return Ok(Place(path)),
                Err(error)
                    if error.kind() == ErrorKind::AlreadyExists && Instant::now() < until =>
                {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                Err(error) => return Err(format!("cannot make `{}`: {error}", path.display())),
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean, as any temporary folder.
        let _ = fs::remove_dir_all(&self.0);
    }
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
