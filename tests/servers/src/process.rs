//! One child process that cannot outlive us.
//!
//! Two things end it: `Drop`, also while a test panics, and the kernel's parent-death signal where the
//! test is killed outright. The kernel sends that signal when the *thread* that forked ends, so one
//! thread, which lives as long as the process, forks for all.

use std::fs::File;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, OnceLock, mpsc};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};

use crate::ServerError;
use crate::binary::SETPRIV;

/// How a process is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// SIGTERM: what most servers take for an orderly end.
    Terminate,
    /// SIGINT: PostgreSQL's fast shutdown, sessions are ended.
    Interrupt,
    /// SIGQUIT: PostgreSQL's immediate shutdown, as after a crash.
    Quit,
    /// SIGKILL.
    Kill,
}

impl Ending {
    fn signal(self) -> Signal {
        match self {
            Self::Terminate => Signal::TERM,
            Self::Interrupt => Signal::INT,
            Self::Quit => Signal::QUIT,
            Self::Kill => Signal::KILL,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Terminate => "TERM",
            Self::Interrupt => "INT",
            Self::Quit => "QUIT",
            Self::Kill => "KILL",
        }
    }
}

/// What to run, as whom, and where its words go.
#[derive(Debug)]
pub struct Start<'a> {
    /// The server's name in messages.
    pub server: &'static str,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Added to the environment, which holds nothing else but `PATH` and `LC_ALL`.
    pub environment: Vec<(String, String)>,
    /// Standard output and standard error, appended.
    pub log: &'a Path,
    /// The working directory.
    pub folder: &'a Path,
    /// The user to run as, where it is not ours.
    pub user: Option<User>,
    /// The signal that ends it when we are gone.
    pub at_death: Ending,
}

/// A user by number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct User {
    /// User id.
    pub uid: u32,
    /// Primary group id.
    pub gid: u32,
}

impl User {
    /// The user of that name in `/etc/passwd`.
    pub fn named(name: &str) -> Option<Self> {
        let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
        passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            if fields.next()? != name {
                return None;
            }
            let uid = fields.nth(1)?.parse().ok()?;
            let gid = fields.next()?.parse().ok()?;
            Some(Self { uid, gid })
        })
    }
}

/// Whether this process may start others as another user.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// A running server process; dropping it ends it.
#[derive(Debug)]
pub struct Process {
    server: &'static str,
    child: Child,
    log: PathBuf,
    at_death: Ending,
}

impl Process {
    /// Starts it in a process group of its own.
    pub fn start(start: &Start<'_>) -> Result<Self, ServerError> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(start.log)
            .map_err(ServerError::io(format!(
                "open the log of `{}`",
                start.server
            )))?;
        let also = log.try_clone().map_err(ServerError::io("share a log"))?;
        let mut command = Command::new(SETPRIV.find()?);
        command.arg("--pdeathsig").arg(start.at_death.name());
        if let Some(user) = start.user {
            command
                .arg(format!("--reuid={}", user.uid))
                .arg(format!("--regid={}", user.gid));
            command.arg("--clear-groups");
        }
        command
            .arg(&start.program)
            .args(&start.arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", "C")
            .envs(start.environment.iter().map(|(k, v)| (k, v)))
            .current_dir(start.folder)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(also)
            .process_group(0);
        let child = fork(command).map_err(ServerError::io(format!("start `{}`", start.server)))?;
        Ok(Self {
            server: start.server,
            child,
            log: start.log.to_owned(),
            at_death: start.at_death,
        })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `Ok` while it runs; otherwise the end of its log.
    pub fn still_runs(&mut self, port: u16) -> Result<(), ServerError> {
        if matches!(self.child.try_wait(), Ok(None)) {
            return Ok(());
        }
        let tail = tail(&self.log);
        if tail.contains("ddress already in use") {
            return Err(ServerError::PortTaken {
                server: self.server,
                port,
            });
        }
        Err(ServerError::Ended {
            server: self.server,
            log: self.log.clone(),
            tail,
        })
    }

    /// Ends it as asked and waits; kills it after `within`.
    pub fn end(&mut self, how: Ending, within: Duration) -> Option<ExitStatus> {
        if let Ok(Some(status)) = self.child.try_wait() {
            return Some(status);
        }
        self.signal(how);
        let deadline = Instant::now() + within;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.signal(Ending::Kill);
        self.child.wait().ok()
    }

    /// Stops it where it stands, as an overloaded host would; [`Process::go_on`] lets it run again.
    pub fn freeze(&self) {
        self.send(Signal::STOP);
    }

    /// The other half of [`Process::freeze`].
    pub fn go_on(&self) {
        self.send(Signal::CONT);
    }

    fn signal(&self, how: Ending) {
        // A stopped process takes no other signal than SIGKILL.
        self.send(how.signal());
        self.send(Signal::CONT);
    }

    fn send(&self, signal: Signal) {
        // The child leads its group, and while `child` is not reaped its number names nobody else.
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end(self.at_death, Duration::from_secs(5));
    }
}

/// Runs a program to its end as that user; what it wrote comes back where it failed.
pub fn run_to_end(
    program: &Path,
    arguments: &[&str],
    folder: &Path,
    user: Option<User>,
) -> Result<String, ServerError> {
    let mut command = Command::new(SETPRIV.find()?);
    command.args(["--pdeathsig", "KILL"]);
    if let Some(user) = user {
        command
            .arg(format!("--reuid={}", user.uid))
            .arg(format!("--regid={}", user.gid));
        command.arg("--clear-groups");
    }
    command
        .arg(program)
        .args(arguments)
        .current_dir(folder)
        .env("LC_ALL", "C");
    let name = program.display().to_string();
    let output = command
        .output()
        .map_err(ServerError::io(format!("run `{name}`")))?;
    let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
    said.push_str(&String::from_utf8_lossy(&output.stderr));
    if output.status.success() {
        return Ok(said);
    }
    if let Some(signal) = output.status.signal() {
        said.push_str(&format!("(signal {signal})"));
    }
    Err(ServerError::Failed {
        program: name,
        said,
    })
}

/// The last kilobyte of a file.
pub fn tail(path: &Path) -> String {
    let text = std::fs::read(path).unwrap_or_default();
    let from = text.len().saturating_sub(1024);
    String::from_utf8_lossy(&text[from..]).into_owned()
}

type Request = (Command, mpsc::Sender<std::io::Result<Child>>);

fn fork(command: Command) -> std::io::Result<Child> {
    static FORKER: OnceLock<Mutex<mpsc::Sender<Request>>> = OnceLock::new();
    let forker = FORKER.get_or_init(|| {
        let (sender, requests) = mpsc::channel::<Request>();
        std::thread::spawn(move || {
            for (mut command, answer) in requests {
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(sender)
    });
    let (answer, child) = mpsc::channel();
    let gone = || std::io::Error::other("the forking thread is gone");
    forker
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
        .send((command, answer))
        .map_err(|_| gone())?;
    child.recv().map_err(|_| gone())?
}
