//! A run on the fake host, and what a test asks of it.

use std::rc::Rc;

use crate::context::Context;
use crate::door::Host;
use crate::error::{Error, Result};
use crate::fake::running::{Log, Running, Written};
use crate::fake::world::{FakeHost, World};
use crate::report::Report;
use crate::verification::Verification;
use crate::wire;

/// A run: the diagnosis, and the steps that followed it.
#[derive(Debug)]
pub struct FakeRun {
    world: World,
    log: Log,
    diagnosis: Result<wire::Report>,
    remedy: Option<Result<()>>,
    verification: Option<Result<wire::Verification>>,
}

/// What a remediation proposes.
#[derive(Debug)]
pub struct Plan<'a> {
    writes: &'a [Written],
}

impl Plan<'_> {
    /// How many actions there are.
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether nothing is proposed.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// The sessions to end or cancel, in the plan's order.
    pub fn pids(&self) -> Vec<i32> {
        self.writes.iter().filter_map(|write| write.pid).collect()
    }

    /// The capability of each action.
    pub fn capabilities(&self) -> Vec<&str> {
        self.writes.iter().map(|write| write.capability).collect()
    }

    /// The state that each action is bound to, `-` where it is bound to none.
    pub fn only_if(&self) -> Vec<&str> {
        self.writes
            .iter()
            .map(|write| write.only_if_state.as_deref().unwrap_or("-"))
            .collect()
    }

    /// The arguments of each action that are words or numbers.
    pub fn says(&self) -> Vec<&str> {
        self.writes
            .iter()
            .map(|write| write.says.as_str())
            .collect()
    }
}

impl FakeRun {
    pub(crate) fn new(world: World, diagnose: impl FnOnce(&Context) -> Result<Report>) -> Self {
        let (diagnosis, log) = step(&world, Log::default(), None, diagnose);
        let diagnosis = diagnosis.map(Report::into_wire);
        if let Ok(report) = &diagnosis {
            check_report(report, &log);
        }
        Self {
            world,
            log,
            diagnosis,
            remedy: None,
            verification: None,
        }
    }

    /// Goes on with a step that proposes a change.
    ///
    /// # Panics
    /// It reads after its first write.
    #[must_use]
    pub fn then(mut self, remediate: impl FnOnce(&Context) -> Result<()>) -> Self {
        let findings = self
            .diagnosis
            .as_ref()
            .ok()
            .and_then(|report| report.findings.clone());
        let (remedy, log) = step(&self.world, self.log, findings, remediate);
        assert!(
            !log.read_after_write,
            "the step reads after its first write: that is refused"
        );
        self.remedy = Some(remedy);
        self.log = log;
        self
    }

    /// The systems are now as `host` describes them.
    #[must_use]
    pub fn when(mut self, host: &FakeHost) -> Self {
        self.world = host.world();
        self
    }

    /// Goes on with a step that observes whether the change has helped.
    ///
    /// # Panics
    /// It cites a call or an item that is not there.
    #[must_use]
    pub fn verified(mut self, verify: impl FnOnce(&Context) -> Result<Verification>) -> Self {
        let findings = self
            .diagnosis
            .as_ref()
            .ok()
            .and_then(|report| report.findings.clone());
        let writes = std::mem::take(&mut self.log.writes);
        let (verified, mut log) = step(&self.world, self.log, findings, verify);
        log.writes = writes;
        let verified = verified.map(Verification::into_wire);
        if let Ok(verification) = &verified {
            for cite in &verification.cites {
                check_cite(cite, &log);
            }
        }
        self.verification = Some(verified);
        self.log = log;
        self
    }

    /// The report.
    ///
    /// # Panics
    /// The diagnosis ended without one.
    pub fn report(&self) -> &wire::Report {
        match &self.diagnosis {
            Ok(report) => report,
            Err(error) => panic!("the diagnosis ended without a report: {error}"),
        }
    }

