//! `runbooks list|trust`: what is installed, and whose bytes may propose changes.

use std::{
    fmt::Write as _,
    io::{BufRead as _, IsTerminal as _},
    path::{Path, PathBuf},
};

use interlock_builder::Tier;
use interlock_gate::ids::ComponentDigest;
use interlock_runner::{installed, trust::Trust};
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::{Failure, chain},
    output::{Output, Screen},
    setup,
};

#[derive(Serialize)]
struct RunbooksJson {
    schema: &'static str,
    runbooks: Vec<RunbookJson>,
}

#[derive(Serialize)]
struct RunbookJson {
    name: String,
    version: Option<String>,
    folder: PathBuf,
    alerts: Vec<String>,
    causes: Vec<String>,
    steps: Vec<StepJson>,
    broken: Option<String>,
}

#[derive(Serialize)]
struct StepJson {
    step: String,
    digest: Option<ComponentDigest>,
    tier: Option<Tier>,
    writes: Vec<String>,
    trust: Option<&'static str>,
}

pub(crate) async fn list(config: Option<&Path>) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let mut runbooks = Vec::new();
    for folder in installed::list(&runner.config().runbooks) {
        runbooks.push(one(&runner, folder).await?);
    }
    let mut out = String::new();
    for runbook in &runbooks {
        let version = runbook.version.as_deref().unwrap_or_default();
        let _ = writeln!(
            out,
            "{} {version}   {}",
            runbook.name,
            runbook.folder.display()
        );
        if let Some(broken) = &runbook.broken {
            let _ = writeln!(out, "  broken: {broken}");
            continue;
        }
        let _ = writeln!(out, "  answers  {}", or_none(&runbook.alerts));
        let _ = writeln!(out, "  causes   {}", or_none(&runbook.causes));
        for step in &runbook.steps {
            let tier = step
                .tier
                .map_or_else(|| "not built".to_owned(), |tier| format!("tier {tier}"));
            let writes = if step.writes.is_empty() {
                String::new()
            } else {
                format!(": {}", step.writes.join(", "))
            };
            let trust = step
                .trust
                .map(|trust| format!(", {trust}"))
                .unwrap_or_default();
            let _ = writeln!(out, "  step     {:<12} {tier}{writes}{trust}", step.step);
        }
    }
    if runbooks.is_empty() {
        out.push_str("no runbook is installed\n");
    }
    let document = RunbooksJson {
        schema: "interlock.runbooks.v1",
        runbooks,
    };
    Ok(Output::new(Exit::Done, out, &document))
}

fn or_none(list: &[String]) -> String {
    if list.is_empty() {
        "none".to_owned()
    } else {
        list.join(", ")
    }
}

async fn one(
    runner: &interlock_runner::open::Runner,
    folder: PathBuf,
) -> Result<RunbookJson, Failure> {
    let name = folder
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let manifest = match installed::manifest(&folder) {
        Ok(manifest) => manifest,
        Err(error) => {
            return Ok(RunbookJson {
                name,
                version: None,
                folder,
                alerts: Vec::new(),
                causes: Vec::new(),
                steps: Vec::new(),
                broken: Some(chain(&error)),
            });
        }
    };
    let mut steps = Vec::new();
    for step in &manifest.steps {
        let path = folder
            .join("components")
            .join(format!("{}.wasm", step.name));
        let built = interlock_builder::inspect(&path)
            .ok()
            .and_then(|mut built| built.pop());
        let digest = built.as_ref().and_then(|built| built.digest.parse().ok());
        let trust = match (digest, built.as_ref().map(|built| built.facts.tier)) {
            (Some(digest), Some(Tier::Write)) => Some(
                match runner.trust_of(&manifest.name, &step.name, digest).await? {
                    Trust::First => "not used here yet",
                    Trust::Trusted => "trusted",
                    Trust::Changed => "NEW bytes: `runbooks trust` first",
                },
            ),
            _ => None,
        };
        steps.push(StepJson {
            step: step.name.clone(),
            digest,
            tier: built.as_ref().map(|built| built.facts.tier),
            writes: built.map(|built| built.facts.writes).unwrap_or_default(),
            trust,
        });
    }
    Ok(RunbookJson {
        name: manifest.name,
        version: Some(manifest.version),
        folder,
        alerts: manifest.alerts,
        causes: manifest.causes.into_keys().collect(),
        steps,
        broken: None,
    })
}

#[derive(Serialize)]
struct TrustedJson {
    schema: &'static str,
    runbook: String,
    trusted: Vec<TrustedStepJson>,
}

#[derive(Serialize)]
struct TrustedStepJson {
    step: String,
    digest: ComponentDigest,
}

pub(crate) async fn trust(
    name: &str,
    config: Option<&Path>,
    screen: Screen,
) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let caller = setup::caller(&runner).await?;
    let runbook = installed::find(&runner.config().runbooks, name)
        .map_err(|error| Failure::from(interlock_runner::error::RunError::from(error)))?;
    let mut new = Vec::new();
    for step in &runbook.steps {
        let facts = interlock_builder::inspect_bytes(&runbook.folder, &step.bytes)
            .map_err(|error| Failure::of(Exit::Usage, &error))?
            .facts;
        let known = runner.trust_of(name, &step.name, step.digest).await?;
        if facts.tier == Tier::Write && known != Trust::Trusted {
            screen.talk(&format!(
                "{} {}\n  may propose: {}\n",
                step.name,
                step.digest,
                facts.writes.join(", ")
            ));
            new.push(step);
        }
    }
    if !new.is_empty() {
        if !std::io::stdin().is_terminal() {
            return Err(Failure::denied(
                "trust is asked for on a terminal, and this is none",
            ));
        }
        screen.talk(&format!(
            "Type `{name}` to let these bytes propose changes, anything else stops: "
        ));
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        read.map_err(|error| Failure::failed(format!("no answer can be read: {error}")))?;
        if line.trim_end_matches(['\r', '\n']) != name {
            return Err(Failure::usage("stopped: nothing was trusted"));
        }
    }
    for step in &new {
        runner
            .trust(name, &step.name, step.digest, &caller.shown())
            .await?;
    }
    let text = match new.len() {
        0 => format!("every write step of {name} is trusted already\n"),
        n => format!(
            "{} of {name} trusted\n",
            interlock_screens::text::words::count(n, "write step")
        ),
    };
    let trusted = new
        .iter()
        .map(|step| TrustedStepJson {
            step: step.name.clone(),
            digest: step.digest,
        })
        .collect();
    let document = TrustedJson {
        schema: "interlock.trusted.v1",
        runbook: name.to_owned(),
        trusted,
    };
    Ok(Output::new(Exit::Done, text, &document))
}
