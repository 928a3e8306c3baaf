//! `runs list|show`: the record.

use std::{fmt::Write as _, path::Path};

use interlock_runner::error::RunError;
use interlock_screens::{json, text};
use interlock_store::Store as _;
use serde::Serialize;

use crate::{exit::Exit, failure::Failure, output::Output, setup};

const RUNS_MAX: usize = 200;

#[derive(Serialize)]
struct RunsJson {
    schema: &'static str,
    runs: Vec<RunLineJson>,
}

#[derive(Serialize)]
struct RunLineJson {
    run: String,
    id: Option<String>,
    runbook: String,
    incident: String,
    state: &'static str,
    opened_at: interlock_gate::time::Time,
    cause: Option<String>,
    plan: Option<String>,
    plan_state: Option<&'static str>,
}

pub(crate) async fn list(config: Option<&Path>) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let mut lines = Vec::new();
    for line in runner
        .store()
        .runs(RUNS_MAX)
        .await
        .map_err(RunError::from)?
    {
        let record = runner.run_record(&line.run).await?;
        let report = record.report();
        let cause = report
            .steps
            .iter()
            .flat_map(|step| &step.report.hypotheses)
            .map(|one| one.cause.clone())
            .next();
        lines.push(RunLineJson {
            run: line.run.to_string(),
            id: line
                .id_key
                .and_then(|key| key.split_once('/').map(|(_, id)| id.to_owned())),
            runbook: line.runbook,
            incident: record.incident.id.clone(),
            state: record.state.word(),
            opened_at: line.opened_at,
            cause,
            plan: record.plan().map(|plan| plan.plan.id().short()),
            plan_state: record.plan().map(|plan| plan.state.word()),
        });
    }
    let mut out = String::new();
    for line in &lines {
        let plan = match (&line.plan, line.plan_state) {
            (Some(plan), Some(state)) => format!("plan {plan} {state}"),
            _ => String::new(),
        };
        let _ = writeln!(
            out,
            "{}  {}  {:<22} {:<12} {:<11} {:<26} {plan}",
            line.run,
            line.opened_at.to_seconds_text(),
            line.runbook,
            text::words::foreign(&line.incident),
            line.state,
            text::words::foreign(line.cause.as_deref().unwrap_or("-")),
        );
    }
    if lines.is_empty() {
        out.push_str("nothing has run here yet\n");
    }
    Ok(Output::new(
        Exit::Done,
        out,
        &RunsJson {
            schema: "interlock.runs.v1",
            runs: lines,
        },
    ))
}

pub(crate) async fn show(
    given: &str,
    calls: bool,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let run = runner.find_run(given, &caller.requester.via).await?;
    let record = runner.run_record(&run).await?;
    let policy = runner.policy().await?;
    let waiting = record
        .plan()
        .filter(|plan| plan.state == interlock_gate::state::PlanState::Waiting)
        .map(|plan| text::needs::lines(&plan.plan, &policy))
        .unwrap_or_default();
    let mut out = format!(
        "run {run}   {} {}   incident {}   {}   asked by {}\n\n",
        record.runbook,
        record.version,
        text::words::foreign(&record.incident.id),
        record.opened_at.to_seconds_text(),
        record
            .requester
            .caller
            .as_deref()
            .unwrap_or(&record.requester.via),
    );
    out.push_str(&text::run::screen(&record, &waiting));
    for plan in &record.plans {
        out.push_str(&text::record::plan(plan));
    }
    for verified in &record.verified {
        let summary = verified.found.as_ref().map(|found| found.summary.as_str());
        let _ = writeln!(
            out,
            "verify  {} {}: {}",
            verified.at.clock(),
            verified.verdict,
            text::words::foreign(summary.unwrap_or("it faulted"))
        );
    }
    if calls {
        out.push_str("\nCALLS\n");
        for call in record.calls() {
            out.push_str(&text::record::call(call));
        }
    }
    let shown = record.plan().map(|plan| plan.plan.as_ref());
    let document = json::run::document(&record, shown, Exit::Done);
    let output = if calls {
        Output::new(Exit::Done, out, &document.with_calls(&record))
    } else {
        Output::new(Exit::Done, out, &document)
    };
    Ok(output)
}
