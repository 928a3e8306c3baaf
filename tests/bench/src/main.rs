//! Nine figures, each a ratio against a baseline that is run in turn in the same loop.
//! Not a test of what Interlock does, and no promise of absolute times: both sides of a ratio are
//! measured here and now, on the machine that runs this.
//! Start at [`turns::Figure`], then one module a figure; `cargo xtask bench` builds and runs it.
//! Invariant: every ratio that is printed comes from the rounds printed above it, and one that is
//! over its limit makes the exit code 1.
#![forbid(unsafe_code)]

mod alert_to_plan;
mod backtest;
mod bare;
mod correlate;
mod error;
mod gate;
mod overlap;
mod questions;
mod rca;
mod run_warm;
mod served;
mod source;
mod spread;
mod step;
mod turns;
mod warm_step;

use std::process::ExitCode;

use error::BenchError;
use turns::Measured;

/// The figures by name, in the order in which they are measured.
const NAMES: [&str; 9] = [
    "warm-step",
    "overlap",
    "gate",
    "mcp-call",
    "mcp-load",
    "waiting",
    "webhook-to-plan",
    "alert-to-plan",
    "backtest-speed",
];

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    for word in &mut words {
        if word == "backtest" {
            "backtest-speed".clone_into(word);
        }
    }
    if let [word] = &words[..]
        && let Some(side) = served::bare::Side::of(word)
    {
        return side.run();
    }
    let data = match rca::asked(&words) {
        Some(Err(help)) => {
            eprintln!("{help}");
            return ExitCode::from(2);
        }
        Some(Ok(data)) => Some(data),
        None => None,
    };
    let storms = match correlate::asked(&words) {
        Some(Err(help)) => {
            eprintln!("{help}");
            return ExitCode::from(2);
        }
        Some(Ok(storms)) => Some(storms),
        None => None,
    };
    let known = |word: &String| word == run_warm::NAME || NAMES.contains(&word.as_str());
    if data.is_none()
        && storms.is_none()
        && let Some(unknown) = words.iter().find(|word| !known(word))
    {
        eprintln!(
            "`{unknown}` is no figure; there are {}",
            NAMES.map(|name| format!("`{name}`")).join(", ")
        );
        return ExitCode::from(2);
    }
    // Fails only where one is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    if let Some(data) = data {
        return match runtime.block_on(rca::run(&data)) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => {
                eprintln!("{} does not lead in every column", rca::NAME);
                ExitCode::FAILURE
            }
            Err(error) => {
                eprintln!("{}: {}", rca::NAME, error::chain(&error));
                ExitCode::FAILURE
            }
        };
    }
    if let Some(data) = storms {
        return match runtime.block_on(correlate::run(data.as_deref())) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => {
                eprintln!("{} is over a limit", correlate::NAME);
                ExitCode::FAILURE
            }
            Err(error) => {
                eprintln!("{}: {}", correlate::NAME, error::chain(&error));
                ExitCode::FAILURE
            }
        };
    }
    let mut failed = false;
    // A table and no ratio: only where it is asked for.
    if words.iter().any(|word| word == run_warm::NAME) {
        match runtime.block_on(run_warm::measure()) {
            Ok(table) => println!("{table}"),
            Err(error) => {
                eprintln!("{}: {}", run_warm::NAME, error::chain(&error));
                failed = true;
            }
        }
    }
    for name in NAMES {
        if !words.is_empty() && !words.iter().any(|word| word == name) {
            continue;
        }
        match runtime.block_on(measure(name)) {
            Ok(measured) => {
                println!("{measured}");
                if measured.is_over() {
                    eprintln!("{name} is over its limit");
                    failed = true;
                }
            }
            Err(error) => {
                eprintln!("{name}: {}", error::chain(&error));
                failed = true;
            }
        }
    }
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

async fn measure(name: &str) -> Result<Measured, BenchError> {
    match name {
        "warm-step" => warm_step::measure().await,
        "overlap" => overlap::measure().await,
        "gate" => gate::measure().await,
        "mcp-call" => served::call::measure().await,
        "mcp-load" => served::load::measure().await,
        "waiting" => served::waiting::measure().await,
        "webhook-to-plan" => served::webhook::measure().await,
        "backtest-speed" => backtest::measure().await,
        _ => alert_to_plan::measure().await,
    }
}
