//! Runs a program to its end, with a limit on its time and on what is kept of its words.

use crate::BuildError;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// What is kept of each stream at the most.
const KEPT_BYTES_MAX: u64 = 16 << 20;
/// What of it an error repeats.
const SHOWN_LINES_MAX: usize = 60;

/// How a program ended, and what it said.
pub(crate) struct Ran {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs `command` without input. With `echo`, its standard error is passed on line by line.
pub(crate) fn run(command: &mut Command, limit: Duration, echo: Echo) -> Result<Ran, BuildError> {
    let program = shown(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| BuildError::Start {
            program: program.clone(),
            source,
        })?;
    let stdout = collect(child.stdout.take(), Echo::Nothing);
    let stderr = collect(child.stderr.take(), echo);

    let deadline = Instant::now() + limit;
    let mut pause = Duration::from_millis(2);
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if Instant::now() >= deadline => {
                // Already ended is as good as killed.
                let _ = child.kill();
                let _ = child.wait();
                return Err(BuildError::TooSlow {
                    program,
                    seconds: limit.as_secs(),
                });
            }
            Ok(None) => std::thread::sleep(pause),
            Err(source) => return Err(BuildError::Start { program, source }),
        }
        pause = (pause * 2).min(Duration::from_millis(50));
    };
    // A grandchild may hold the pipes open: do not wait for it beyond a moment.
    let last = Duration::from_secs(5);
    let stdout = stdout.recv_timeout(last).unwrap_or_default();
    let stderr = stderr.recv_timeout(last).unwrap_or_default();
    Ok(Ran {
        status,
        stdout,
        stderr,
    })
}

/// Like [`run`], and an exit code other than 0 is an error that repeats the program's last words.
pub(crate) fn run_ok(
    command: &mut Command,
    limit: Duration,
    echo: Echo,
) -> Result<Ran, BuildError> {
    let ran = run(command, limit, echo)?;
    if ran.status.success() {
        return Ok(ran);
    }
    let lines: Vec<&str> = ran.stderr.lines().collect();
    let tail = &lines[lines.len().saturating_sub(SHOWN_LINES_MAX)..];
    Err(BuildError::Failed {
        program: shown(command),
        status: ran.status.to_string(),
        output: tail.join("\n"),
    })
}

/// What to do with a program's standard error beside keeping it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Echo {
    Nothing,
    Stderr,
}

fn collect(stream: Option<impl Read + Send + 'static>, echo: Echo) -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        if let Some(stream) = stream {
            let mut lines = BufReader::new(stream);
            let mut line = Vec::new();
            // The rest is read and dropped, or the program would block on a full pipe.
            while matches!(lines.by_ref().take(KEPT_BYTES_MAX).read_until(b'\n', &mut line), Ok(n) if n > 0)
            {
                if echo == Echo::Stderr {
                    eprint!("{}", String::from_utf8_lossy(&line));
                }
                if (kept.len() + line.len()) as u64 <= KEPT_BYTES_MAX {
                    kept.append(&mut line);
                }
                line.clear();
            }
        }
        // The receiver may have given up waiting.
        let _ = send.send(String::from_utf8_lossy(&kept).into_owned());
    });
    receive
}

fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .take(3)
            .map(|a| a.to_string_lossy().into_owned()),
    );
    words.join(" ")
}
