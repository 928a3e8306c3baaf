//! `new`, `build`, `inspect`: the author's commands.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use interlock_builder::{BuildError, Facts, Options, Step};
use serde::Serialize;

use crate::{
    exit::Exit,
    failure::{Failure, chain},
    output::Output,
};

#[derive(Serialize)]
struct StepsJson<'a> {
    schema: &'static str,
    runbook: Option<&'a str>,
    toolchain: Option<&'static str>,
    cached: Option<bool>,
    steps: Vec<StepJson<'a>>,
}

#[derive(Serialize)]
struct StepJson<'a> {
    step: &'a str,
    path: &'a Path,
    digest: &'a str,
    size_bytes: u64,
    #[serde(flatten)]
    facts: &'a Facts,
}

#[derive(Serialize)]
struct NewJson<'a> {
    schema: &'static str,
    name: &'a str,
    folder: &'a Path,
}

pub(crate) fn new(name: &str, into: Option<&Path>) -> Result<Output, Failure> {
    let folder = into.map_or_else(|| PathBuf::from(name), Path::to_owned);
    interlock_builder::new(name, &folder).map_err(failure)?;
    let human = format!(
        "{}: a runbook with one step, its manifest, its test and a README\n",
        folder.display()
    );
    let document = NewJson {
        schema: "interlock.new.v1",
        name,
        folder: &folder,
    };
    Ok(Output::new(Exit::Done, human, &document).next(format!(
        "`cd {0} && cargo test`, then `interlock build {0}`",
        folder.display()
    )))
}

pub(crate) fn build(dir: &Path, verbose: bool) -> Result<Output, Failure> {
    let options = Options {
        verbose,
        ..Options::default()
    };
    let built = interlock_builder::build(dir, &options).map_err(failure)?;
    let document = steps_json("interlock.build.v1", Some(&built.name), &built.steps);
    let document = StepsJson {
        toolchain: Some(built.toolchain),
        cached: Some(built.cached),
        ..document
    };
    let cached = if built.cached {
        ", unchanged since the last build"
    } else {
        ""
    };
    let human = format!("{}{cached}\n{}", built.name, table(&built.steps));
    Ok(Output::new(Exit::Done, human, &document))
}

pub(crate) fn inspect(path: &Path) -> Result<Output, Failure> {
    let steps = interlock_builder::inspect(path).map_err(failure)?;
    let document = steps_json("interlock.inspect.v1", None, &steps);
    Ok(Output::new(Exit::Done, table(&steps), &document))
}

fn steps_json<'a>(
    schema: &'static str,
    runbook: Option<&'a str>,
    steps: &'a [Step],
) -> StepsJson<'a> {
    let steps = steps.iter().map(|step| StepJson {
        step: &step.name,
        path: &step.path,
        digest: &step.digest,
        size_bytes: step.size_bytes,
        facts: &step.facts,
    });
    StepsJson {
        schema,
        runbook,
        toolchain: None,
        cached: None,
        steps: steps.collect(),
    }
}

/// One step a block: what it is, then what it may ask for.
fn table(steps: &[Step]) -> String {
    let mut text = String::new();
    let width = steps
        .iter()
        .map(|step| step.name.len())
        .max()
        .unwrap_or_default();
    for step in steps {
        let kind = step
            .facts
            .kind
            .map(|kind| format!(", {kind} step"))
            .unwrap_or_default();
        let _ = writeln!(
            text,
            "{:width$}  {}  {:>5} kB  tier {}{kind}",
            step.name,
            step.digest,
            step.size_bytes.div_ceil(1000),
            step.facts.tier,
        );
        let capabilities = if step.facts.capabilities.is_empty() {
            "nothing".to_owned()
        } else {
            step.facts.capabilities.join(", ")
        };
        let _ = writeln!(text, "{:width$}  may ask for: {capabilities}", "");
        if !step.facts.writes.is_empty() {
            let _ = writeln!(
                text,
                "{:width$}  a write by: {}",
                "",
                step.facts.writes.join(", ")
            );
        }
    }
    text
}

fn failure(error: BuildError) -> Failure {
    let exit = match error {
        BuildError::Io { doing: "read", .. }
        | BuildError::NoCrate { .. }
        | BuildError::NoSteps { .. }
        | BuildError::Manifest { .. }
        | BuildError::MissingStep { .. }
        | BuildError::NotAComponent { .. }
        | BuildError::NotBuilt { .. }
        | BuildError::Name { .. }
        | BuildError::Exists { .. } => Exit::Usage,
        _ => Exit::Failed,
    };
    Failure::new(exit, chain(&error))
}
