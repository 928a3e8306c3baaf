//! `interlock.runbooks.v1`: what is installed.

use std::{collections::BTreeMap, path::PathBuf};

use interlock_gate::{escape, ids::ComponentDigest};
use interlock_runner::{
    catalogue::Problem,
    facts::{StepFacts, Tier},
    installed::Runbook,
    manifest::Manifest,
    trust::Trust,
};
use serde::Serialize;
use serde_json::Value;

use super::inputs::inputs_schema;

/// Every installed runbook.
#[derive(Serialize)]
pub struct RunbooksJson {
    schema: &'static str,
    /// By name.
    pub runbooks: Vec<RunbookJson>,
}

/// One runbook.
#[derive(Serialize)]
pub struct RunbookJson {
    /// Its name; of a broken one, its folder's.
    pub name: String,
    /// As its author writes it.
    pub version: Option<String>,
    /// Where it lies; left out where that is nobody's business.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The alerts it answers.
    pub alerts: Vec<String>,
    /// The causes it can name.
    pub causes: Vec<String>,
    /// What each cause means.
    pub meanings: BTreeMap<String, String>,
    /// `read`: it can only observe. `write`: one of its steps can propose changes.
    pub tier: Option<&'static str>,
    /// The JSON schema of what it asks for.
    pub inputs: Option<Value>,
    /// Its steps, in order.
    pub steps: Vec<StepJson>,
    /// Why it cannot be run.
    pub broken: Option<String>,
}

/// One step.
#[derive(Serialize)]
pub struct StepJson {
    /// Its name.
    pub step: String,
    /// Of its component.
    pub digest: Option<ComponentDigest>,
    /// `read` or `write`, by what its component imports; none where it is not built.
    pub tier: Option<&'static str>,
    /// The changes that it may propose.
    pub writes: Vec<String>,
    /// Whether its bytes may propose them.
    pub trust: Option<&'static str>,
}

impl RunbookJson {
    /// A runbook whose manifest can be read.
    pub fn new(manifest: &Manifest, steps: Vec<StepJson>) -> RunbookJson {
        let tiers = || steps.iter().map(|step| step.tier);
        let tier = if tiers().any(|tier| tier == Some("write")) {
            Some("write")
        } else if tiers().all(|tier| tier == Some("read")) {
            Some("read")
        } else {
            None
        };
        RunbookJson {
            name: manifest.name.clone(),
            version: Some(manifest.version.clone()),
            folder: None,
            alerts: manifest.alerts.clone(),
            causes: manifest.causes.keys().cloned().collect(),
            meanings: manifest.causes.clone(),
            tier,
            inputs: Some(inputs_schema(manifest)),
            steps,
            broken: None,
        }
    }

    /// One that cannot be run, and why.
    pub fn broken(name: String, why: String) -> RunbookJson {
        RunbookJson {
            name,
            version: None,
            folder: None,
            alerts: Vec::new(),
            causes: Vec::new(),
            meanings: BTreeMap::new(),
            tier: None,
            inputs: None,
            steps: Vec::new(),
            broken: Some(why),
        }
    }
}

/// The document of what a host that lives on has installed, without its folders: each runbook with
/// what its steps could do, and what lies there and is not whole.
pub fn document<'p>(
    whole: &[(&Runbook, Vec<StepFacts>)],
    problems: impl IntoIterator<Item = &'p Problem>,
) -> RunbooksJson {
    let whole = whole.iter().map(|(runbook, facts)| {
        let steps = facts.iter().map(step).collect();
        RunbookJson::new(&runbook.manifest, steps)
    });
    let broken = problems.into_iter().map(|problem| {
        let name = problem.name();
        // Where it lies is nobody's business; which of its files it is, helps.
        let said = problem
            .why
            .replace(&*problem.folder.to_string_lossy(), &name);
        let why = match &problem.kept {
            Some(kept) => format!("{said}; `{kept}` runs as it last was whole"),
            None => said,
        };
        RunbookJson::broken(name, escape::foreign(&why))
    });
    RunbooksJson::new(whole.chain(broken).collect())
}

fn step(facts: &StepFacts) -> StepJson {
    let trust = match facts.trust {
        Trust::First => "not used here yet",
        Trust::Trusted => "trusted",
        Trust::Changed => "NEW bytes: `runbooks trust` first",
    };
    StepJson {
        step: facts.step.clone(),
        digest: Some(facts.digest),
        tier: facts.tier.map(|tier| match tier {
            Tier::Read => "read",
            Tier::Write => "write",
        }),
        writes: facts.writes.clone(),
        trust: facts.could_write().then_some(trust),
    }
}

impl RunbooksJson {
    /// The document.
    pub fn new(runbooks: Vec<RunbookJson>) -> RunbooksJson {
        RunbooksJson {
            schema: "interlock.runbooks.v1",
            runbooks,
        }
    }
}
