//! `replay`: a run again from its record, offline.

use std::{fmt::Write as _, path::Path};

use interlock_runner::replay::Replayed;
use interlock_screens::text::words::count;
use serde::Serialize;

use crate::{exit::Exit, failure::Failure, output::Output, setup};

#[derive(Serialize)]
struct ReplayJson<'a> {
    schema: &'static str,
    exit: u8,
    run: String,
    same: bool,
    steps: &'a [Replayed],
}

pub(crate) async fn replay(given: &str, config: Option<&Path>) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let run = runner.find_run(given, &caller.requester.via).await?;
    let steps = runner.replay(&run).await?;
    let same = steps.iter().all(|step| step.difference.is_none());
    let mut out = String::new();
    for step in &steps {
        let counts = format!(
            "{}, {}",
            count(step.calls, "call"),
            count(step.writes, "planned write")
        );
        match &step.difference {
            None => {
                let _ = writeln!(
                    out,
                    "{:<12} same: {counts} and the conclusion, byte for byte",
                    step.step
                );
            }
            Some(difference) => {
                let _ = writeln!(out, "{:<12} DIFFERS at {}", step.step, difference.at);
                let _ = writeln!(
                    out,
                    "  expected  {}",
                    interlock_gate::escape::foreign(&difference.expected)
                );
                let _ = writeln!(
                    out,
                    "  found     {}",
                    interlock_gate::escape::foreign(&difference.found)
                );
            }
        }
    }
    let verdict = if same {
        "ok: the record and its replay are the same"
    } else {
        "differs"
    };
    let _ = writeln!(out, "{verdict}");
    let exit = if same { Exit::Done } else { Exit::Failed };
    let document = ReplayJson {
        schema: "interlock.replay.v1",
        exit: exit as u8,
        run: run.to_string(),
        same,
        steps: &steps,
    };
    Ok(Output::new(exit, out, &document))
}
