//! The SDK for a new runbook: a checkout's, or the copy that this crate carries.

use crate::BuildError;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/sdk.rs"));
}

/// A source checkout of Interlock.
pub(super) struct Checkout {
    root: PathBuf,
    pub(super) sdk: PathBuf,
}

impl Checkout {
    /// Whether its workspace counts the folder `dir` among its members.
    pub(super) fn has_member(&self, dir: &Path) -> bool {
        let Ok(text) = std::fs::read_to_string(self.root.join("Cargo.toml")) else {
            return false;
        };
        let Ok(manifest) = text.parse::<Table>() else {
            return false;
        };
        let members = manifest
            .get("workspace")
            .and_then(|workspace| workspace.get("members"))
            .and_then(Value::as_array);
        members
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .any(|member| match member.strip_suffix("/*") {
                Some(folder) => dir.parent() == Some(&self.root.join(folder)),
                None => dir == self.root.join(member),
            })
    }
}

/// The checkout that holds `dir`, if one does.
pub(super) fn checkout_above(dir: &Path) -> Option<Checkout> {
    dir.ancestors().find_map(|root| {
        let sdk = root.join("runbook-sdk");
        let text = std::fs::read_to_string(sdk.join("Cargo.toml")).ok()?;
        let manifest: Table = text.parse().ok()?;
        let name = manifest.get("package")?.get("name")?.as_str()?;
        (name == "interlock-sdk").then(|| Checkout {
            root: root.to_owned(),
            sdk,
        })
    })
}

/// The carried copy: every file by its path, with manifests that need no workspace.
pub(super) fn files() -> Result<Vec<(&'static str, String)>, BuildError> {
    let workspace: Table = parse("Cargo.toml", embedded::WORKSPACE)?;
    let mut files = Vec::new();
    for &(name, text) in embedded::SDK {
        let text = if name.ends_with("Cargo.toml") {
            standalone(name, text, &workspace)?
        } else {
            text.to_owned()
        };
        files.push((name, text));
    }
    Ok(files)
}

/// A crate's manifest with what it inherits written out, and without the lints, which are about
/// how this repository is worked on.
fn standalone(name: &str, text: &str, workspace: &Table) -> Result<String, BuildError> {
    let mut manifest = parse(name, text)?;
    manifest.remove("lints");
    manifest.remove("dev-dependencies");
    if let Some(Value::Table(package)) = manifest.get_mut("package") {
        for (key, value) in package.iter_mut() {
            if is_inherited(value)
                && let Some(found) = inherited(workspace, "package", key)
            {
                *value = found.clone();
            }
        }
    }
    if let Some(Value::Table(dependencies)) = manifest.get_mut("dependencies") {
        write_out(dependencies, workspace);
    }
    if let Some(Value::Table(targets)) = manifest.get_mut("target") {
        for (_, target) in targets.iter_mut() {
            if let Some(Value::Table(dependencies)) = target.get_mut("dependencies") {
                write_out(dependencies, workspace);
            }
        }
    }
    toml::to_string(&manifest).map_err(|e| broken(name, &e.to_string()))
}

fn inherited<'a>(workspace: &'a Table, table: &str, key: &str) -> Option<&'a Value> {
    workspace.get("workspace")?.get(table)?.get(key)
}

fn write_out(dependencies: &mut Table, workspace: &Table) {
    for (key, value) in dependencies.iter_mut() {
        if !is_inherited(value) {
            continue;
        }
        let mut found = match inherited(workspace, "dependencies", key) {
            Some(Value::String(version)) => {
                Table::from_iter([("version".to_owned(), Value::String(version.clone()))])
            }
            Some(Value::Table(table)) => table.clone(),
            _ => continue,
        };
        // The copy keeps the shape of the SDK's folder: what was beside it is within it.
        if let Some(Value::String(path)) = found.get_mut("path") {
            *path = path.trim_start_matches("runbook-sdk/").to_owned();
        }
        if let Value::Table(own) = value {
            own.remove("workspace");
            found.extend(std::mem::take(own));
        }
        *value = Value::Table(found);
    }
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

fn parse(name: &str, text: &str) -> Result<Table, BuildError> {
    text.parse::<Table>().map_err(|e| broken(name, e.message()))
}

fn broken(name: &str, why: &str) -> BuildError {
    BuildError::Manifest {
        path: Path::new("sdk").join(name),
        why: why.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_carried_sdk_inherits_nothing() {
        let files = files().unwrap();
        let manifests: Vec<_> = files
            .iter()
            .filter(|(n, _)| n.ends_with("Cargo.toml"))
            .collect();
        assert_eq!(manifests.len(), 2);
        for (name, text) in manifests {
            assert!(!text.contains("workspace"), "{name}: {text}");
        }
    }
}
