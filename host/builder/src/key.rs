//! One name for everything that decides a build's bytes: sources, locked packages, compiler, flags.

use crate::BuildError;
use crate::compile;
use crate::package::Package;
use crate::toolchain::Toolchain;
use sha2::{Digest, Sha256};
use std::path::Path;

/// Counts changes of how steps are built that the other parts of the key do not show.
const FORMAT: &str = "1, wit-component 0.258";
/// Folders whose content no step is built from.
const SKIPPED: [&str; 4] = ["target", "components", ".git", "tests"];
const FILES_MAX: usize = 20_000;
const DEPTH_MAX: u32 = 32;

/// The key of a build, as 64 hex digits.
pub(crate) fn key(package: &Package, toolchain: &Toolchain) -> Result<String, BuildError> {
    let mut hash = Sha256::new();
    let mut field = |name: &str, bytes: &[u8]| {
        hash.update(format!("{name} {}\n", bytes.len()));
        hash.update(bytes);
    };
    field("format", FORMAT.as_bytes());
    field("compiler", toolchain.identity.as_bytes());
    field("flags", compile::FLAGS.join(" ").as_bytes());
    field("package", package.name.as_bytes());
    // Editions, patches and lints of a workspace are inherited from here.
    let workspace = package.workspace_root.join("Cargo.toml");
    let bytes = std::fs::read(&workspace).map_err(BuildError::io("read", workspace))?;
    field("workspace", &bytes);
    for line in &package.locked {
        field("locked", line.as_bytes());
    }
    for (name, dir) in &package.sources {
        let mut files = Vec::new();
        list(dir, dir, 0, &mut files)?;
        files.sort();
        for relative in files {
            let path = dir.join(&relative);
            let bytes = std::fs::read(&path).map_err(BuildError::io("read", path))?;
            field(&format!("{name}/{relative}"), &bytes);
        }
    }
    Ok(hex::encode(hash.finalize()))
}

fn list(root: &Path, dir: &Path, depth: u32, files: &mut Vec<String>) -> Result<(), BuildError> {
    let entries = std::fs::read_dir(dir).map_err(BuildError::io("read", dir))?;
    for entry in entries {
        let entry = entry.map_err(BuildError::io("read", dir))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(BuildError::io("read", &path))?;
        let name = entry.file_name();
        let skipped = depth == 0 && SKIPPED.iter().any(|s| name == *s);
        // A crate inside this one is listed by itself where it is used.
        if kind.is_dir() {
            let other = depth > 0 || !skipped;
            if other && depth < DEPTH_MAX && !path.join("Cargo.toml").exists() {
                list(root, &path, depth + 1, files)?;
            }
        } else if kind.is_file() && files.len() < FILES_MAX {
            let relative = path.strip_prefix(root).unwrap_or(&path);
            files.push(relative.to_string_lossy().into_owned());
        }
    }
    Ok(())
}
