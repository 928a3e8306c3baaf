//! The working place itself.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use interlock_test_servers::incident::Cast;
use interlock_test_servers::postgres::RESERVED_ROLE;
use interlock_test_servers::{
    Incident, Pace, Plot, Postgres, Scenario, Stack, Variant, repository, runbook,
};
use tempfile::TempDir;

use crate::{Asker, People, Person, Ran, Served, WorldError, files, interlock_binary};

/// The shipped runbook.
const RUNBOOK: &str = "postgres-connections";
/// No command of a test may take longer.
const COMMAND_WITHIN: Duration = Duration::from_secs(120);

/// The scale of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// The shipped manifest with its minutes cut to seconds: `-i stuck_after=2s` counts.
    Seconds,
    /// The shipped manifest as it is: `-i stuck_after=1m` is the least, and a world takes as long.
    AsShipped,
}

/// What is to be in a [`World`].
#[derive(Debug, Clone)]
pub struct WorldBuilder {
    scenario: Scenario,
    times: Times,
    watched: bool,
    policy: Vec<(String, String)>,
    served: Option<String>,
}

impl WorldBuilder {
    /// With callers for the doors ([`Asker`]), `callers` in the line of each, and a server
    /// configured that [`World::serve`] starts.
    pub fn served(mut self, callers: &str) -> Self {
        self.served = Some(callers.to_owned());
        self
    }

    /// The second cast instead of the first.
    pub fn variant(mut self, variant: Variant) -> Self {
        self.scenario.variant = variant;
        self
    }

    /// The scale of time; seconds unless told.
    pub fn times(mut self, times: Times) -> Self {
        self.times = times;
        self
    }

    /// No exporter, Prometheus and Alertmanager: starts sooner, and metrics cannot be asked.
    pub fn unwatched(mut self) -> Self {
        self.watched = false;
        self
    }

    /// Replaces a text in the policy.
    pub fn policy(mut self, from: &str, to: &str) -> Self {
        self.policy.push((from.to_owned(), to.to_owned()));
        self
    }

    /// Starts the servers and the incident, and writes every file; the incident is ripe.
    pub async fn start(self) -> Result<World, WorldError> {
        let binary = interlock_binary()?;
        let built = tokio::task::spawn_blocking(|| runbook(RUNBOOK).map_err(|e| e.to_string()));
        let ground = if self.watched {
            Ground::Watched(Box::new(Stack::start(self.scenario.stack()).await?))
        } else {
            Ground::Alone(Box::new(self.scenario.postgres().start().await?))
        };
        built
            .await
            .map_err(|e| WorldError::Runbook { why: e.to_string() })?
            .map_err(|why| WorldError::Runbook { why })?;
        let pace = self.pace();
        let incident = match &ground {
            Ground::Watched(stack) => self.scenario.begin_on(stack, pace).await?,
            Ground::Alone(postgres) => self.scenario.begin(postgres, pace).await?,
        };
        let folder = tempfile::Builder::new()
            .prefix("interlock-world-")
            .tempdir()
            .map_err(WorldError::io("make a temporary folder"))?;
        let people = People::settle(folder.path())?;
        let world = World {
            incident,
            ground,
            people,
            binary,
            folder,
        };
        world.write_all(&self)?;
        world.incident.ripe().await;
        Ok(world)
    }

    fn pace(&self) -> Pace {
        if self.times == Times::AsShipped {
            return Pace::minute();
        }
        let seconds = Duration::from_secs;
        // A rate over one minute needs that minute before it says anything of daily business.
        let calm = seconds(if self.watched { 75 } else { 1 });
        let age = seconds(match self.scenario.plot {
            // A session counts as unused from half a minute on.
            Plot::LeakAfterDeployment => 32,
            // Until the rise shows in that rate.
            Plot::TrafficSurge => 45,
            _ => 3,
        });
        Pace {
            calm,
            age,
            ..Pace::fast()
        }
    }
}

/// What a world stands on.
#[derive(Debug)]
enum Ground {
    Watched(Box<Stack>),
    Alone(Box<Postgres>),
}

