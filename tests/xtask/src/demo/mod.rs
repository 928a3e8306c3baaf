//! `cargo xtask demo`: one incident on real servers, from the alert to the journal.
//! Not a test: what must hold is in `tests/system`. It runs the same binary that users run, and
//! prints what they would type and what they would read.

mod act;
mod play;
mod prompt;
mod recorded;

use crate::stage::call;
use crate::{machine, workspace};
use act::{Company, Said};
use interlock_system_tests::World;
use interlock_test_servers::Plot;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};

/// What the user asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// Install what is missing without asking.
    yes: bool,
    /// Leave everything running at the end.
    keep: bool,
    /// Wait for the Enter key before each command.
    pause: bool,
    /// Keep the host's state as the recorded incident.
    record: bool,
    /// Play the recorded incident.
    recorded: bool,
}

impl Options {
    /// Reads the words after `demo`; the error names the first one that is not known.
    pub(crate) fn read<'a>(words: &[&'a str]) -> Result<Options, &'a str> {
        let mut options = Options::default();
        for word in words {
            match *word {
                "--yes" => options.yes = true,
                "--keep" => options.keep = true,
                "--pause" => options.pause = true,
                "--record" => options.record = true,
                "--recorded" => options.recorded = true,
                unknown => return Err(unknown),
            }
        }
        Ok(options)
    }
}

/// Why the demo did not come to its end.
enum Stop {
    /// Somebody pressed ctrl-C, or the machine wants us gone.
    Interrupted,
    /// Something did not work.
    Failed(String),
}

impl From<String> for Stop {
    fn from(why: String) -> Self {
        Stop::Failed(why)
    }
}

pub(crate) fn run(options: Options) -> ExitCode {
    let mut options = options;
    if !options.recorded
        && let Err(why) = servers(options.yes)
    {
        println!("{why}\nthe servers are not there: the recorded incident is played instead");
        options.recorded = true;
    }
    println!("building Interlock and the runbook `postgres-connections`");
    if let Err(why) =
        call(workspace::cargo().args(["build", "--quiet", "--release", "--workspace"]))
    {
        eprintln!("{why}");
        return ExitCode::FAILURE;
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    // Dropping the future drops the servers, the sessions and the folder with it.
    let ended = runtime.block_on(async {
        tokio::select! {
            biased;
            () = interrupted() => Err(Stop::Interrupted),
            ended = async {
                if options.recorded {
                    recorded::play(options.pause).await
                } else {
                    incident(options).await
                }
            } => ended,
        }
    });
    // A thread may still wait for the Enter key.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(Stop::Interrupted) => {
            println!("\ninterrupted: the servers are stopped and their folders removed");
            ExitCode::from(130)
        }
        Err(Stop::Failed(why)) => {
            eprintln!("\nthe demo stopped: {why}");
            ExitCode::FAILURE
        }
    }
}

async fn incident(options: Options) -> Result<(), Stop> {
    println!(
        "starting PostgreSQL, its exporter, Prometheus and Alertmanager, each private and on a free\n\
         port of 127.0.0.1; then real clients work with the database, and one service leaves its\n\
         transactions open until nobody gets in any more"
    );
    let world = World::build(Plot::IdleInTransaction)
        .start()
        .await
        .map_err(chain)?;
    let company = Company::gather(&world, options.pause)?;
    let outcome = play::play(&world, &company).await?;
    if options.record {
        recorded::keep(&world, &outcome)?;
    }
    if options.keep {
        company.say_hints();
        println!("\neverything keeps running until you press Enter or ctrl-C");
        if !prompt::somebody() {
            std::future::pending::<()>().await;
        }
        tokio::task::spawn_blocking(prompt::enter)
            .await
            .map_err(chain)?;
    } else {
        println!(
            "\nthe servers are stopped and their folders removed; `cargo xtask demo --keep` leaves \
             them\nrunning to try by hand, `--pause` waits before each command"
        );
    }
    Ok(())
}

/// Says what is missing and why, and installs it where that is wanted.
fn servers(yes: bool) -> Result<(), String> {
    let lacking = machine::missing(&machine::SERVERS);
    if lacking.is_empty() {
        return Ok(());
    }
    machine::say_missing(&lacking);
    if !yes && !prompt::yes("install them?") {
        return Err("nothing was installed; `cargo xtask demo --yes` installs unasked".into());
    }
    machine::install(&machine::SERVERS)
}

fn scene(text: &str) {
    println!("\n# {text}");
}

fn expect(said: &Said, code: i32) -> Result<(), Stop> {
    if said.code == code {
        return Ok(());
    }
    Err(Stop::Failed(format!(
        "the last command ended with {}, not with {code}",
        said.code
    )))
}

/// Ends with the first signal that asks us to.
async fn interrupted() {
    let kinds = [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ];
    let mut waiting: Vec<_> = kinds
        .into_iter()
        .filter_map(|kind| signal(kind).ok())
        .collect();
    if waiting.is_empty() {
        return std::future::pending().await;
    }
    std::future::poll_fn(|context| {
        let any = waiting
            .iter_mut()
            .any(|signal| signal.poll_recv(context).is_ready());
        if any {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

/// An error with all its causes, in one line.
fn chain(error: impl std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said.push_str(": ");
        said.push_str(&error.to_string());
        cause = error.source();
    }
    said
}
