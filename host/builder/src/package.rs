//! What cargo knows about a runbook's crate: its steps, and every package that goes into them.

use crate::BuildError;
use crate::process::{Echo, run_ok};
use crate::toolchain::Toolchain;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Resolving may download an index.
const TIME_MAX: Duration = Duration::from_secs(300);

/// A runbook's crate.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Steps in the manifest's order, then those it does not name, sorted.
    pub(crate) steps: Vec<String>,
    /// Folders of this crate and of every crate it uses by path, with a name for each that does
    /// not depend on where they lie. Sorted by name.
    pub(crate) sources: Vec<(String, PathBuf)>,
    /// `name version source` of every package that goes into a step, sorted.
    pub(crate) locked: Vec<String>,
    pub(crate) workspace_root: PathBuf,
    pub(crate) target_dir: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetaPackage>,
    resolve: Option<Resolve>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

#[derive(Deserialize)]
struct MetaPackage {
    id: String,
    name: String,
    version: String,
    source: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
    src_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dep>,
    features: Vec<String>,
}

#[derive(Deserialize)]
struct Dep {
    pkg: String,
    dep_kinds: Vec<DepKind>,
}

#[derive(Deserialize)]
struct DepKind {
    kind: Option<String>,
}

impl Package {
    /// Asks cargo about the crate in `dir`, a canonical path.
    pub(crate) fn read(dir: &Path, toolchain: &Toolchain) -> Result<Package, BuildError> {
        let mut command = toolchain.cargo(dir);
        command.args(["metadata", "--format-version", "1"]);
        let ran = run_ok(&mut command, TIME_MAX, Echo::Nothing)?;
        let answer = |why: String| BuildError::Answer {
            program: "cargo metadata".into(),
            why,
        };
        let meta: Metadata =
            serde_json::from_str(&ran.stdout).map_err(|e| answer(e.to_string()))?;

        let manifest = dir.join("Cargo.toml");
        let own = meta
            .packages
            .iter()
            .find(|p| p.manifest_path == manifest)
            .ok_or_else(|| answer(format!("it does not know `{}`", manifest.display())))?;
        let resolve = meta
            .resolve
            .as_ref()
            .ok_or_else(|| answer("no resolve".into()))?;
        let (sources, locked) = closure(&meta.packages, resolve, &own.id);
        Ok(Package {
            name: own.name.clone(),
            steps: steps(dir, own)?,
            sources,
            locked,
            workspace_root: meta.workspace_root,
            target_dir: meta.target_directory,
        })
    }
}

fn steps(dir: &Path, own: &MetaPackage) -> Result<Vec<String>, BuildError> {
    let bins = dir.join("src/bin");
    let mut found: BTreeSet<String> = own
        .targets
        .iter()
        .filter(|t| t.kind.iter().any(|k| k == "bin") && t.src_path.starts_with(&bins))
        .map(|t| t.name.clone())
        .collect();
    if found.is_empty() {
        return Err(BuildError::NoSteps { dir: dir.into() });
    }
    let mut steps = Vec::new();
    for step in manifest_steps(dir)? {
        if !found.remove(&step) {
            let expected = bins.join(format!("{step}.rs"));
            return Err(BuildError::MissingStep { step, expected });
        }
        steps.push(step);
    }
    steps.extend(found);
    Ok(steps)
}

/// The step names of `runbook.toml`, in its order; none where there is no such file.
pub(crate) fn manifest_steps(dir: &Path) -> Result<Vec<String>, BuildError> {
    #[derive(Deserialize)]
    struct Manifest {
        #[serde(default)]
        step: Vec<Named>,
    }
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let path = dir.join("runbook.toml");
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(BuildError::io("read", path)(error)),
    };
    let manifest: Manifest = toml::from_str(&text).map_err(|e| BuildError::Manifest {
        path,
        why: e.message().to_owned(),
    })?;
    Ok(manifest.step.into_iter().map(|s| s.name).collect())
}

type Sources = Vec<(String, PathBuf)>;

/// Every package that goes into `root`: those by path as folders, all of them by name.
fn closure(packages: &[MetaPackage], resolve: &Resolve, root: &str) -> (Sources, Vec<String>) {
    let by_id: BTreeMap<&str, &MetaPackage> = packages.iter().map(|p| (p.id.as_str(), p)).collect();
    let nodes: BTreeMap<&str, &Node> = resolve.nodes.iter().map(|n| (n.id.as_str(), n)).collect();
    let mut seen = BTreeSet::new();
    let mut todo = vec![root];
    while let Some(id) = todo.pop() {
        if !seen.insert(id) {
            continue;
        }
        let deps = nodes.get(id).map(|n| n.deps.as_slice()).unwrap_or_default();
        for dep in deps {
            if dep
                .dep_kinds
                .iter()
                .any(|k| k.kind.as_deref() != Some("dev"))
            {
                todo.push(&dep.pkg);
            }
        }
    }
    let (mut sources, mut locked) = (Vec::new(), Vec::new());
    for id in seen {
        let Some(package) = by_id.get(id) else {
            continue;
        };
        let features = nodes
            .get(id)
            .map(|n| n.features.join(","))
            .unwrap_or_default();
        let source = package.source.as_deref().unwrap_or("path");
        locked.push(format!(
            "{} {} {source} [{features}]",
            package.name, package.version
        ));
        if package.source.is_none()
            && let Some(dir) = package.manifest_path.parent()
        {
            sources.push((
                format!("{}-{}", package.name, package.version),
                dir.to_owned(),
            ));
        }
    }
    sources.sort();
    locked.sort();
    (sources, locked)
}