/// Servers, an incident, people, and the files that Interlock is configured by.
#[derive(Debug)]
pub struct World {
    // Clients before their servers: fields are dropped in this order.
    /// What is going on.
    pub incident: Incident,
    ground: Ground,
    /// Who is there.
    pub people: People,
    binary: PathBuf,
    folder: TempDir,
}

impl World {
    /// A world where this goes wrong.
    pub fn build(plot: Plot) -> WorldBuilder {
        WorldBuilder {
            scenario: Scenario {
                plot,
                variant: Variant::First,
            },
            times: Times::Seconds,
            watched: true,
            policy: Vec::new(),
            served: None,
        }
    }

    /// The database.
    pub fn postgres(&self) -> &Postgres {
        match &self.ground {
            Ground::Watched(stack) => &stack.postgres,
            Ground::Alone(postgres) => postgres,
        }
    }

    /// What watches it, if anything does.
    pub fn stack(&self) -> Option<&Stack> {
        match &self.ground {
            Ground::Watched(stack) => Some(stack),
            Ground::Alone(_) => None,
        }
    }

    /// Names and numbers of this world.
    pub fn cast(&self) -> &'static Cast {
        self.incident.cast
    }

    /// A path in the host's folder, where `interlock.toml` is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the real binary as that person: the host's folder is Bob's working directory, others start in
    /// their homes. The environment holds `PATH` and `HOME`.
    pub async fn interlock(&self, who: Person, arguments: &[&str]) -> Result<Ran, WorldError> {
        self.run(who, &self.path("bin/interlock"), arguments).await
    }

    /// Starts `interlock serve` as Bob; the world must be built [`WorldBuilder::served`].
    pub async fn serve(&self) -> Result<Served, WorldError> {
        let mut command = self.command(Person::Bob, &self.path("bin/interlock"));
        command.arg("serve").stderr(Stdio::inherit());
        Served::start(command).await
    }

    /// Runs any program to its end, as [`World::interlock`] runs its own.
    pub async fn run(
        &self,
        who: Person,
        program: &Path,
        arguments: &[&str],
    ) -> Result<Ran, WorldError> {
        let joined = arguments.join(" ");
        let child = self
            .command(who, program)
            .args(arguments)
            .spawn()
            .map_err(WorldError::io(format!("start `{}`", program.display())))?;
        let output = tokio::time::timeout(COMMAND_WITHIN, child.wait_with_output())
            .await
            .map_err(|_| WorldError::Hung {
                arguments: joined.clone(),
                seconds: COMMAND_WITHIN.as_secs(),
            })?
            .map_err(WorldError::io("wait for a program"))?;
        Ok(Ran {
            arguments: joined,
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// A program as [`World::run`] would start it; it dies when its handle is dropped.
    pub fn command(&self, who: Person, program: &Path) -> tokio::process::Command {
        let here = match who {
            Person::Bob => self.folder.path().to_owned(),
            Person::Alice | Person::Carol | Person::Mallory => self.people.home(who),
        };
        let mut command = self.people.command(who, program);
        command
            .current_dir(here)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.people.home(who))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// Makes a folder beside `interlock.toml` that all may enter and that person may write to.
    pub fn make_folder(&self, name: &str, owner: Person) -> Result<PathBuf, WorldError> {
        let path = self.path(name);
        fs::create_dir(&path).map_err(WorldError::io(format!("make `{name}`")))?;
        self.people.give(&path, owner, 0o755)?;
        Ok(path)
    }

    /// The one file of a folder whose name is so.
    pub fn only_file(
        &self,
        folder: &str,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<String, WorldError> {
        let entries = fs::read_dir(folder).map_err(WorldError::io("read a folder"))?;
        let mut names: Vec<PathBuf> = entries
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| {
                path.file_name()
                    .and_then(|name| name.to_str())
                    .is_some_and(&wanted)
            })
            .collect();
        match (names.pop(), names.pop()) {
            (Some(path), None) => Ok(path.display().to_string()),
            (one, two) => {
                let found = format!("not one file in `{folder}`: {one:?}, {two:?}");
                Err(WorldError::io("find a file")(std::io::Error::other(found)))
            }
        }
    }

    /// Whether any file of the state folder holds these bytes.
    pub fn state_holds(&self, text: &str) -> Result<bool, WorldError> {
        let mut folders = vec![self.path("state")];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).map_err(WorldError::io("read the state"))?;
            for entry in entries {
                let path = entry.map_err(WorldError::io("read the state"))?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let bytes = fs::read(&path).map_err(WorldError::io("read the state"))?;
                if bytes
                    .windows(text.len())
                    .any(|window| window == text.as_bytes())
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Writes a file of the host's account.
    pub fn write(&self, name: &str, text: &str, mode: u32) -> Result<PathBuf, WorldError> {
        let path = self.path(name);
        fs::write(&path, text).map_err(WorldError::io(format!("write `{name}`")))?;
        self.people.give(&path, Person::Bob, mode)?;
        Ok(path)
    }

    fn write_all(&self, setup: &WorldBuilder) -> Result<(), WorldError> {
        let (cast, people, postgres) = (self.cast(), &self.people, self.postgres());
        let components = format!("runbooks/{RUNBOOK}/components");
        for (folder, mode) in [("policies", 0o755), ("secrets", 0o700), ("bin", 0o755)] {
            fs::create_dir(self.path(folder)).map_err(WorldError::io("make a folder"))?;
            people.give(&self.path(folder), Person::Bob, mode)?;
        }
        people.give(self.folder.path(), Person::Bob, 0o755)?;
        // The program may lie where only the one who built it can go.
        let program = self.path("bin/interlock");
        fs::hard_link(&self.binary, &program)
            .or_else(|_| fs::copy(&self.binary, &program).map(|_| ()))
            .map_err(WorldError::io("bring the program"))?;

        fs::create_dir_all(self.path(&components)).map_err(WorldError::io("make a folder"))?;
        let shipped = repository().join("runbooks").join(RUNBOOK);
        copy_files(&shipped.join("components"), &self.path(&components))?;
        let manifest = fs::read_to_string(shipped.join("runbook.toml"))
            .map_err(WorldError::io("read the shipped manifest"))?;
        let (manifest, age_min_s) = match setup.times {
            Times::Seconds => (files::short_times(&manifest)?, 1),
            Times::AsShipped => (manifest, 60),
        };
        self.write(
            &format!("runbooks/{RUNBOOK}/runbook.toml"),
            &manifest,
            0o644,
        )?;

        let mut policy = files::policy(cast, people, age_min_s)?;
        if let Some(callers) = &setup.served {
            let lines = Asker::lines(callers);
            policy = policy.replacen("[[read]]", &format!("{lines}[[read]]"), 1);
        }
        for (from, to) in &setup.policy {
            policy = policy.replace(from, to);
        }
        self.write("policies/postgres.toml", &policy, 0o644)?;
        let mut config = files::config(cast, postgres, self.stack());
        if setup.served.is_some() {
            config.push_str("[server]\nlisten = \"127.0.0.1:0\"\n");
            for asker in Asker::ALL {
                self.write(
                    &format!("secrets/{}.token", asker.name()),
                    asker.token(),
                    0o600,
                )?;
            }
        }
        self.write("interlock.toml", &config, 0o644)?;
        let dsn = postgres.dsn(RESERVED_ROLE, "postgres");
        self.write("secrets/read.dsn", &dsn, 0o600)?;
        self.write("secrets/write.dsn", &dsn, 0o600)?;
        let known = self.incident.files();
        self.write("changes.toml", &known.changes, 0o644)?;
        self.write("topology.toml", &known.topology, 0o644)?;
        self.write("incident.toml", &known.incident, 0o644)?;
        Ok(())
    }
}

fn copy_files(from: &Path, to: &Path) -> Result<(), WorldError> {
    let entries = fs::read_dir(from).map_err(WorldError::io("read the components"))?;
    for entry in entries {
        let entry = entry.map_err(WorldError::io("read the components"))?;
        let copy = to.join(entry.file_name());
        fs::copy(entry.path(), &copy).map_err(WorldError::io("copy a component"))?;
        fs::set_permissions(&copy, fs::Permissions::from_mode(0o644))
            .map_err(WorldError::io("open a component to all"))?;
    }
    Ok(())
}
