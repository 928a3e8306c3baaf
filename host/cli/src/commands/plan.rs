//! `plan list|show|diff|export`: what would be done, for people here and elsewhere.

use std::{fmt::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use interlock_gate::{
    explain::Finding,
    history::Kind,
    plan::{ActionText, Do, Plan},
    state::PlanState,
};
use interlock_runner::{error::RunError, open::Runner};
use interlock_screens::{
    json,
    text::{
        self,
        approver::{Here, Seen},
    },
};
use interlock_store::Store as _;
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::Failure,
    output::Output,
    setup::{self, Shown},
};

const PLANS_MAX: usize = 1000;

pub(crate) async fn list(all: bool, config: Option<&Path>) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let now = runner.now();
    let mut lines = Vec::new();
    for line in runner
        .store()
        .plans(PLANS_MAX)
        .await
        .map_err(RunError::from)?
    {
        let plan = runner.plan(line.plan).await?;
        let expired = line.state == PlanState::Waiting && now >= plan.body().expires_at;
        let state = if expired {
            PlanState::Expired
        } else {
            line.state
        };
        if !all && state.is_over() {
            continue;
        }
        let findings = match state {
            PlanState::Waiting => Some(runner.explain(&plan, Kind::Apply).await?),
            _ => None,
        };
        lines.push(json::plan::line(&plan, state, findings.as_deref()));
    }
    let first = lines
        .iter()
        .find(|line| line.waiting.is_some())
        .map(|line| line.plan.short());
    let document = json::plan::list(lines);
    let out = text::plans::list(&document, all);
    let output = Output::new(Exit::Done, out, &document);
    Ok(match first {
        Some(id) => output.next(format!("`interlock plan show {id}`")),
        None => output,
    })
}

pub(crate) async fn show(given: &str, config: Option<&Path>) -> Result<Output, Failure> {
    let shown = setup::plan(given, config).await?;
    let (out, findings, still_so) = approver_screen(&shown, None).await?;
    let state = match &shown.runner {
        Some(runner) => {
            let record = runner.run_record(&shown.plan.body().run).await?;
            let of_plan = record
                .plans
                .iter()
                .find(|one| one.plan.id() == shown.plan.id());
            of_plan.map(|one| one.state.word())
        }
        None => None,
    };
    let document = json::plan::document(&shown.plan, state, &findings, still_so.as_deref());
    let id = shown.plan.id().short();
    let out = match state {
        Some(state) => format!("{out}state      {state}\n"),
        None => out,
    };
    let output = Output::new(Exit::Done, out, &document);
    Ok(match state {
        Some("waiting") => output.next(format!(
            "`interlock approve {id}`, `reject` or `plan narrow`"
        )),
        None => output.next(format!("`interlock approve {given} --out TOKEN.json`")),
        Some(_) => output,
    })
}

/// All that an approver reads before the question, what the gate says, and what is still so.
pub(crate) async fn approver_screen(
    shown: &Shown,
    decision: Option<&str>,
) -> Result<(String, Vec<Finding>, Option<String>), Failure> {
    let here = match &shown.runner {
        Some(runner) => Some(Here {
            still_so: runner.still_so(&shown.plan).await?,
            applied: applied(runner, &shown.plan).await?,
            findings: runner.explain(&shown.plan, Kind::Apply).await?,
            diagnoses: runner.run_record(&shown.plan.body().run).await?.diagnoses,
        }),
        None => None,
    };
    let seen = Seen {
        plan: &shown.plan,
        evidence: &shown.evidence,
        policy: &shown.policy,
        here: here.as_ref(),
    };
    let out = text::approver::screen(&seen, decision);
    Ok(match here {
        Some(here) => (out, here.findings, Some(here.still_so)),
        None => (out, Vec::new(), None),
    })
}

/// How often the bytes of its write step were applied here.
async fn applied(runner: &Runner, plan: &Plan) -> Result<usize, Failure> {
    let components = &plan.body().components;
    let mut steps = components.steps.iter();
    match steps.find(|step| step.step == components.step) {
        Some(step) => Ok(runner.applied_count(step.digest).await?),
        None => Ok(0),
    }
}

#[derive(Serialize)]
struct DiffJson {
    schema: &'static str,
    from: String,
    to: String,
    lines: Vec<String>,
}

