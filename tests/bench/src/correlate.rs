//! How long `correlate-alerts` takes in the sandbox, how that grows, and how well it groups.
//! Not a comparison with another program: the baselines are one second, and a tenth of the alerts.
//! Start at [`run`]; `storm` makes the alerts of the timings, `quality` measures on scenarios that
//! the caller has.
//! Invariant: a half that was held out is printed by itself, and beside every quality it says that
//! the times are synthetic.

mod quality;
mod storm;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use interlock_bundle::Bundle;
use interlock_capabilities::call::Recorded;
use interlock_capabilities::report::Report;
use interlock_engine::{
    ClockStart, Ended, Engine, EngineConfig, Grants, Limits, Linked, Seed, Source, StepInput,
};
use interlock_gate::{ids::CallId, policy::Policy};
use interlock_runner::{inputs, manifest::Manifest};

use crate::error::{BenchError, setup};
use crate::turns::Figure;

pub(crate) const NAME: &str = "correlate";

const HELP: &str = "\
correlate is used so: cargo xtask bench correlate [--data DIR]
DIR holds `itbench/`, as its authors lay it out: how well alerts are grouped is measured too.";

const RUNBOOK: &str = "correlate-alerts";
const POLICY: &str = r#"
version = 1
[[read]]
runbooks = ["correlate-alerts"]
capabilities = ["alerts", "changes", "topology", "incidents"]
targets = ["*"]
"#;

const SERVICES: usize = 1_000;
const ALERTS: usize = 10_000;

const SECONDS: Figure = Figure {
    name: "correlate-seconds",
    about: "10,000 alerts over 1,000 services, in the sandbox with the default limits; against 1 s",
    ours: "correlate-alerts",
    baseline: "one second",
    limit: 1.0,
    warm_up: 1,
    rounds: 7,
};
const GROWTH: Figure = Figure {
    name: "correlate-growth",
    about: "10,000 alerts over 1,000 services; against 1,000 alerts over the same: linear is 10",
    ours: "10,000 alerts",
    baseline: "1,000 alerts",
    limit: 12.0,
    warm_up: 1,
    rounds: 7,
};

/// What is asked for: the folder of the scenarios, where one is named.
///
/// # Errors
/// The words ask for it in a way that is not understood.
pub(crate) fn asked(words: &[String]) -> Option<Result<Option<PathBuf>, &'static str>> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [NAME] => Some(Ok(None)),
        [NAME, "--data", folder] => Some(Ok(Some(PathBuf::from(folder)))),
        [NAME, ..] => Some(Err(HELP)),
        _ => None,
    }
}

/// Prints the figures; whether both are within their limits.
pub(crate) async fn run(data: Option<&Path>) -> Result<bool, BenchError> {
    let runner = Runner::new()?;
    let (small, large) = (
        storm::of(ALERTS / 10, SERVICES),
        storm::of(ALERTS, SERVICES),
    );
    let mut within = true;
    for figure in [SECONDS, GROWTH] {
        let measured = figure
            .measure_told(
                async || Ok(runner.run(&large).await?.took),
                async || match figure.name {
                    "correlate-growth" => Ok(runner.run(&small).await?.took),
                    _ => Ok(Duration::from_secs(1)),
                },
            )
            .await?;
        println!("{measured}");
        within &= !measured.is_over();
    }
    if let Some(data) = data {
        print!(
            "{}",
            quality::measure(&runner, &data.join("itbench")).await?
        );
    }
    Ok(within)
}

/// What one run concluded.
struct Ran {
    report: Report,
    calls: Vec<Recorded>,
    took: Duration,
}

/// The component, ready to run.
struct Runner {
    linked: Linked,
    manifest: Manifest,
}

impl Runner {
    /// Builds and links it.
    fn new() -> Result<Runner, BenchError> {
        interlock_test_servers::runbook(RUNBOOK).map_err(setup("build the runbook"))?;
        let folder = interlock_test_servers::repository()
            .join("runbooks")
            .join(RUNBOOK);
        let component = std::fs::read(folder.join("components/correlate.wasm"))
            .map_err(setup("read the component"))?;
        let manifest = std::fs::read_to_string(folder.join("runbook.toml"))
            .map_err(setup("read the manifest"))?;
        let engine = Engine::new(EngineConfig::default()).map_err(setup("make the engine"))?;
        let policy = Policy::parse(POLICY).map_err(setup("parse the policy"))?;
        Ok(Runner {
            linked: engine
                .load(&component)
                .map_err(setup("load the component"))?
                .link(&Grants::of(Arc::new(policy), RUNBOOK))
                .map_err(setup("link the component"))?,
            manifest: Manifest::parse(&manifest).map_err(setup("read the manifest"))?,
        })
    }

    /// Runs it once over a bundle, under the limits that a policy without `[sandbox]` sets.
    async fn run(&self, bundle: &Bundle) -> Result<Ran, BenchError> {
        let incident = bundle.incident();
        let given = inputs::resolve(&self.manifest, &BTreeMap::new(), &incident)
            .map_err(setup("resolve the inputs"))?;
        let input = StepInput {
            now: bundle.now().micros(),
            incident,
            inputs: serde_json::to_string(&given).map_err(setup("write the inputs"))?,
            findings: None,
        };
        let source = Source::Live {
            readers: bundle.readers(),
            clock: ClockStart::now(),
            seed: Seed([7; 32]),
            first_call: CallId(1),
        };
        let begun = Instant::now();
        let ran = self.linked.run(input, source, &Limits::default()).await;
        let took = begun.elapsed();
        let undone = |why: String| BenchError::Undone { side: RUNBOOK, why };
        match ran.end {
            Ok(Ended::Report(report)) if report.findings.is_some() => Ok(Ran {
                report,
                calls: ran.cassette.calls,
                took,
            }),
            Ok(Ended::Report(report)) => Err(undone(report.summary)),
            Ok(_) => Err(undone("it made no report".to_owned())),
            Err(fault) => Err(undone(fault.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn ten_thousand_alerts_over_a_thousand_services_take_no_second_in_the_sandbox() {
        let runner = Runner::new().unwrap();
        let ran = runner.run(&storm::of(ALERTS, SERVICES)).await.unwrap();
        let said = &ran.report.summary;
        assert!(said.starts_with("10000 alerts are "), "{said}");
        assert!(ran.took < Duration::from_secs(1), "{:?}", ran.took);
    }
}
