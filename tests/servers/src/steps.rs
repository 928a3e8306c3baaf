//! The components of a runbook that the repository ships, built when a test first wants them.

use std::path::{Path, PathBuf};

use interlock_builder::{BuildError, Built, Options};

/// The repository's folder.
pub fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // This crate lies two folders below it.
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// Builds `runbooks/NAME`, or copies what was built before from the same sources. Blocks: a first
/// build takes a minute.
pub fn runbook(name: &str) -> Result<Built, BuildError> {
    interlock_builder::build(
        &repository().join("runbooks").join(name),
        &Options::default(),
    )
}

/// Builds a runbook that only tests use, and says where it lies. Blocks, as [`runbook`] does.
pub fn test_runbook(name: &str) -> Result<PathBuf, BuildError> {
    let folder = repository().join("tests/system/runbooks").join(name);
    interlock_builder::build(&folder, &Options::default())?;
    Ok(folder)
}

/// The component of one step of the shipped runbook `postgres-connections`.
pub fn step(name: &str) -> Result<PathBuf, BuildError> {
    let runbook_name = "postgres-connections";
    runbook(runbook_name)?;
    let folder = repository()
        .join("runbooks")
        .join(runbook_name)
        .join("components");
    Ok(folder.join(format!("{name}.wasm")))
}
