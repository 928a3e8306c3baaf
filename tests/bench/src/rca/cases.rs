//! Every bundle of a set through the built component.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use interlock_bundle::{Bundle, Corpus};
use interlock_capabilities::call::{Answer, Recorded};
use interlock_capabilities::report::{Checked, Hypothesis, Report};
use interlock_engine::{
    ClockStart, Ended, Engine, EngineConfig, Grants, Limits, Linked, Seed, Source, StepInput,
};
use interlock_gate::{ids::CallId, policy::Policy};
use interlock_import::Format;
use interlock_runner::{inputs, manifest::Manifest};

use super::published::{Place, place};
use crate::error::{BenchError, setup};

const RUNBOOK: &str = "locate-root-cause";
const POLICY: &str = r#"
version = 1
[[read]]
runbooks = ["locate-root-cause"]
capabilities = ["metrics", "logs", "alerts", "changes", "topology"]
targets = ["*"]
"#;

/// One incident, judged.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) place: Place,
    /// Where the right answer stands, from 1.
    pub(crate) rank: Option<usize>,
    /// Whether the first hypothesis passed each check that could have refuted it.
    pub(crate) unrefuted: bool,
    pub(crate) took: Duration,
}

/// The component, ready to run.
pub(crate) struct Runner {
    linked: Linked,
    manifest: Manifest,
}

impl Runner {
    /// Builds and links it.
    pub(crate) fn new() -> Result<Runner, BenchError> {
        interlock_test_servers::runbook(RUNBOOK).map_err(setup("build the runbook"))?;
        let folder = interlock_test_servers::repository()
            .join("runbooks")
            .join(RUNBOOK);
        let component = std::fs::read(folder.join("components/locate.wasm"))
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

    /// Imports the set in `folder` and judges every incident of it.
    pub(crate) async fn run(&self, format: Format, folder: &Path) -> Result<Vec<Case>, BenchError> {
        let scratch = tempfile::tempdir().map_err(setup("make a folder"))?;
        let out = scratch.path().join("corpus");
        interlock_import::import(format, folder, &out, &mut |_, _, _| {})
            .map_err(setup("import the set"))?;
        let corpus = Corpus::open(&out).map_err(setup("open the corpus"))?;
        let mut cases = Vec::new();
        for name in corpus.names() {
            let bundle = corpus.bundle(name).map_err(setup("read a bundle"))?;
            let (report, calls, took) = self.one(&bundle).await?;
            // The truth is opened once the report stands.
            let truth = corpus.truth(name).map_err(setup("read a truth"))?;
            let Some(truth) = truth else { continue };
            let right = |hypothesis: &Hypothesis| {
                truth.is_named_by(&hypothesis.cause, subject(hypothesis, &calls))
            };
            let alerts = bundle.incident().alerts;
            let mut labels = alerts.iter().flat_map(|alert| &alert.labels);
            let signal = labels.find(|label| label.name == "signal");
            let first = report.hypotheses.first();
            cases.push(Case {
                place: place(name, signal.map(|label| label.value.as_str())),
                name: name.clone(),
                rank: report.hypotheses.iter().position(right).map(|at| at + 1),
                unrefuted: first.is_some_and(unrefuted),
                took,
            });
        }
        Ok(cases)
    }

    pub(super) async fn one(
        &self,
        bundle: &Bundle,
    ) -> Result<(Report, Vec<Recorded>, Duration), BenchError> {
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
        match ran.end {
            Ok(Ended::Report(report)) => Ok((report, ran.cassette.calls, took)),
            Ok(_) => Err(BenchError::Undone {
                side: RUNBOOK,
                why: "it made no report".to_owned(),
            }),
            Err(fault) => Err(BenchError::Undone {
                side: RUNBOOK,
                why: format!("{}: {fault}", bundle.about().id),
            }),
        }
    }
}

fn unrefuted(hypothesis: &Hypothesis) -> bool {
    let passed =
        |check: &interlock_capabilities::report::Check| matches!(check.outcome, Checked::Passed);
    !hypothesis.checks.is_empty()
        && hypothesis.checks.iter().all(passed)
        && hypothesis.contradicts.is_empty()
}

/// The component that a hypothesis blames: the one item of the topology that it cites.
pub(super) fn subject<'a>(hypothesis: &Hypothesis, calls: &'a [Recorded]) -> Option<&'a str> {
    let mut found = None;
    for cite in &hypothesis.supports {
        let call = calls.iter().find(|call| call.id.0 == cite.call)?;
        let Ok(Answer::TopologyServices(list)) = &call.answer else {
            continue;
        };
        for item in &cite.items {
            let service = list.services.get(usize::try_from(*item).ok()?)?;
            if found.replace(service.name.as_str()).is_some() {
                return None;
            }
        }
    }
    found
}
