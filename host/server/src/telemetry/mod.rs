//! Traces, by OpenTelemetry's conventions.
