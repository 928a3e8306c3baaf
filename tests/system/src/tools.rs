//! Programs from other registries, where `cargo xtask test` puts them.

use std::path::PathBuf;

use crate::WorldError;

/// The Python that has the protocol's official client.
pub fn python() -> Result<PathBuf, WorldError> {
    tool("python/bin/python")
}

/// A program that a package of the pinned list brings.
pub fn python_program(name: &str) -> Result<PathBuf, WorldError> {
    tool(&format!("python/bin/{name}"))
}

/// A Node program of the pinned list, as `node` and its script.
pub fn node_tool(script: &str) -> Result<(PathBuf, PathBuf), WorldError> {
    let node = tool("node/node_modules/node/bin/node")?;
    Ok((node, tool(&format!("node/node_modules/{script}"))?))
}

fn tool(path: &str) -> Result<PathBuf, WorldError> {
    // target/PROFILE/deps/system-HASH: the tools are beside the profile.
    let here = std::env::current_exe().map_err(WorldError::io("find the test's own file"))?;
    let looked = here
        .ancestors()
        .skip(1)
        .map(|folder| folder.join("tools").join(path))
        .find(|path| path.is_file());
    looked.ok_or_else(|| WorldError::NoTool {
        looked: here.with_file_name("tools").join(path),
    })
}
