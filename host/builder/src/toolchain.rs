//! Which compiler makes WebAssembly on this machine: the one place that knows.
//!
//! 1. The Rust on the PATH, where it has the target's standard library.
//! 2. The same, after `rustup target add`, where rustup can reach its server.
//! 3. Debian's `rustc-web`, which builds the standard library from `rust-web-src`. Its compiler
//!    and its source are of one version, which the machine's Rust and that source are not; the
//!    linker is the one that ships with the machine's Rust.

use crate::BuildError;
use crate::process::{Echo, run, run_ok};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// The target of every step.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const ASK_TIME_MAX: Duration = Duration::from_secs(60);
const DOWNLOAD_TIME_MAX: Duration = Duration::from_secs(180);
/// A failed download is not tried again within this time: each try costs seconds.
const RETRY_AFTER: Duration = Duration::from_secs(3600);

/// Which toolchain to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Choice {
    /// The first that works, in the order above.
    #[default]
    Auto,
    /// The Rust on the PATH and nothing else.
    OnPath,
    /// Debian's packages and nothing else.
    Debian,
}

/// A compiler that can make WebAssembly, and how to call it.
#[derive(Debug, Clone)]
pub struct Toolchain {
    /// `path` or `debian`.
    pub name: &'static str,
    /// What identifies it: two toolchains with equal words make equal bytes.
    pub identity: String,
    cargo: PathBuf,
    env: Vec<(&'static str, OsString)>,
    args: Vec<&'static str>,
}

impl Toolchain {
    /// Finds one. `state` is a folder where a failed download is remembered.
    pub fn find(choice: Choice, state: &Path) -> Result<Toolchain, BuildError> {
        let mut tried = Vec::new();
        if choice != Choice::Debian {
            match on_path(state) {
                Ok(found) => return Ok(found),
                Err(why) => tried.push(why),
            }
        }
        if choice != Choice::OnPath {
            match debian() {
                Ok(found) => return Ok(found),
                Err(why) => tried.push(why),
            }
        }
        Err(BuildError::NoToolchain {
            tried: tried.join("; "),
        })
    }

    /// Its cargo, in a clean environment, running in `dir`.
    pub(crate) fn cargo(&self, dir: &Path) -> Command {
        let mut command = clean(&self.cargo);
        command.current_dir(dir);
        for (name, value) in &self.env {
            command.env(name, value);
        }
        command
    }

