//! People at keyboards: a command is shown as they type it, run as they, and its words are passed on.

use super::{chain, prompt};
use interlock_system_tests::{Person, World};
use std::fs::{self, Permissions};
use std::io::IsTerminal;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::unix::pipe::Receiver;
use tokio::process::Command;

/// The people of the demo, and where each of them sits.
pub(super) struct Company {
    bob: Seat,
    alice: Seat,
    apart: bool,
    pause: bool,
}

#[derive(Clone)]
struct Seat {
    name: &'static str,
    folder: PathBuf,
    /// A script that runs `interlock` as this person, for the demo and for trying by hand.
    script: PathBuf,
}

/// How a command ended, and everything it said, in the order in which it said it.
pub(super) struct Said {
    pub(super) code: i32,
    pub(super) text: String,
}

impl Company {
    pub(super) fn gather(world: &World, pause: bool) -> Result<Company, String> {
        let seat = |who: Person, folder: PathBuf| -> Result<Seat, String> {
            let (name, people) = (who.name(), &world.people);
            let uid = people.uid(who);
            let as_them = if people.are_apart() {
                format!("setpriv --reuid={uid} --regid={uid} --clear-groups ")
            } else {
                String::new()
            };
            let script = world.path(name);
            let (home, program) = (people.home(who), world.path("bin/interlock"));
            write_script(&script, &folder, &as_them, &home, &program)?;
            people.give(&script, who, 0o755).map_err(chain)?;
            Ok(Seat {
                name,
                folder,
                script,
            })
        };
        Ok(Company {
            bob: seat(Person::Bob, world.path(""))?,
            alice: seat(Person::Alice, world.people.home(Person::Alice))?,
            apart: world.people.are_apart(),
            pause,
        })
    }

    /// Whoever runs the demo sits at both keyboards.
    pub(super) fn alone(folder: &Path, program: &Path, pause: bool) -> Result<Company, String> {
        let script = folder.join("bob");
        write_script(&script, folder, "", folder, program)?;
        fs::set_permissions(&script, Permissions::from_mode(0o755)).map_err(chain)?;
        let bob = Seat {
            name: "bob",
            folder: folder.to_owned(),
            script,
        };
        Ok(Company {
            alice: bob.clone(),
            bob,
            apart: false,
            pause,
        })
    }

    /// Whether the two have accounts of their own.
    pub(super) fn is_apart(&self) -> bool {
        self.apart
    }

    /// Bob runs `interlock` with these arguments.
    pub(super) async fn bob(&self, arguments: &[&str]) -> Result<Said, String> {
        self.run(&self.bob, arguments).await
    }

    /// Alice does.
    pub(super) async fn alice(&self, arguments: &[&str]) -> Result<Said, String> {
        self.run(&self.alice, arguments).await
    }

    async fn run(&self, seat: &Seat, arguments: &[&str]) -> Result<Said, String> {
        let typed: Vec<String> = arguments.iter().map(|word| quoted(word)).collect();
        println!("\n{}$ interlock {}", seat.name, typed.join(" "));
        if self.pause {
            tokio::task::spawn_blocking(prompt::enter)
                .await
                .map_err(chain)?;
        }
        // One pipe for both streams keeps their order.
        let no_pipe = |e: std::io::Error| format!("no pipe: {e}");
        let (read, write) = std::io::pipe().map_err(no_pipe)?;
        let mut command = Command::new(&seat.script);
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(write.try_clone().map_err(no_pipe)?)
            .stderr(write)
            .kill_on_drop(true);
        let mut child = command
            .spawn()
            .map_err(|e| format!("cannot run `interlock`: {e}"))?;
        // Our copies of the writing end would keep the pipe open.
        drop(command);
        let read = Receiver::from_owned_fd(read.into()).map_err(no_pipe)?;
        let mut lines = BufReader::new(read).lines();
        let mut text = String::new();
        while let Some(line) = lines.next_line().await.map_err(chain)? {
            println!("{line}");
            text.push_str(&line);
            text.push('\n');
        }
        let status = child.wait().await.map_err(chain)?;
        let code = status.code().unwrap_or(-1);
        println!("{}", faint(&format!("(exit code {code})")));
        Ok(Said { code, text })
    }

    /// How to go on by hand.
    pub(super) fn say_hints(&self) {
        println!("\nto go on by hand:");
        for seat in [&self.bob, &self.alice] {
            println!(
                "  {} ...    is `interlock ...` as {}, in {}",
                seat.script.display(),
                seat.name,
                seat.folder.display()
            );
        }
        println!("for example:\n  {} doctor", self.bob.script.display());
        println!("  {} runs list", self.bob.script.display());
        println!("  {} journal verify", self.bob.script.display());
    }
}

fn write_script(
    script: &Path,
    folder: &Path,
    as_them: &str,
    home: &Path,
    program: &Path,
) -> Result<(), String> {
    let path = |path: &Path| quoted(&path.display().to_string());
    let text = format!(
        "#!/bin/sh\n# `interlock` as one of the people of the demo, where that person works.\n\
         cd {} && exec {as_them}env -i PATH=\"$PATH\" HOME={} {} \"$@\"\n",
        path(folder),
        path(home),
        path(program),
    );
    fs::write(script, text).map_err(chain)
}

/// The word that follows `before`, without the punctuation after it.
pub(super) fn word_after(text: &str, before: &str) -> Result<String, String> {
    let rest = text.split_once(before).map(|(_, rest)| rest);
    let word = rest.and_then(|rest| rest.split_whitespace().next());
    word.map(|word| word.trim_end_matches([':', ',', '.', '`']).to_owned())
        .ok_or_else(|| format!("the last command does not say `{before}`"))
}

/// A word as it is typed in a shell.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

fn faint(text: &str) -> String {
    if std::io::stdout().is_terminal() {
        format!("\x1b[2m{text}\x1b[0m")
    } else {
        text.to_owned()
    }
}
