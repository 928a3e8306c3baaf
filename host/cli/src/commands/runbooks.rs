//! `runbooks list|trust`: what is installed, and whose bytes may propose changes.

use std::{
    io::{BufRead as _, IsTerminal as _},
    path::{Path, PathBuf},
};

use interlock_builder::Tier;
use interlock_gate::ids::ComponentDigest;
use interlock_runner::{installed, trust::Trust};
use interlock_screens::{
    json::runbooks::{RunbookJson, RunbooksJson, StepJson},
    text,
};
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::{Failure, chain},
    output::{Output, Screen},
    setup,
};

pub(crate) async fn list(config: Option<&Path>) -> Result<Output, Failure> {
    let runner = setup::open(config)?;
    let mut runbooks = Vec::new();
    for folder in installed::list(&runner.config().runbooks) {
        runbooks.push(one(&runner, folder).await?);
    }
    let out = text::runbooks::screen(&runbooks);
    Ok(Output::new(Exit::Done, out, &RunbooksJson::new(runbooks)))
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
            let mut broken = RunbookJson::broken(name, chain(&error));
            broken.folder = Some(folder);
            return Ok(broken);
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
            tier: built.as_ref().map(|built| word(built.facts.tier)),
            writes: built.map(|built| built.facts.writes).unwrap_or_default(),
            trust,
        });
    }
    let mut found = RunbookJson::new(&manifest, steps);
    found.folder = Some(folder);
    Ok(found)
}

/// As documents and screens spell it.
fn word(tier: Tier) -> &'static str {
    match tier {
        Tier::Read => "read",
        Tier::Write => "write",
    }
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
            text::words::count(n, "write step")
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
