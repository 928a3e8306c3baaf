//! The rules of this house, held by reading it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use interlock_test_servers::repository;

/// Longer files hold two ideas.
const LINES_MAX: usize = 400;

/// Every Rust file below these folders of the repository; what is built is left out.
fn sources(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let root = repository();
    let mut folders: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "target") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(&root).unwrap().to_owned(), text));
            }
        }
    }
    assert!(found.len() > 20, "the sources were not found");
    found.sort();
    found
}

const OURS: [&str; 4] = ["host", "runbook-sdk", "runbooks", "tests"];

#[test]
fn unsafe_is_allowed_in_three_places_and_each_says_why() {
    // In two parts, so that this file is no such place.
    let allowed = concat!("allow(", "unsafe_code)");
    let mut places = Vec::new();
    for (path, text) in sources(&OURS) {
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            if !line.contains(allowed) {
                continue;
            }
            let near = &lines[number.saturating_sub(14)..(number + 8).min(lines.len())];
            let says = near
                .iter()
                .any(|line| line.to_lowercase().contains("safety"));
            assert!(says, "{}:{}: no `SAFETY`", path.display(), number + 1);
            places.push(path.display().to_string());
        }
    }
    let expected = [
        "host/capabilities/src/journal.rs",
        "host/engine/src/cache.rs",
        "host/store/src/sqlite/journal.rs",
    ];
    assert_eq!(places, expected);
}

#[test]
fn arrows_run_one_way() {
    // What each may know, tests aside. The order is the direction.
    let may: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("interlock-gate", &[][..]),
        ("interlock-capabilities", &["gate"]),
        ("interlock-engine", &["gate", "capabilities"]),
        ("interlock-connectors", &["gate", "capabilities"]),
        ("interlock-store", &["gate", "capabilities"]),
        ("interlock-similar", &["gate"]),
        ("interlock-measure", &[]),
        ("interlock-bundle", &["gate", "capabilities"]),
        ("interlock-import", &["gate", "capabilities", "bundle"]),
        (
            "interlock-runner",
            &[
                "gate",
                "capabilities",
                "engine",
                "connectors",
                "store",
                "similar",
                "measure",
            ],
        ),
        (
            "interlock-backtest",
            &[
                "gate",
                "capabilities",
                "engine",
                "store",
                "runner",
                "measure",
                "bundle",
            ],
        ),
        (
            "interlock-postmortem",
            &["gate", "capabilities", "store", "runner"],
        ),
        (
            "interlock-screens",
            &[
                "gate",
                "capabilities",
                "store",
                "similar",
                "measure",
                "bundle",
                "runner",
                "backtest",
                "postmortem",
            ],
        ),
        (
            "interlock-server",
            &[
                "gate",
                "capabilities",
                "engine",
                "connectors",
                "store",
                "runner",
                "screens",
            ],
        ),
        ("interlock-builder", &[]),
        (
            "interlock-cli",
            &[
                "gate",
                "capabilities",
                "engine",
                "connectors",
                "store",
                "runner",
                "screens",
                "server",
                "builder",
                "measure",
                "bundle",
                "import",
                "backtest",
                "postmortem",
            ],
        ),
        ("interlock-sdk", &["sdk-macro"]),
        ("interlock-sdk-macro", &[]),
    ]);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--format-version",
            "1",
        ])
        .current_dir(repository())
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut looked = 0;
    for package in metadata["packages"].as_array().unwrap() {
        let name = package["name"].as_str().unwrap();
        let Some(allowed) = may.get(name) else {
            continue;
        };
        looked += 1;
        for dependency in package["dependencies"].as_array().unwrap() {
            let of = dependency["name"].as_str().unwrap();
            let Some(ours) = of.strip_prefix("interlock-") else {
                continue;
            };
            if dependency["kind"] != "dev" {
                assert!(allowed.contains(&ours), "{name} knows {of}");
            }
        }
    }
    assert_eq!(looked, may.len(), "a crate of the map is gone");
}

#[test]
fn the_gate_is_pure() {
    let manifest = fs::read_to_string(repository().join("host/gate/Cargo.toml")).unwrap();
    for word in [
        "tokio",
        "reqwest",
        "rusqlite",
        "wasmtime",
        "getrandom",
        "rustix",
    ] {
        assert!(!manifest.contains(word), "the gate depends on {word}");
    }
    for (path, text) in sources(&["host/gate/src"]) {
        for word in [
            "std::fs",
            "std::net",
            "std::env",
            "SystemTime::now",
            "Instant::now",
            "async fn",
        ] {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn a_file_holds_one_idea() {
    for (path, text) in sources(&["host", "runbook-sdk", "runbooks"]) {
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{}: {lines} lines", path.display());
    }
    for (path, _) in sources(&OURS) {
        let vague = [
            "utils", "util", "common", "manager", "helpers", "helper", "misc",
        ];
        for part in path.components() {
            let part = Path::new(part.as_os_str()).with_extension("");
            let part = part.to_string_lossy();
            assert!(!vague.contains(&part.as_ref()), "{}", path.display());
        }
    }
}

#[test]
fn nothing_is_left_for_later() {
    // In parts, so that this file holds none of them.
    let left = [
        concat!("to", "do!"),
        concat!("unimpl", "emented!"),
        concat!("#[ig", "nore"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("allow(dead", "_code)"),
    ];
    for (path, text) in sources(&OURS) {
        for word in left {
            assert!(!text.contains(word), "{}: {word}", path.display());
        }
    }
}

#[test]
fn every_crate_says_what_it_is() {
    let mut crates = 0;
    for (path, text) in sources(&OURS) {
        let top = path.ends_with("src/lib.rs") || path.ends_with("src/main.rs");
        if !top {
            continue;
        }
        crates += 1;
        assert!(text.starts_with("//! "), "{}", path.display());
        // The workspace denies it everywhere; these three allow it in one place each.
        let may_allow = ["host/capabilities", "host/engine", "host/store"];
        let may_allow = may_allow.iter().any(|folder| path.starts_with(folder));
        if path.starts_with("host") && !may_allow && !path.starts_with("host/builder/template") {
            assert!(
                text.contains("#![forbid(unsafe_code)]"),
                "{}",
                path.display()
            );
        }
    }
    assert!(crates > 10);
}

#[test]
fn the_top_of_the_tree_is_the_map() {
    let allowed = [
        "ARCHITECTURE.md",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "SECURITY.md",
        "docs",
        "host",
        "policies",
        "runbook-sdk",
        "runbooks",
        "target",
        "tests",
    ];
    for entry in fs::read_dir(repository()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let known = name.starts_with('.') || allowed.contains(&name.as_str());
        assert!(known, "`{name}` is not of the map");
    }
}

#[test]
fn a_span_says_nothing_but_under_a_pinned_name() {
    let mut fields = 0;
    for (path, text) in sources(&["host"]) {
        if path.to_string_lossy().contains("tests") {
            continue;
        }
        let place = path.display();
        for span in text.split("span!(").skip(1) {
            let inside = span.split("\n    )").next().unwrap_or_default();
            let ours = inside.lines().map(str::trim);
            for line in ours.filter(|line| line.contains(" = ") && !line.contains("=>")) {
                assert!(line.starts_with("{ names::"), "{place}: `{line}`");
                fields += 1;
            }
        }
        for record in text.split("span.record(").skip(1) {
            let name = record.trim_start();
            assert!(name.starts_with("names::"), "{place}: {name:.40}");
            fields += 1;
        }
    }
    assert!(fields > 40, "the spans were not found");
}
