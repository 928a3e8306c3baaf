//! Makes a component of a core module, and checks what came out.

use crate::BuildError;
use wit_component::ComponentEncoder;

/// The component of step `step`, whose core module is `module`.
pub(crate) fn encode(step: &str, module: &[u8]) -> Result<Vec<u8>, BuildError> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)
        .and_then(|encoder| encoder.encode())
        .map_err(|error| BuildError::Encode {
            step: step.to_owned(),
            why: format!("{error:#}"),
        })
}
