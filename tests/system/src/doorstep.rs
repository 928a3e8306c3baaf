//! A host without anything around it: a policy, a runbook of one read step, a server's doors.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use tempfile::TempDir;
use tokio::process::Command;

use crate::{Asker, Served, WorldError, encode, interlock_binary};

/// One read of the incident's alerts, waited for, and a report that names no cause.
pub const ALERTS_ONCE: &str = include_str!("../wat/alerts_once.wat");
/// One read of a metric, waited for as long as it takes, and a report that names no cause.
pub const METRIC_ONCE: &str = include_str!("../wat/metric_once.wat");

/// The folder.
#[derive(Debug)]
pub struct Doorstep {
    folder: TempDir,
    binary: PathBuf,
}

impl Doorstep {
    /// The runbook's name.
    pub const RUNBOOK: &str = "look-once";
    /// The runbook as a tool.
    pub const TOOL: &str = "run_look_once";

    /// With a step of this core module, `callers` in every caller's line and `config` at the end of
    /// the configuration.
    pub fn new(module: &str, callers: &str, config: &str) -> Result<Doorstep, WorldError> {
        let doorstep = Doorstep {
            binary: interlock_binary()?,
            folder: tempfile::Builder::new()
                .prefix("interlock-doorstep-")
                .tempdir()
                .map_err(WorldError::io("make a temporary folder"))?,
        };
        doorstep.install(Self::RUNBOOK, module)?;
        let own = std::fs::metadata(doorstep.folder.path());
        let uid = own.map_err(WorldError::io("look at a folder"))?.uid();
        let policy = format!(
            "version = 1\n\n[[caller]]\nname = \"here\"\nuid = {uid}\nunattended = true\n{callers}\n\n\
             {}\n[[read]]\nrunbooks = [\"*\"]\ncapabilities = [\"alerts\", \"metrics\"]\n\n\
             [sandbox]\nwall_time = \"5m\"\n",
            Asker::lines(callers)
        );
        // The owners of the agents must be approvers; nobody here has one of their keys.
        let approvers = [("bob", BOB), ("carol", CAROL)].map(|(name, key)| {
            format!(
                "[[approver]]\nname = \"{name}\"\nkeys = [\"{key} {name}\"]\nroles = [\"sre\"]\n\n"
            )
        });
        doorstep.write("policy.toml", format!("{policy}\n{}", approvers.concat()))?;
        let config = format!(
            "version = 1\npolicy = \"policy.toml\"\nstate_dir = \"state\"\n\
             runbooks = [\"runbooks\"]\n\n[server]\nlisten = \"127.0.0.1:0\"\n\n{config}"
        );
        doorstep.write("interlock.toml", config)?;
        for asker in Asker::ALL {
            doorstep.write(&format!("{}.token", asker.name()), asker.token())?;
        }
        Ok(doorstep)
    }

    /// Installs a runbook of one read step.
    pub fn install(&self, name: &str, module: &str) -> Result<(), WorldError> {
        let folder = format!("runbooks/{name}/components");
        std::fs::create_dir_all(self.path(&folder)).map_err(WorldError::io("make a folder"))?;
        self.write(&format!("{folder}/diagnose.wasm"), encode(module)?)?;
        let manifest = format!(
            "name = \"{name}\"\nversion = \"1.0.0\"\nalerts = [\"Anything\"]\n\n\
             [causes]\nnothing = \"nothing is wrong\"\n\n[[step]]\nname = \"diagnose\"\n"
        );
        self.write(&format!("runbooks/{name}/runbook.toml"), manifest)
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file that only its owner may read.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> Result<(), WorldError> {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(name);
        std::fs::write(&path, bytes)
            .and_then(|()| std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)))
            .map_err(WorldError::io(format!("write `{name}`")))
    }

    /// `interlock` with these arguments, in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command
            .current_dir(self.folder.path())
            .args(arguments)
            .kill_on_drop(true);
        command
    }

    /// Starts `interlock serve`.
    pub async fn serve(&self) -> Result<Served, WorldError> {
        Served::start(self.command(&["serve"])).await
    }
}

const BOB: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOyCRKOI1r/ScSJ0zEw6TQWtyTLUUbwMgKv0/TSyxQM0";
const CAROL: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJxB7WSDPjDTgsBOCXE+o9+YdS32MEA3mdQurDhTRw5u";
