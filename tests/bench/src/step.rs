//! A component on Interlock's engine: loaded, linked under a policy, and run.

use std::sync::Arc;

use crate::error::{BenchError, setup};
use interlock_capabilities::Readers;
use interlock_capabilities::report::Incident;
use interlock_engine::{
    ClockStart, Engine, EngineConfig, Grants, Limits, Linked, Ran, Seed, Source, StepInput,
};
use interlock_gate::{ids::CallId, policy::Policy};

const RUNBOOK: &str = "bench";
const POLICY: &str = r#"
version = 1
[[read]]
runbooks = ["bench"]
capabilities = ["database"]
targets = ["orders-db"]
"#;

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