    /// The causes that have a hypothesis, the likeliest first.
    pub fn causes(&self) -> Vec<&str> {
        let report = self.diagnosis.as_ref();
        let hypotheses = report.map_or(&[][..], |report| &report.hypotheses);
        hypotheses
            .iter()
            .map(|hypothesis| hypothesis.cause.as_str())
            .collect()
    }

    /// Why no cause is named, where none is.
    pub fn unresolved(&self) -> Option<String> {
        match &self.diagnosis {
            Ok(report) => report.unresolved.clone(),
            Err(error) => Some(error.to_string()),
        }
    }

    /// How the newest step that failed did so.
    pub fn failure(&self) -> Option<&Error> {
        let verification = self
            .verification
            .as_ref()
            .and_then(|ended| ended.as_ref().err());
        let remedy = self.remedy.as_ref().and_then(|ended| ended.as_ref().err());
        verification.or(remedy).or(self.diagnosis.as_ref().err())
    }

    /// What is proposed; nothing before a remediation has run.
    pub fn plan(&self) -> Plan<'_> {
        Plan {
            writes: &self.log.writes,
        }
    }

    /// What the verification concludes.
    ///
    /// # Panics
    /// It did not run, or ended without a conclusion.
    pub fn verification(&self) -> &wire::Verification {
        match &self.verification {
            Some(Ok(verification)) => verification,
            Some(Err(error)) => panic!("the verification ended without a verdict: {error}"),
            None => panic!("no verification has run"),
        }
    }

    /// What was asked, in order; the first is `c1`.
    pub fn calls(&self) -> Vec<&str> {
        self.log
            .calls
            .iter()
            .map(|call| call.asked.as_str())
            .collect()
    }

    /// The steps' own notes.
    pub fn notes(&self) -> &[String] {
        &self.log.notes
    }
}

/// Runs one step and takes its log back.
fn step<T>(
    world: &World,
    log: Log,
    findings: Option<String>,
    step: impl FnOnce(&Context) -> Result<T>,
) -> (Result<T>, Log) {
    let running = Rc::new(Running::new(world.clone(), log));
    let input = wire::Input {
        now: world.now.micros(),
        incident: world.incident.incident.clone(),
        inputs: serde_json::Value::Object(world.given.clone()).to_string(),
        findings,
    };
    let ended = step(&Context {
        input,
        host: Host(Rc::clone(&running)),
    });
    (ended, running.log())
}

fn check_report(report: &wire::Report, log: &Log) {
    for hypothesis in &report.hypotheses {
        let cause = &hypothesis.cause;
        assert!(
            !hypothesis.supports.is_empty(),
            "nothing is cited for the hypothesis `{cause}`"
        );
        for cite in hypothesis.supports.iter().chain(&hypothesis.contradicts) {
            check_cite(cite, log);
        }
        for check in &hypothesis.checks {
            let (call, answered) = (
                check.call,
                !matches!(check.outcome, wire::Checked::NotMade(_)),
            );
            check_call(call, answered, log);
        }
    }
    for cite in report
        .ruled_out
        .iter()
        .flat_map(|ruled_out| &ruled_out.because)
    {
        check_cite(cite, log);
    }
    for call in report
        .could_not_check
        .iter()
        .filter_map(|unchecked| unchecked.call)
    {
        check_call(call, false, log);
    }
    let concludes = !report.hypotheses.is_empty() || report.unresolved.is_some();
    assert!(concludes, "the report names no cause and does not say why");
}

fn check_cite(cite: &wire::Cite, log: &Log) {
    let items = check_call(cite.call, true, log);
    for item in &cite.items {
        assert!(
            (*item as usize) < items,
            "c{}[{item}] is cited; it has {items} items",
            cite.call
        );
    }
}

fn check_call(call: u64, must_be_answered: bool, log: &Log) -> usize {
    let index = usize::try_from(call)
        .ok()
        .and_then(|call| call.checked_sub(1));
    let Some(called) = index.and_then(|index| log.calls.get(index)) else {
        panic!("c{call} is cited; this run did not make it");
    };
    assert!(
        called.answered || !must_be_answered,
        "c{call} is cited; it was not answered"
    );
    called.items
}
