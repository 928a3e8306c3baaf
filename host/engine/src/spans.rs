//! The span of one live call, from its asking to its answer. Replays open none: they ask nobody.
//!
//! Invariant: neither the question nor the answer is in it. A step chooses the name of the source
//! that it asks, so that name is told only once a source has answered to it.

use interlock_capabilities::{Gap, ReadCall, names};
use interlock_gate::ids::CallId;
use tracing::{Span, field::Empty, info_span};

/// A call that is being made; connectors add what they know of the system.
pub(crate) fn call(id: CallId, call: ReadCall) -> Span {
    info_span!(
        "call",
        { names::OTEL_NAME } = call.name(),
        { names::OTEL_KIND } = "client",
        { names::CALL } = %id,
        { names::CAPABILITY } = call.name(),
        { names::TARGET } = Empty,
        { names::DB_SYSTEM_NAME } = Empty,
        { names::SERVER_ADDRESS } = Empty,
        { names::SERVER_PORT } = Empty,
        { names::ERROR_TYPE } = Empty,
        { names::OTEL_STATUS_CODE } = Empty,
    )
}

/// How it ended.
pub(crate) fn answered<A>(span: &Span, target: &str, answer: &Result<A, Gap>) {
    if let Err(gap) = answer {
        span.record(names::ERROR_TYPE, gap.word());
        span.record(names::OTEL_STATUS_CODE, "ERROR");
    }
    match answer {
        Ok(_) | Err(Gap::Unreachable(_) | Gap::TooLarge(_)) => {
            span.record(names::TARGET, target);
        }
        Err(Gap::NoSource(_) | Gap::Refused(_) | Gap::NotRecorded(_)) => {}
    }
}
