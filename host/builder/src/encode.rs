//! Makes a component of a core module, and checks what came out.

use crate::{BuildError, facts};
use wit_component::ComponentEncoder;

/// The component of step `step`, whose core module is `module`.
pub(crate) fn encode(step: &str, module: &[u8]) -> Result<Vec<u8>, BuildError> {
    let broken = |why: String| BuildError::Encode {
        step: step.to_owned(),
        why,
    };
    let component = ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| broken(format!("{error:#}")))?;
    if facts::read(&component).map_err(broken)?.kind.is_none() {
        return Err(BuildError::NotAStep {
            step: step.to_owned(),
        });
    }
    Ok(component)
}
