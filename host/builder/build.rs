//! Takes the SDK's sources along, so that `interlock new` works where no checkout is.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let own = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let root = own.join("../..").canonicalize()?;
    let sdk = root.join("runbook-sdk");
    println!("cargo::rerun-if-changed={}", sdk.display());
    println!(
        "cargo::rerun-if-changed={}",
        root.join("Cargo.toml").display()
    );
    let mut files = Vec::new();
    list(&sdk, &mut files)?;
    files.sort();
    let mut list = String::from("pub(super) const SDK: &[(&str, &str)] = &[\n");
    for file in files {
        let name = file
            .strip_prefix(&sdk)
            .unwrap_or(&file)
            .display()
            .to_string();
        let path = file.display().to_string();
        // Writing to a string cannot fail.
        let _ = writeln!(list, "    ({name:?}, include_str!({path:?})),");
    }
    let manifest = root.join("Cargo.toml").display().to_string();
    let _ = writeln!(
        list,
        "];\npub(super) const WORKSPACE: &str = include_str!({manifest:?});"
    );
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("sdk.rs"), list)
}

/// What the SDK is built from; its tests stay here.
fn list(dir: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if !["target", "tests", "examples"].contains(&name.as_str()) {
                list(&path, files)?;
            }
        } else if [".rs", ".wit", ".toml", ".md"]
            .iter()
            .any(|end| name.ends_with(end))
        {
            files.push(path);
        }
    }
    Ok(())
}
