//! Between a step's function and the component's export.

use crate::context::Context;
use crate::door::Host;
use crate::error::Result;
use crate::report::Report;
use crate::verification::Verification;
use crate::wire;

fn context(input: wire::Input) -> Context {
    Context { input, host: Host }
}

/// Runs a diagnosis.
///
/// # Errors
/// The step ended without a conclusion.
pub fn diagnose(
    input: wire::Input,
    step: fn(&Context) -> Result<Report>,
) -> Result<wire::Report, wire::Failure> {
    Ok(step(&context(input))?.into_wire())
}

/// Runs a step that proposes a change.
///
/// # Errors
/// The step ended without a conclusion.
pub fn remediate(
    input: wire::Input,
    step: fn(&Context) -> Result<()>,
) -> Result<(), wire::Failure> {
    Ok(step(&context(input))?)
}

/// Runs a verification.
///
/// # Errors
/// The step ended without a conclusion.
pub fn verify(
    input: wire::Input,
    step: fn(&Context) -> Result<Verification>,
) -> Result<wire::Verification, wire::Failure> {
    Ok(step(&context(input))?.into_wire())
}
