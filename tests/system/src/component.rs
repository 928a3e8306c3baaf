//! Components from the text of a core module: steps that no author would write.

use std::path::Path;

use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

use crate::WorldError;

/// The component that a core module's text is encoded to, for the world of diagnose steps.
pub fn encode(text: &str) -> Result<Vec<u8>, WorldError> {
    encoded(text).map_err(|why| WorldError::Component {
        why: format!("{why:#}"),
    })
}

fn encoded(text: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let contract = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runbook-sdk/wit");
    let mut resolve = Resolve::default();
    let mut packages = Vec::new();
    for package in ["read", "write", "step"] {
        let (id, _) = resolve.push_path(contract.join(package))?;
        packages = vec![id];
    }
    let world = resolve.select_world(&packages, Some("diagnose-step"))?;
    let mut module = wat::parse_str(text)?;
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(&module)?;
    Ok(encoder.encode()?)
}
