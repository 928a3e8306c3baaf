//! From a runbook's folder to its components.

use crate::BuildError;
use crate::compile::compile;
use crate::encode::encode;
use crate::inspect::{Step, inspect_bytes};
use crate::key::key;
use crate::package::Package;
use crate::process::Echo;
use crate::toolchain::{Choice, Toolchain};
use serde::Serialize;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// How often a build starts anew because a source was saved while it ran.
const TRIES_MAX: u32 = 3;

/// How to build.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where compiled files are kept; else `$CARGO_TARGET_DIR`, else cargo's own choice for the
    /// crate. Everything of ours is in its folder `steps`.
    pub target_dir: Option<PathBuf>,
    /// Which toolchain to take.
    pub toolchain: Choice,
    /// Pass the compiler's messages on to standard error while it works.
    pub verbose: bool,
}

/// A built runbook.
#[derive(Debug, Clone, Serialize)]
pub struct Built {
    /// The crate's name.
    pub name: String,
    /// Its steps, in the manifest's order.
    pub steps: Vec<Step>,
    /// Which toolchain made them: `path` or `debian`.
    pub toolchain: &'static str,
    /// Names the sources, the compiler and its flags: what was built under one key is alike.
    pub key: String,
    /// Whether they were built before and only copied.
    pub cached: bool,
}

/// Builds every `src/bin/STEP.rs` of the runbook crate in `dir` and writes `components/STEP.wasm`
/// beside it. What was built before from the same sources by the same compiler is not built again.
pub fn build(dir: &Path, options: &Options) -> Result<Built, BuildError> {
    let dir = dir.canonicalize().map_err(BuildError::io("read", dir))?;
    if !dir.join("Cargo.toml").is_file() {
        return Err(BuildError::NoCrate { dir });
    }
    let given = match &options.target_dir {
        Some(dir) => Some(dir.clone()),
        None => std::env::var_os("CARGO_TARGET_DIR")
            .filter(|d| !d.is_empty())
            .map(PathBuf::from),
    };
    let given = given
        .map(|dir| std::path::absolute(&dir).map_err(BuildError::io("read", &dir)))
        .transpose()?;
    let state = given
        .clone()
        .unwrap_or_else(|| dir.join("target"))
        .join("steps");
    let toolchain = Toolchain::find(options.toolchain, &state)?;
    let package = Package::read(&dir, &toolchain)?;
    let steps = given
        .unwrap_or_else(|| package.target_dir.clone())
        .join("steps");
    std::fs::create_dir_all(&steps).map_err(BuildError::io("write", &steps))?;

    // One builder at a time: cargo's own lock ends before the modules are read.
    let lock_path = steps.join("lock");
    let lock = File::create(&lock_path).map_err(BuildError::io("write", &lock_path))?;
    lock.lock().map_err(BuildError::io("lock", &lock_path))?;

    let (kept, cached) = compiled(&dir, &package, &toolchain, &steps, options)?;
    let components = dir.join("components");
    std::fs::create_dir_all(&components).map_err(BuildError::io("write", &components))?;
    let mut built = Vec::new();
    for step in &package.steps {
        let file = format!("{step}.wasm");
        let path = kept.join(&file);
        let bytes = std::fs::read(&path).map_err(BuildError::io("read", path))?;
        let path = components.join(file);
        let step = inspect_bytes(&path, &bytes)?;
        replace(&path, &bytes)?;
        built.push(step);
    }
    let key = kept
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    Ok(Built {
        name: package.name,
        steps: built,
        toolchain: toolchain.name,
        key,
        cached,
    })
}

/// The folder that holds the components of these very sources, and whether it was there before.
fn compiled(
    dir: &Path,
    package: &Package,
    toolchain: &Toolchain,
    steps: &Path,
    options: &Options,
) -> Result<(PathBuf, bool), BuildError> {
    let mut now = key(package, toolchain)?;
    for _ in 0..TRIES_MAX {
        let kept = steps.join(&now);
        if kept.is_dir() {
            return Ok((kept, true));
        }
        let echo = if options.verbose {
            Echo::Stderr
        } else {
            Echo::Nothing
        };
        let target = steps.join(format!("cargo-{}", toolchain.name));
        let modules = compile(dir, package, toolchain, &target, echo)?;
        let fresh = tempfile::tempdir_in(steps).map_err(BuildError::io("write", steps))?;
        for (step, module) in &modules {
            let bytes = std::fs::read(module).map_err(BuildError::io("read", module))?;
            let path = fresh.path().join(format!("{step}.wasm"));
            std::fs::write(&path, encode(step, &bytes)?).map_err(BuildError::io("write", path))?;
        }
        // A file that was saved meanwhile would put these bytes under a key that is not theirs.
        let after = key(package, toolchain)?;
        if after == now {
            std::fs::rename(fresh.keep(), &kept).map_err(BuildError::io("write", &kept))?;
            return Ok((kept, false));
        }
        now = after;
    }
    Err(BuildError::Changing { dir: dir.into() })
}

/// Writes `bytes` to `path` so that a reader finds the old file or the new one, never a part.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), BuildError> {
    if std::fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .permissions(permissions())
        .tempfile_in(dir)
        .map_err(BuildError::io("write", path))?;
    file.write_all(bytes)
        .map_err(BuildError::io("write", path))?;
    file.persist(path)
        .map_err(|e| BuildError::io("write", path)(e.error))?;
    Ok(())
}

/// Readable by all: a host may run as another user than the builder.
fn permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o644)
}
