//! A step's typed output, which is the next step's input.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};

/// What one step concludes and the next reads. Numbers must be whole: findings
/// become part of what a person signs, and that holds no fractions.
pub trait Findings: Serialize + DeserializeOwned {}

impl<T: Serialize + DeserializeOwned> Findings for T {}

pub(crate) fn read<F: Findings>(text: Option<&str>) -> Result<Option<F>> {
    let Some(text) = text else { return Ok(None) };
    serde_json::from_str(text)
        .map(Some)
        .map_err(|error| Error::failed(format!("the findings are of another shape: {error}")))
}

pub(crate) fn write<F: Findings>(findings: &F) -> Result<String> {
    serde_json::to_string(findings)
        .map_err(|error| Error::failed(format!("the findings cannot be written: {error}")))
}