pub(crate) async fn diff(from: &str, to: &str, config: Option<&Path>) -> Result<Output, Failure> {
    let (from, to) = (
        setup::plan(from, config).await?,
        setup::plan(to, config).await?,
    );
    let mut lines = Vec::new();
    let (a, b) = (from.plan.body(), to.plan.body());
    let differs = |name: &str, a: String, b: String, lines: &mut Vec<String>| {
        if a != b {
            lines.push(format!("- {name:<10} {a}"));
            lines.push(format!("+ {name:<10} {b}"));
        }
    };
    differs("run", a.run.to_string(), b.run.to_string(), &mut lines);
    differs(
        "incident",
        a.incident.clone(),
        b.incident.clone(),
        &mut lines,
    );
    let bytes = |plan: &Plan| {
        let steps = plan.body().components.steps.iter();
        steps
            .map(|step| format!("{} {}", step.step, step.digest))
            .collect::<Vec<_>>()
            .join(", ")
    };
    differs("bytes", bytes(&from.plan), bytes(&to.plan), &mut lines);
    let acts = |plan: &Plan| -> Vec<String> {
        let text = |planned: &interlock_gate::plan::PlannedAction| {
            let action = serde_json::to_string(&ActionText::from(&planned.action));
            let seen = serde_json::to_string(&planned.seen);
            let word = match planned.r#do {
                Do::Act => "act ",
                Do::Skip => "skip",
            };
            format!(
                "{word} {} seen {}",
                action.unwrap_or_default(),
                seen.unwrap_or_default()
            )
        };
        plan.body().actions.iter().map(text).collect()
    };
    let (ours, theirs) = (acts(&from.plan), acts(&to.plan));
    lines.extend(
        ours.iter()
            .filter(|one| !theirs.contains(one))
            .map(|one| format!("- {one}")),
    );
    lines.extend(
        theirs
            .iter()
            .filter(|one| !ours.contains(one))
            .map(|one| format!("+ {one}")),
    );
    let mut out = format!("{} -> {}\n", from.plan.id().short(), to.plan.id().short());
    if lines.is_empty() {
        out.push_str("they would do the same\n");
    }
    for line in &lines {
        let _ = writeln!(out, "{}", interlock_gate::escape::strict(line));
    }
    let document = DiffJson {
        schema: "interlock.plan-diff.v1",
        from: from.plan.id().to_string(),
        to: to.plan.id().to_string(),
        lines,
    };
    Ok(Output::new(Exit::Done, out, &document))
}

#[derive(Serialize)]
struct ExportJson {
    schema: &'static str,
    plan: String,
    plan_file: std::path::PathBuf,
    evidence_file: std::path::PathBuf,
}

pub(crate) async fn export(
    given: &str,
    folder: &Path,
    config: Option<&Path>,
) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let plan = runner.find_plan(given).await?;
    let evidence = runner.evidence(&plan).await?;
    let file = folder.join(format!("{}.json", plan.id().short()));
    let beside = setup::evidence_path(&file);
    let evidence = evidence
        .to_bytes()
        .map_err(|error| Failure::of(Exit::Failed, &error))?;
    // The evidence first: a plan without it is never there to be signed.
    write(&beside, &evidence)?;
    write(&file, plan.bytes())?;
    let out = format!("{}\n{}\n", file.display(), beside.display());
    let document = ExportJson {
        schema: "interlock.plan-export.v1",
        plan: plan.id().to_string(),
        plan_file: file.clone(),
        evidence_file: beside,
    };
    Ok(Output::new(Exit::Done, out, &document).next(format!(
        "take both files to the approver: `interlock approve {} --out TOKEN.json`, then here \
         `interlock apply {} --token TOKEN.json`",
        file.file_name().unwrap_or_default().to_string_lossy(),
        plan.id().short()
    )))
}

/// Writes a file whole, or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    use std::io::Write as _;
    let failed = |error: std::io::Error| {
        Failure::failed(format!("{} cannot be written: {error}", path.display()))
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let half = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let open = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(&half);
    let written = open.and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&half, path)
    });
    written.map_err(|error| {
        let _ = std::fs::remove_file(&half);
        failed(error)
    })
}
