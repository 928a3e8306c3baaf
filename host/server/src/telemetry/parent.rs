//! Whose trace a call belongs to: the W3C `traceparent` that came with it.

use std::future::Future;

use opentelemetry::trace::{
    FutureExt as _, SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState,
};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Bytes of version `00`, and of the beginning of every later one.
const BYTES: usize = 55;
/// Most bytes of a later version.
const BYTES_MAX: usize = 512;

/// Reads a `traceparent`, from an HTTP header or from MCP's `params._meta`. Anything but what the
/// standard allows is `None`: the call then begins a trace of its own.
pub fn parent(text: &str) -> Option<SpanContext> {
    let bytes = text.as_bytes();
    if bytes.len() < BYTES || bytes.len() > BYTES_MAX || !text.is_ascii() {
        return None;
    }
    if [2, 35, 52].iter().any(|at| bytes[*at] != b'-') {
        return None;
    }
    let version = hex::<1>(&bytes[0..2])?[0];
    let rest_is_allowed = match version {
        0x00 => bytes.len() == BYTES,
        0xff => false,
        _later => bytes.len() == BYTES || bytes[BYTES] == b'-',
    };
    if !rest_is_allowed {
        return None;
    }
    let trace = TraceId::from_bytes(hex::<16>(&bytes[3..35])?);
    let span = SpanId::from_bytes(hex::<8>(&bytes[36..52])?);
    let flags = hex::<1>(&bytes[53..55])?[0];
    // Bits that no version names yet are not ours to pass on.
    let flags = TraceFlags::new(flags) & TraceFlags::SAMPLED;
    let context = SpanContext::new(trace, span, flags, true, TraceState::NONE);
    context.is_valid().then_some(context)
}

/// Lower case only, as the standard has it.
fn hex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

/// Puts the spans of work that outlives the current span below it, without keeping that span open:
/// a door may answer before the run that it started ends.
pub fn below_current<F: Future>(work: F) -> impl Future<Output = F::Output> {
    work.with_context(tracing::Span::current().context())
}

/// Puts a span that was not entered yet below its remote parent.
pub(super) fn place(span: &tracing::Span, parent: Option<&SpanContext>) {
    if let Some(parent) = parent {
        let context = opentelemetry::Context::new().with_remote_span_context(parent.clone());
        // Refused where no traces are sent.
        _ = span.set_parent(context);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_good_parent_is_read_to_the_bit() {
        let context = parent(GOOD).unwrap();
        assert_eq!(
            context.trace_id().to_string(),
            "4bf92f3577b34da6a3ce929d0e0e4736"
        );
        assert_eq!(context.span_id().to_string(), "00f067aa0ba902b7");
        assert!(context.is_sampled() && context.is_remote());
        let unsampled = parent(&GOOD.replace("-01", "-00")).unwrap();
        assert!(!unsampled.is_sampled());
        // A later version may say more.
        let later = GOOD.replacen("00", "cc", 1);
        assert!(parent(&later).is_some());
        assert!(parent(&format!("{later}-what-comes")).is_some());
    }

    #[test]
    fn everything_else_is_no_parent() {
        let zero_trace = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        let zero_span = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", "0".repeat(16));
        let long = format!("cc{}-{}", &GOOD[2..], "x".repeat(512));
        for bad in [
            "",
            "00",
            &GOOD.to_uppercase(),
            &GOOD[..54],
            &format!("{GOOD}-more"),
            &format!("{GOOD}0"),
            &format!(" {GOOD}"),
            &GOOD.replacen("00", "ff", 1),
            &format!("cc{}x", &GOOD[2..]),
            &GOOD.replace('-', "_"),
            &GOOD.replacen("4b", "4g", 1),
            &GOOD.replacen("4b", "é", 1),
            &zero_trace,
            &zero_span,
            &long,
        ] {
            assert_eq!(parent(bad), None, "{bad}");
        }
    }
}
