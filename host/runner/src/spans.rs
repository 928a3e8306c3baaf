//! The spans of a run, of its steps, of a change and of its acts.
//!
//! Not the record of them: that is the journal's, and it is whole where no trace is sent.
//! Invariant: a span holds ids, names that manifest, policy and contract fix, and outcomes; no
//! input, no report's words, no argument.

use std::future::Future;

use interlock_capabilities::{Settled, names};
use interlock_engine::{Ended, Ran, Tier};
use interlock_gate::{
    action::AnyAction,
    history::Kind,
    ids::{PlanDigest, RunId},
};
use tracing::{Instrument as _, Span, field::Empty, info_span};

use crate::{
    act::{Applied, ApplyEnd},
    error::RunError,
    run::{RunEnd, RunEnded},
};

/// A run, joined ones included.
pub(crate) async fn run(
    work: impl Future<Output = Result<RunEnded, RunError>>,
) -> Result<RunEnded, RunError> {
    let span = info_span!(
        "run",
        { names::RUN } = Empty,
        { names::RUNBOOK } = Empty,
        { names::OUTCOME } = Empty,
        { names::ERROR_TYPE } = Empty,
        { names::OTEL_STATUS_CODE } = Empty,
    );
    let ended = work.instrument(span.clone()).await;
    match &ended {
        Ok(ended) => {
            span.record(names::RUN, ended.run.as_str());
            span.record(names::OUTCOME, word(&ended.end));
        }
        Err(_) => failed(&span, "not_run"),
    }
    ended
}

fn word(end: &RunEnd) -> &'static str {
    match end {
        RunEnd::Concluded => "concluded",
        RunEnd::Planned(_) => "planned",
        RunEnd::Refused(_) => "refused",
        RunEnd::Faulted { .. } => "faulted",
        RunEnd::Cancelled { .. } => "cancelled",
        RunEnd::StepFailed { .. } => "failed",
        RunEnd::Waits(_) => "waits",
        RunEnd::Joined => "joined",
    }
}

/// Says which run the current span is about, once the journal holds its opening: before that the
/// runbook's name is whatever the caller wrote.
pub(crate) fn opened(run: &RunId, runbook: &str) {
    let span = Span::current();
    span.record(names::RUN, run.as_str());
    span.record(names::RUNBOOK, runbook);
}

/// One step, from its first instruction to its end.
pub(crate) async fn step(name: &str, tier: Tier, work: impl Future<Output = Ran>) -> Ran {
    let span = info_span!(
        "step",
        { names::OTEL_NAME } = Empty,
        { names::STEP } = name,
        { names::TIER } = match tier {
            Tier::Read => "read",
            Tier::Write => "write",
        },
        { names::OUTCOME } = Empty,
        { names::ERROR_TYPE } = Empty,
        { names::OTEL_STATUS_CODE } = Empty,
    );
    if !span.is_disabled() {
        span.record(names::OTEL_NAME, format!("step {name}"));
    }
    let ran = work.instrument(span.clone()).await;
    match &ran.end {
        Ok(ended) => {
            span.record(
                names::OUTCOME,
                match ended {
                    Ended::Report(_) => "report",
                    Ended::Writes(_) => "writes",
                    Ended::Verification(_) => "verification",
                    Ended::CouldNotCheck(_) => "could_not_check",
                    Ended::Failed(_) => "failed",
                },
            );
        }
        Err(fault) => failed(&span, fault.kind().word()),
    }
    ran
}

/// A plan carried out, or back.
pub(crate) async fn change(
    plan: PlanDigest,
    kind: Kind,
    work: impl Future<Output = Result<Applied, RunError>>,
) -> Result<Applied, RunError> {
    let span = info_span!(
        "change",
        { names::OTEL_NAME } = kind.word(),
        { names::PLAN } = %plan,
        { names::OUTCOME } = Empty,
        { names::ERROR_TYPE } = Empty,
        { names::OTEL_STATUS_CODE } = Empty,
    );
    let applied = work.instrument(span.clone()).await;
    match &applied {
        Ok(applied) => {
            span.record(
                names::OUTCOME,
                match &applied.end {
                    ApplyEnd::Done(_) => "done",
                    ApplyEnd::Denied(_) => "denied",
                    ApplyEnd::NotConforming(_) => "not_conforming",
                    ApplyEnd::NotReady(_) => "not_ready",
                    ApplyEnd::NotBegun(_) => "not_begun",
                    ApplyEnd::NoWriter(_) => "no_writer",
                    ApplyEnd::Stopped { .. } => "stopped",
                    ApplyEnd::Unknown { .. } => "unknown",
                },
            );
            if let ApplyEnd::Unknown { .. } = &applied.end {
                failed(&span, "unknown");
            }
        }
        Err(_) => failed(&span, "not_carried_out"),
    }
    applied
}

/// One act on production. Its target's source is the operator's word; what follows it in the
/// target, and every argument, stays out.
pub(crate) async fn act(
    action: &AnyAction,
    index: u16,
    work: impl Future<Output = Settled>,
) -> Settled {
    let span = info_span!(
        "act",
        { names::OTEL_NAME } = Empty,
        { names::OTEL_KIND } = "client",
        { names::CAPABILITY } = action.capability().name(),
        { names::TARGET } = action.target().source(),
        { names::ACTION } = u64::from(index) + 1,
        { names::OUTCOME } = Empty,
        { names::SERVER_ADDRESS } = Empty,
        { names::SERVER_PORT } = Empty,
        { names::ERROR_TYPE } = Empty,
        { names::OTEL_STATUS_CODE } = Empty,
    );
    span.record(names::OTEL_NAME, action.capability().name());
    let settled = work.instrument(span.clone()).await;
    let word = settled.outcome().word();
    span.record(names::OUTCOME, word);
    if matches!(word, "refused" | "unknown") {
        failed(&span, word);
    }
    settled
}

fn failed(span: &Span, kind: &str) {
    span.record(names::ERROR_TYPE, kind);
    span.record(names::OTEL_STATUS_CODE, "ERROR");
}