    /// What a `cargo build` needs beside the usual arguments.
    pub(crate) fn build_args(&self) -> &[&'static str] {
        &self.args
    }
}

fn on_path(state: &Path) -> Result<Toolchain, String> {
    let version = identity("rustc".as_ref())?;
    if !has_std() {
        let remembered = state.join("no-rustup-target");
        if failed_lately(&remembered, &version) {
            return Err("the Rust on the PATH lacks the target, and rustup failed lately".into());
        }
        let mut add = clean("rustup".as_ref());
        add.args(["target", "add", TARGET]);
        if let Err(error) = run_ok(&mut add, DOWNLOAD_TIME_MAX, Echo::Nothing) {
            // Only a hint for the next call, so a failure to keep it is no failure.
            let _ = std::fs::create_dir_all(state);
            let _ = std::fs::write(&remembered, &version);
            return Err(format!(
                "the Rust on the PATH lacks the target, and {error}"
            ));
        }
        if !has_std() {
            return Err("rustup added the target to another Rust than the one on the PATH".into());
        }
    }
    Ok(Toolchain {
        name: "path",
        identity: version,
        cargo: "cargo".into(),
        env: Vec::new(),
        args: Vec::new(),
    })
}

fn has_std() -> bool {
    let mut ask = clean("rustc".as_ref());
    ask.args(["--print", "target-libdir", "--target", TARGET]);
    let Ok(ran) = run_ok(&mut ask, ASK_TIME_MAX, Echo::Nothing) else {
        return false;
    };
    let Ok(entries) = std::fs::read_dir(ran.stdout.trim()) else {
        return false;
    };
    entries
        .flatten()
        .any(|e| e.file_name().to_string_lossy().starts_with("libstd-"))
}

fn failed_lately(remembered: &Path, version: &str) -> bool {
    let age = std::fs::metadata(remembered)
        .and_then(|m| m.modified())
        .ok()
        .and_then(|at| SystemTime::now().duration_since(at).ok());
    age.is_some_and(|age| age < RETRY_AFTER)
        && std::fs::read_to_string(remembered).is_ok_and(|text| text == version)
}

fn debian() -> Result<Toolchain, String> {
    let rustc = Path::new("/usr/bin/rustc");
    let cargo = Path::new("/usr/bin/cargo");
    for program in [rustc, cargo] {
        if !program.exists() {
            return Err(format!("Debian's `{}` is not installed", program.display()));
        }
    }
    let source = PathBuf::from("/usr/lib/rustlib/src/rust/library/std/Cargo.toml");
    if !source.exists() {
        return Err(format!(
            "there is no `{}`, which rust-web-src holds",
            source.display()
        ));
    }
    let linker = linker().ok_or("there is neither `rust-lld` nor `wasm-ld`")?;
    let mut identity = identity(rustc)?;
    identity.push_str(&linker.identity);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs = vec![PathBuf::from("/usr/bin")];
    dirs.extend(std::env::split_paths(&path));
    let path = std::env::join_paths(dirs).map_err(|e| e.to_string())?;
    Ok(Toolchain {
        name: "debian",
        identity,
        cargo: cargo.into(),
        env: vec![
            ("PATH", path),
            ("RUSTC", rustc.into()),
            // `-Z build-std` is how a stable compiler builds the standard library of its own
            // source package; nothing else unstable is used.
            ("RUSTC_BOOTSTRAP", "1".into()),
            (
                "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER",
                linker.path.into(),
            ),
        ],
        args: vec!["-Z", "build-std=std,panic_abort"],
    })
}

struct Linker {
    path: PathBuf,
    identity: String,
}

/// `rust-lld` of the Rust on the PATH, else an installed `wasm-ld`.
fn linker() -> Option<Linker> {
    let mut ask = clean("rustc".as_ref());
    ask.args(["--print", "sysroot"]);
    if let Ok(ran) = run_ok(&mut ask, ASK_TIME_MAX, Echo::Nothing) {
        let identity = identity("rustc".as_ref()).unwrap_or_default();
        let host = identity
            .lines()
            .find_map(|line| line.strip_prefix("host: "));
        let path = Path::new(ran.stdout.trim())
            .join("lib/rustlib")
            .join(host.unwrap_or_default())
            .join("bin/rust-lld");
        if path.exists() {
            return Some(Linker { path, identity });
        }
    }
    let path = Path::new("/usr/bin/wasm-ld");
    let mut ask = clean(path);
    ask.arg("--version");
    let ran = run(&mut ask, ASK_TIME_MAX, Echo::Nothing).ok()?;
    ran.status.success().then(|| Linker {
        path: path.into(),
        identity: ran.stdout,
    })
}

fn identity(rustc: &Path) -> Result<String, String> {
    let mut ask = clean(rustc);
    ask.arg("-vV");
    Ok(run_ok(&mut ask, ASK_TIME_MAX, Echo::Nothing)
        .map_err(|e| e.to_string())?
        .stdout)
}

/// A command without what an outer cargo, or its user, has set for another build.
fn clean(program: &Path) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if let Some(text) = name.to_str()
            && is_for_another_build(text)
        {
            command.env_remove(&name);
        }
    }
    command
}

fn is_for_another_build(name: &str) -> bool {
    // How to reach registries is the machine's matter and stays.
    const KEPT: [&str; 7] = [
        "CARGO_HOME",
        "CARGO_HTTP_",
        "CARGO_NET_",
        "CARGO_REGISTRY_",
        "CARGO_REGISTRIES_",
        "CARGO_SOURCE_",
        "CARGO_TERM_",
    ];
    if name.starts_with("CARGO") || name.starts_with("__CARGO") {
        return !KEPT.iter().any(|kept| name.starts_with(kept));
    }
    name.starts_with("RUSTC")
        || name.starts_with("RUSTDOC")
        // Set by `cargo run` and `cargo test` to the libraries of their own compiler.
        || ["RUSTFLAGS", "LD_LIBRARY_PATH", "MAKEFLAGS", "MFLAGS"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outer_build_leaves_no_trace() {
        for name in [
            "CARGO",
            "CARGO_TARGET_DIR",
            "CARGO_ENCODED_RUSTFLAGS",
            "CARGO_PROFILE_RELEASE_LTO",
            "CARGO_MANIFEST_DIR",
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTC",
            "RUSTFLAGS",
            "LD_LIBRARY_PATH",
        ] {
            assert!(is_for_another_build(name), "{name}");
        }
        for name in [
            "CARGO_HOME",
            "CARGO_NET_OFFLINE",
            "RUSTUP_TOOLCHAIN",
            "PATH",
            "HOME",
        ] {
            assert!(!is_for_another_build(name), "{name}");
        }
    }
}
