//! `replay`: a run again from its record, offline; or a changed step on the old record.

use std::{fmt::Write as _, path::Path};

use interlock_connectors::files;
use interlock_gate::ids::RunId;
use interlock_runner::{
    installed::COMPONENT_BYTES_MAX, open::Runner, record::StepConclusion, replay::Replayed,
};
use interlock_screens::{json, text, text::words::count};
use serde::Serialize;

use crate::{args::ReplayArgs, exit::Exit, failure::Failure, output::Output, setup};

#[derive(Serialize)]
struct ReplayJson<'a> {
    schema: &'static str,
    exit: u8,
    run: String,
    same: bool,
    steps: &'a [Replayed],
}

pub(crate) async fn replay(args: &ReplayArgs, config: Option<&Path>) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let run = runner.find_run(&args.run, &caller.requester.via).await?;
    if let Some(path) = &args.component {
        return changed(&runner, &run, path).await;
    }
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

/// What the run would have been with `path` in the place of the step that it is a build of.
async fn changed(runner: &Runner, run: &RunId, path: &Path) -> Result<Output, Failure> {
    let bytes =
        files::read_plain(path, COMPONENT_BYTES_MAX).map_err(|error| setup::open_error(&error))?;
    let called = path.file_stem().unwrap_or_default().to_string_lossy();
    let changed = runner.replay_with(run, &bytes, &called).await?;
    let faulted = |end: &StepConclusion| matches!(end, StepConclusion::Fault(_));
    let new = changed.would.steps.iter();
    let mut new = new.filter(|step| step.component == changed.component);
    let exit = if new.any(|step| faulted(&step.end)) {
        Exit::StepFaulted
    } else {
        Exit::Done
    };
    let document = json::replay::changed(&changed, exit);
    Ok(Output::new(
        exit,
        text::replay::changed(&changed),
        &document,
    ))
}
