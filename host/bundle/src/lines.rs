//! JSON and JSON lines of a bundle, each mistake with its line.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::BundleError;

/// One document.
pub(crate) fn document<T: DeserializeOwned>(path: &Path, bytes: &[u8]) -> Result<T, BundleError> {
    serde_json::from_slice(bytes).map_err(|error| BundleError::Line {
        path: path.to_owned(),
        line: error.line() as u64,
        why: words(&error),
    })
}

/// A document a line; empty lines are passed over.
pub(crate) fn lines<T: DeserializeOwned>(
    path: &Path,
    bytes: &[u8],
    (what, most): (&'static str, usize),
) -> Result<Vec<T>, BundleError> {
    let mut all = Vec::new();
    for (index, line) in bytes.split(|b| *b == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if all.len() == most {
            return Err(BundleError::TooMuch {
                path: path.to_owned(),
                what,
                most: most as u64,
            });
        }
        all.push(
            serde_json::from_slice(line).map_err(|error| BundleError::Line {
                path: path.to_owned(),
                line: index as u64 + 1,
                why: words(&error),
            })?,
        );
    }
    Ok(all)
}

/// What serde says, without the place that it counts from the line's own beginning.
fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

/// The bytes of a document that people may read.
pub(crate) fn to_document<T: Serialize>(path: &Path, it: &T) -> Result<Vec<u8>, BundleError> {
    let mut bytes = serde_json::to_vec_pretty(it).map_err(|why| unwritable(path, why))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The bytes of a document a line.
pub(crate) fn to_lines<T: Serialize>(path: &Path, all: &[T]) -> Result<Vec<u8>, BundleError> {
    let mut bytes = Vec::new();
    for it in all {
        serde_json::to_writer(&mut bytes, it).map_err(|why| unwritable(path, why))?;
        bytes.push(b'\n');
    }
    Ok(bytes)
}

fn unwritable(path: &Path, why: serde_json::Error) -> BundleError {
    BundleError::System {
        path: path.to_owned(),
        doing: "written",
        why: why.into(),
    }
}
