//! An agent on a string: the protocol's official client, told what to do line by line.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::{Asker, Served, WorldError, python};

/// No answer may take longer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(90);

/// The client's process.
#[derive(Debug)]
pub struct Puppet {
    // Killed when dropped.
    _child: Child,
    string: ChildStdin,
    says: Lines<BufReader<ChildStdout>>,
}

impl Puppet {
    /// Over streamable HTTP with that asker's token, in a file at `token`. `mode` is `auto`,
    /// `legacy` or a revision's date.
    pub async fn over_http(
        served: &Served,
        token: &Path,
        mode: &str,
    ) -> Result<Puppet, WorldError> {
        let url = format!("{}/mcp", served.url);
        let token = token.display().to_string();
        Self::start(&["http", &url, &token, mode]).await
    }

    /// Over the standard streams of a server that the client starts.
    pub async fn over_stdio(mode: &str, command: &[&str]) -> Result<Puppet, WorldError> {
        Self::start(&[&["stdio", mode], command].concat()).await
    }

    async fn start(arguments: &[&str]) -> Result<Puppet, WorldError> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../agents/drive.py");
        let mut child = Command::new(python()?)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(WorldError::io("start the client"))?;
        let gone = || WorldError::io("hold the client")(std::io::Error::other("no streams"));
        let string = child.stdin.take().ok_or_else(gone)?;
        let says = child.stdout.take().ok_or_else(gone)?;
        Ok(Puppet {
            _child: child,
            string,
            says: BufReader::new(says).lines(),
        })
    }

    /// Has it do one thing; what the client got, or its error's words.
    pub async fn does(&mut self, what: Value) -> Result<Value, WorldError> {
        let line = format!("{what}\n");
        let written = self.string.write_all(line.as_bytes()).await;
        written.map_err(WorldError::io("tell the client"))?;
        let answer = tokio::time::timeout(ANSWERS_WITHIN, self.says.next_line()).await;
        let hung = |_| WorldError::Hung {
            arguments: what.to_string(),
            seconds: ANSWERS_WITHIN.as_secs(),
        };
        let line = answer.map_err(hung)?;
        let line = line.map_err(WorldError::io("hear the client"))?;
        let bad = |why: String| WorldError::io("hear the client")(std::io::Error::other(why));
        let line = line.ok_or_else(|| bad("it ended".into()))?;
        serde_json::from_str(&line).map_err(|error| bad(error.to_string()))
    }

    /// Calls a tool; the whole result.
    pub async fn calls(&mut self, tool: &str, arguments: Value) -> Result<Value, WorldError> {
        let what = json!({ "op": "call", "name": tool, "arguments": arguments });
        let answer = self.does(what).await?;
        match answer.get("ok") {
            Some(result) => Ok(result.clone()),
            None => {
                let why = std::io::Error::other(answer.to_string());
                Err(WorldError::io(format!("call `{tool}`"))(why))
            }
        }
    }
}

impl Asker {
    /// Where a [`World`](crate::World) keeps the token.
    pub fn token_file(self) -> String {
        format!("secrets/{}.token", self.name())
    }
}
