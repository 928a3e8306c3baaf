//! A server that listens, and whoever asks it.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::WorldError;

/// A server must listen within this.
const LISTENS_WITHIN: Duration = Duration::from_secs(30);

/// Who asks over the doors; each has a token of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Asker {
    /// An agent that Bob stands behind.
    Agent,
    /// Another agent, that Carol stands behind.
    Other,
    /// The webhook of Alertmanager: nobody stands behind it.
    Alerts,
    /// The page that approvers read: may only read.
    Page,
}

impl Asker {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Agent, Self::Other, Self::Alerts, Self::Page];

    /// The name in the policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agent => "triage-agent",
            Self::Other => "other-agent",
            Self::Alerts => "alertmanager",
            Self::Page => "page",
        }
    }

    /// The bearer token: for a server that lives as long as one test.
    pub fn token(self) -> &'static str {
        match self {
            Self::Agent => "token-of-the-triage-agent-in-a-test-world-4f0b",
            Self::Other => "token-of-the-other-agent-in-a-test-world-91ce",
            Self::Alerts => "token-of-the-webhook-in-a-test-world-77d2",
            Self::Page => "token-of-the-page-in-a-test-world-c05a",
        }
    }

    /// The line's other keys.
    fn keys(self) -> &'static str {
        match self {
            Self::Agent => "owner = \"bob\"\n",
            Self::Other => "owner = \"carol\"\n",
            Self::Alerts => "unattended = true\n",
            Self::Page => "unattended = true\nread_only = true\n",
        }
    }

    /// The `[[caller]]` lines of all of them; `more` stands in each.
    pub fn lines(more: &str) -> String {
        let line = |asker: Asker| {
            format!(
                "[[caller]]\nname = \"{}\"\nbearer_sha256 = \"{}\"\n{}{more}\n",
                asker.name(),
                sha256(asker.token()),
                asker.keys(),
            )
        };
        Self::ALL.into_iter().map(line).collect()
    }
}

fn sha256(text: &str) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(text))
}

/// A server that listens; it dies when this is dropped.
#[derive(Debug)]
pub struct Served {
    child: Child,
    /// `http://127.0.0.1:PORT`.
    pub url: String,
}

impl Served {
    /// Starts a server that prints where it listens.
    pub async fn start(mut command: Command) -> Result<Served, WorldError> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(WorldError::io("start a server"))?;
        let silent = || WorldError::Silent {
            seconds: LISTENS_WITHIN.as_secs(),
        };
        let out = child.stdout.take().ok_or_else(silent)?;
        let mut lines = BufReader::new(out).lines();
        let listens = async {
            loop {
                let line = lines.next_line().await;
                let line = line.map_err(WorldError::io("read what a server prints"))?;
                let line = line.ok_or_else(silent)?;
                let mut words = line.split_whitespace();
                if let Some(url) = words.find(|word| word.starts_with("http://")) {
                    let url = url.trim_end_matches(['/', ',', '.']).to_owned();
                    return Ok::<_, WorldError>(url);
                }
            }
        };
        let url = tokio::time::timeout(LISTENS_WITHIN, listens)
            .await
            .map_err(|_| silent())??;
        // What it prints later must find a reader, or it would stand still.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Served { child, url })
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        let port = self.url.rsplit(':').next().unwrap_or_default();
        port.parse().unwrap_or_default()
    }

    /// Its resident memory, in bytes; 0 where it is gone.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()));
        let status = status.unwrap_or_default();
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next())
            .and_then(|number| number.parse::<u64>().ok());
        kib.unwrap_or_default() * 1024
    }

    /// Kills it as a power cut would: no chance to say anything.
    pub async fn kill(&mut self) {
        // It may be gone already, which is as good.
        let _ = self.child.kill().await;
    }

    /// Asks it to stop as an init system does, and waits; its exit code.
    pub async fn stop(&mut self) -> Result<i32, WorldError> {
        let pid = self.pid().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().await;
        asked.map_err(WorldError::io("send a signal"))?;
        let ended = tokio::time::timeout(Duration::from_secs(60), self.child.wait()).await;
        let hung = |_| WorldError::Hung {
            arguments: "serve".to_owned(),
            seconds: 60,
        };
        let status = ended.map_err(hung)?;
        let status = status.map_err(WorldError::io("wait for a server"))?;
        Ok(status.code().unwrap_or(-1))
    }
}
