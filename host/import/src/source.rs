//! What is imported: one file, bounded, or a folder.

use std::path::Path;

use interlock_bundle::{BundleError, Folder, Room, is_name};

use crate::ImportError;

/// Most bytes of one imported file.
pub(crate) const FILE_BYTES_MAX: u64 = 256 << 20;

/// Reads a file whole. No link is followed as its last part.
pub(crate) fn file(path: &Path) -> Result<Vec<u8>, ImportError> {
    let name = path.file_name().and_then(|name| name.to_str());
    let parent = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    };
    let bytes = match name {
        Some(name) => Folder::open(parent)?.read(name, &mut Room::new(FILE_BYTES_MAX))?,
        None => None,
    };
    let path = path.to_owned();
    Ok(bytes.ok_or(BundleError::Missing { path })?)
}

/// A bundle's name out of a file's, a folder's or somebody's id: what no name may hold becomes `-`.
pub(crate) fn name_of(text: &str) -> String {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let mapped = text.chars().map(|c| if good(c) { c } else { '-' });
    let name: String = mapped
        .skip_while(|c| !c.is_ascii_alphanumeric())
        .take(64)
        .collect();
    if is_name(&name) {
        name
    } else {
        "incident".to_owned()
    }
}

/// A bundle's name out of a path: its last part, without what stands after the last dot.
pub(crate) fn name_of_path(path: &Path) -> String {
    name_of(&path.file_stem().unwrap_or_default().to_string_lossy())
}
