//! Stages with a name, a time and an end, and the table that sums them up.

use std::process::Command;
use std::time::{Duration, Instant};

/// How a stage ended.
enum End {
    Passed,
    Failed(String),
    Skipped(&'static str),
}

/// All stages of one run.
pub(crate) struct Stages {
    began: Instant,
    done: Vec<(&'static str, Duration, End)>,
}

impl Stages {
    pub(crate) fn new() -> Self {
        Stages {
            began: Instant::now(),
            done: Vec::new(),
        }
    }

    /// Runs a stage. Gives whether it passed.
    pub(crate) fn run(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<(), String>,
    ) -> bool {
        eprintln!("\n==> {name}");
        let began = Instant::now();
        let end = match work() {
            Ok(()) => End::Passed,
            Err(why) => {
                eprintln!("{name}: {why}");
                End::Failed(why)
            }
        };
        let passed = matches!(end, End::Passed);
        self.done.push((name, began.elapsed(), end));
        passed
    }

    /// Notes a stage that cannot run because an earlier one failed.
    pub(crate) fn skip(&mut self, name: &'static str, why: &'static str) {
        self.done.push((name, Duration::ZERO, End::Skipped(why)));
    }

    /// Prints one line a stage, and gives whether all passed.
    pub(crate) fn summary(&self) -> bool {
        println!("\nstage         time  result");
        let mut all = true;
        for (name, time, end) in &self.done {
            let result = match end {
                End::Passed => "passed".to_owned(),
                End::Failed(why) => format!("FAILED: {}", why.lines().next().unwrap_or_default()),
                End::Skipped(why) => format!("not run: {why}"),
            };
            all &= matches!(end, End::Passed);
            println!("{name:<12}{:>6}  {result}", clock(*time));
        }
        let verdict = if all { "passed" } else { "FAILED" };
        println!("{:<12}{:>6}  {verdict}", "all", clock(self.began.elapsed()));
        all
    }
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}", seconds / 60, seconds % 60)
}

/// Runs a command with its output on ours; an exit code other than 0 is an error.
pub(crate) fn call(command: &mut Command) -> Result<(), String> {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let shown = words.join(" ");
    eprintln!("$ {shown}");
    match command.stdin(std::process::Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` failed ({status})")),
        Err(error) => Err(format!("cannot start `{shown}`: {error}")),
    }
}
