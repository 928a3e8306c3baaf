//! Who is there: people with uids and keys of their own.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use interlock_test_servers::process::is_root;

use crate::WorldError;

/// Somebody at a keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Person {
    /// On call. The host runs under his account, and he asks for what is run.
    Bob,
    /// Role `sre`: she approves.
    Alice,
    /// Roles `sre` and `incident-commander`.
    Carol,
    /// Nobody in the policy.
    Mallory,
}

impl Person {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Bob, Self::Alice, Self::Carol, Self::Mallory];

    /// The name in the policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bob => "bob",
            Self::Alice => "alice",
            Self::Carol => "carol",
            Self::Mallory => "mallory",
        }
    }

    /// Roles as an approver; none: no approver.
    pub fn roles(self) -> &'static [&'static str] {
        match self {
            Self::Bob | Self::Alice => &["sre"],
            Self::Carol => &["sre", "incident-commander"],
            Self::Mallory => &[],
        }
    }
}

/// Their accounts and keys.
#[derive(Debug)]
pub struct People {
    folder: PathBuf,
    /// Whether they have different uids: only root can start programs as somebody else.
    apart: bool,
    own_uid: u32,
}

impl People {
    /// Makes a home and an ed25519 key for each. `folder` is the world's; the keys that the host's account
    /// may use are in its `keys`.
    pub(crate) fn settle(folder: &Path) -> Result<Self, WorldError> {
        let own = fs::metadata(folder).map_err(WorldError::io("look at the world's folder"))?;
        let people = Self {
            folder: folder.to_owned(),
            apart: is_root(),
            own_uid: std::os::unix::fs::MetadataExt::uid(&own),
        };
        let keys = folder.join("keys");
        fs::create_dir(&keys).map_err(WorldError::io("make `keys`"))?;
        for person in Person::ALL {
            let ssh = people.home(person).join(".ssh");
            fs::create_dir_all(&ssh).map_err(WorldError::io("make a home"))?;
            let key = keys.join(person.name());
            make_key(&key, person.name())?;
            let at_home = ssh.join("id_ed25519");
            fs::copy(&key, &at_home).map_err(WorldError::io("copy a key"))?;
            people.give(&key, Person::Bob, 0o600)?;
            people.give(&at_home, person, 0o600)?;
            people.give(&ssh, person, 0o700)?;
            people.give(&people.home(person), person, 0o755)?;
        }
        people.give(&keys, Person::Bob, 0o755)?;
        Ok(people)
    }

    /// Their uid; the same for all where we are not root.
    pub fn uid(&self, person: Person) -> u32 {
        if !self.apart {
            return self.own_uid;
        }
        // Numbers that no package gives to a user.
        61_001
            + match person {
                Person::Bob => 0,
                Person::Alice => 1,
                Person::Carol => 2,
                Person::Mallory => 3,
            }
    }

    /// Whether they have different uids.
    pub fn are_apart(&self) -> bool {
        self.apart
    }

    /// Their home.
    pub fn home(&self, person: Person) -> PathBuf {
        self.folder.join("home").join(person.name())
    }

    /// Their private key, as the host's account may read it.
    pub fn key(&self, person: Person) -> PathBuf {
        self.folder.join("keys").join(person.name())
    }

    /// Their public key's line.
    pub fn public_key(&self, person: Person) -> Result<String, WorldError> {
        let path = self.key(person).with_extension("pub");
        let line = fs::read_to_string(path).map_err(WorldError::io("read a public key"))?;
        Ok(line.trim().to_owned())
    }

    /// Makes a file or folder theirs, with that mode.
    pub fn give(&self, path: &Path, person: Person, mode: u32) -> Result<(), WorldError> {
        let what = || format!("give `{}` to {}", path.display(), person.name());
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
            .map_err(WorldError::io(what()))?;
        if self.apart {
            let uid = self.uid(person);
            chown(path, Some(uid), Some(uid)).map_err(WorldError::io(what()))?;
        }
        Ok(())
    }

    /// The start of a command line that runs something as that person.
    pub(crate) fn command(&self, person: Person, program: &Path) -> tokio::process::Command {
        if !self.apart {
            return tokio::process::Command::new(program);
        }
        let uid = self.uid(person);
        let mut command = tokio::process::Command::new("setpriv");
        command
            .arg(format!("--reuid={uid}"))
            .arg(format!("--regid={uid}"));
        command.arg("--clear-groups").arg(program);
        command
    }
}

fn make_key(path: &Path, name: &str) -> Result<(), WorldError> {
    let output = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
        .arg(path)
        .output()
        .map_err(WorldError::io(
            "run `ssh-keygen` (apt-get install openssh-client)",
        ))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(WorldError::io("make a key")(std::io::Error::other(said)))
}
