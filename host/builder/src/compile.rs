//! Calls cargo so that the bytes depend on sources and compiler alone, not on folders.

use crate::BuildError;
use crate::package::Package;
use crate::process::{Echo, run_ok};
use crate::toolchain::{TARGET, Toolchain};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The first build compiles the target's standard library as well.
const TIME_MAX: Duration = Duration::from_secs(1800);

/// The profile of steps. It is passed on the command line because a workspace's own profile is
/// for the host: there speed counts, here size, and equal bytes everywhere.
pub(crate) const FLAGS: [&str; 9] = [
    "profile.release.opt-level=\"s\"",
    "profile.release.lto=true",
    "profile.release.codegen-units=1",
    "profile.release.panic=\"abort\"",
    "profile.release.strip=true",
    "profile.release.debug=false",
    "profile.release.incremental=false",
    "profile.release.overflow-checks=true",
    "profile.release.debug-assertions=false",
];

/// Builds every step of the crate in `dir`; gives the core module of each by its name.
pub(crate) fn compile(
    dir: &Path,
    package: &Package,
    toolchain: &Toolchain,
    target: &Path,
    echo: Echo,
) -> Result<BTreeMap<String, PathBuf>, BuildError> {
    let mut command = toolchain.cargo(dir);
    command.args(["build", "--release", "--target", TARGET]);
    command.args(["--message-format", "json-render-diagnostics"]);
    command.arg("--target-dir").arg(target);
    for flag in FLAGS {
        command.arg("--config").arg(flag);
    }
    for step in &package.steps {
        command.args(["--bin", step]);
    }
    command.args(toolchain.build_args());
    command.env("CARGO_ENCODED_RUSTFLAGS", remap(package, target));
    let ran = run_ok(&mut command, TIME_MAX, echo)?;

    let mut modules = BTreeMap::new();
    for line in ran.stdout.lines() {
        // Lines of other reasons have other shapes and are of no concern.
        let Ok(message) = serde_json::from_str::<Artifact>(line) else {
            continue;
        };
        if message.target.kind.iter().any(|k| k == "bin")
            && let Some(file) = message
                .filenames
                .into_iter()
                .find(|f| f.extension().is_some_and(|e| e == "wasm"))
        {
            modules.insert(message.target.name, file);
        }
    }
    for step in &package.steps {
        if !modules.contains_key(step) {
            let why = format!("it names no module for step `{step}`");
            return Err(BuildError::Answer {
                program: "cargo build".into(),
                why,
            });
        }
    }
    Ok(modules)
}

#[derive(Deserialize)]
struct Artifact {
    target: ArtifactTarget,
    filenames: Vec<PathBuf>,
}

#[derive(Deserialize)]
struct ArtifactTarget {
    name: String,
    kind: Vec<String>,
}

/// Replaces every folder that a panic message could carry by a fixed name. The last match wins,
/// so the narrower ones come later.
fn remap(package: &Package, target: &Path) -> OsString {
    let mut flags = OsString::new();
    let mut add = |from: &Path, to: &str| {
        if !flags.is_empty() {
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(from);
        flags.push("=");
        flags.push(to);
    };
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    if let Some(home) = home {
        add(&home, "/cargo");
    }
    add(&package.workspace_root, "/workspace");
    add(target, "/target");
    let mut sources = package.sources.clone();
    sources.sort_by_key(|(_, dir)| dir.components().count());
    for (name, dir) in &sources {
        add(dir, &format!("/src/{name}"));
    }
    flags
}
