//! A component on Interlock's engine: encoded, loaded, linked under a policy, and run.

use std::path::Path;
use std::sync::Arc;

use interlock_capabilities::Readers;
use interlock_capabilities::report::Incident;
use interlock_engine::{
    ClockStart, Engine, EngineConfig, Grants, Limits, Linked, Ran, Seed, Source, StepInput,
};
use interlock_gate::{ids::CallId, policy::Policy};
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

use crate::error::{BenchError, setup};

const RUNBOOK: &str = "bench";
const POLICY: &str = r#"
version = 1
[[read]]
runbooks = ["bench"]
capabilities = ["database"]
targets = ["orders-db"]
"#;

/// The component that a core module's text is encoded to, for the world of diagnose steps.
pub(crate) fn encode(text: &str) -> Result<Vec<u8>, BenchError> {
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runbook-sdk/wit");
    let mut resolve = Resolve::default();
    let mut step = None;
    for package in ["read", "write", "step"] {
        let (id, _) = resolve
            .push_path(contract.join(package))
            .map_err(setup("read the contract"))?;
        step = Some(id);
    }
    let packages: Vec<_> = step.into_iter().collect();
    let world = resolve
        .select_world(&packages, Some("diagnose-step"))
        .map_err(setup("find the world of diagnose steps"))?;
    let mut module = wat::parse_str(text).map_err(setup("parse the module"))?;
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .map_err(setup("say which world the module is for"))?;
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .and_then(|encoder| encoder.encode())
        .map_err(setup("encode the component"))
}

/// A component that is ready to run on our engine, as it is in every later run of a runbook.
pub(crate) struct WarmStep {
    linked: Linked,
    readers: Readers,
    limits: Limits,
}

impl WarmStep {
    /// Loads and links it; `readers` will answer.
    pub(crate) fn new(component: &[u8], readers: Readers) -> Result<WarmStep, BenchError> {
        let engine = Engine::new(EngineConfig::default()).map_err(setup("make the engine"))?;
        let policy = Policy::parse(POLICY).map_err(setup("parse the policy"))?;
        let linked = engine
            .load(component)
            .map_err(setup("load the component"))?
            .link(&Grants::of(Arc::new(policy), RUNBOOK))
            .map_err(setup("link the component"))?;
        Ok(WarmStep {
            linked,
            readers,
            limits: Limits::default(),
        })
    }

    /// Runs it once, and gives its record.
    pub(crate) async fn run(&self) -> Ran {
        let source = Source::Live {
            readers: self.readers.clone(),
            clock: ClockStart::now(),
            seed: Seed([7; 32]),
            first_call: CallId(1),
        };
        self.linked.run(input(), source, &self.limits).await
    }
}

/// What both sides give the step.
pub(crate) fn input() -> StepInput {
    StepInput {
        now: 0,
        incident: Incident {
            id: "INC-2291".to_owned(),
            service: Some("checkout".to_owned()),
            severity: None,
            begin: 0,
            end: 0,
            alerts: Vec::new(),
        },
        inputs: r#"{"server":"orders-db"}"#.to_owned(),
        findings: None,
    }
}

/// Whether a run concluded and recorded so many answers.
pub(crate) fn check(ran: &Ran, calls: usize) -> Result<(), BenchError> {
    let answered = ran.cassette.calls.iter().filter(|call| call.answer.is_ok());
    match (&ran.end, answered.count()) {
        (Ok(_), found) if found == calls => Ok(()),
        (Ok(_), found) => Err(BenchError::Undone {
            side: "interlock",
            why: format!("{found} of {calls} reads were answered"),
        }),
        (Err(fault), _) => Err(BenchError::Undone {
            side: "interlock",
            why: fault.to_string(),
        }),
    }
}
