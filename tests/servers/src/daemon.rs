//! What the HTTP servers share: a folder, a port that may have to be chosen again, readiness.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::binary::Binary;
use crate::process::{Ending, Process, Start};
use crate::ready::READY_WITHIN;
use crate::{ServerError, free_port, http};

/// How one HTTP server is started.
pub(crate) struct Recipe<'a> {
    pub(crate) binary: Binary,
    /// Arguments for a port and a folder.
    pub(crate) arguments: &'a (dyn Fn(u16, &Path) -> Vec<String> + Sync),
    pub(crate) environment: Vec<(String, String)>,
    /// Files to be found in the folder.
    pub(crate) files: Vec<(&'static str, String)>,
    /// A path that answers 200 once it serves.
    pub(crate) ready: &'static str,
}

/// A running HTTP server.
#[derive(Debug)]
pub(crate) struct Daemon {
    // Before the folder: fields are dropped in this order.
    pub(crate) process: Process,
    pub(crate) folder: TempDir,
    pub(crate) port: u16,
    pub(crate) log: PathBuf,
}

impl Daemon {
    pub(crate) async fn start(recipe: Recipe<'_>) -> Result<Self, ServerError> {
        let program = recipe.binary.find()?;
        let folder = tempfile::Builder::new()
            .prefix("interlock-server-")
            .tempdir()
            .map_err(ServerError::io("make a temporary folder"))?;
        // A log source is read by another user than the one who started the server.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))
            .map_err(ServerError::io("open a temporary folder"))?;
        for (name, text) in &recipe.files {
            fs::write(folder.path().join(name), text)
                .map_err(ServerError::io(format!("write `{name}`")))?;
        }
        let log = folder.path().join("server.log");
        let mut attempts = 5;
        loop {
            let port = free_port()?;
            let _ = fs::remove_file(&log);
            let mut process = Process::start(&Start {
                server: recipe.binary.name,
                program: program.clone(),
                arguments: (recipe.arguments)(port, folder.path()),
                environment: recipe.environment.clone(),
                log: &log,
                folder: folder.path(),
                user: None,
                at_death: Ending::Kill,
            })?;
            match serves(&mut process, recipe.binary.name, port, recipe.ready).await {
                Ok(()) => {
                    return Ok(Self {
                        process,
                        folder,
                        port,
                        log,
                    });
                }
                Err(ServerError::PortTaken { .. }) if attempts > 1 => attempts -= 1,
                Err(error) => return Err(error),
            }
        }
    }
}

async fn serves(
    process: &mut Process,
    server: &'static str,
    port: u16,
    path: &str,
) -> Result<(), ServerError> {
    let started = Instant::now();
    loop {
        process.still_runs(port)?;
        let last = match http::get(port, path).await {
            Ok(answer) if answer.status == 200 => break,
            Ok(answer) => format!("status {}", answer.status),
            Err(error) => error.to_string(),
        };
        if started.elapsed() > READY_WITHIN {
            return Err(ServerError::NotReady {
                server,
                after: READY_WITHIN,
                last,
            });
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    // Somebody else's server on the same port may have answered.
    process.still_runs(port)
}
