//! A new runbook, made, tested and built for real.

use interlock_builder::{Choice, Kind, Options, Tier, build, inspect, new};
use std::path::Path;
use std::process::Command;

/// The same folder as for every other step: only what is ours is compiled anew.
fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("it lies in the target folder")
}

fn options(toolchain: Choice) -> Options {
    Options {
        target_dir: Some(target().to_owned()),
        toolchain,
        ..Options::default()
    }
}

#[test]
fn a_new_runbook_passes_its_own_test() {
    let dir = tempfile::tempdir().unwrap();
    let made = dir.path().join("first-alert");
    new("first-alert", &made).unwrap();
    let output = Command::new("cargo")
        .args(["test", "--quiet"])
        .current_dir(&made)
        .env("CARGO_TARGET_DIR", target().join("tmp/own-test"))
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
fn the_same_sources_in_two_folders_give_the_same_digests() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let one = one.path().join("a/two-folders");
    let two = two.path().join("another/and/deeper/two-folders");
    new("two-folders", &one).unwrap();
    new("two-folders", &two).unwrap();
    let first = build(&one, &options(Choice::Auto)).unwrap();
    // Forgotten, so that it must be built again.
    std::fs::remove_dir_all(target().join("steps").join(&first.key)).unwrap();
    let second = build(&two, &options(Choice::Auto)).unwrap();
    assert!(!second.cached);
    assert_eq!(first.key, second.key);

    let [step] = first.steps.as_slice() else {
        panic!("{first:?}")
    };
    assert_eq!(step.digest, second.steps[0].digest);
    assert_eq!(
        (step.facts.tier, step.facts.kind),
        (Tier::Read, Some(Kind::Diagnose))
    );
    assert_eq!(step.facts.capabilities, ["alerts.list", "changes.list"]);
    assert_eq!(inspect(&one).unwrap()[0].digest, step.digest);
}

#[test]
fn unchanged_sources_are_not_built_again_and_changed_ones_are() {
    let dir = tempfile::tempdir().unwrap();
    let made = dir.path().join("changed");
    new("changed", &made).unwrap();
    let before = build(&made, &options(Choice::Auto)).unwrap();
    assert!(build(&made, &options(Choice::Auto)).unwrap().cached);

    let step = made.join("src/bin/diagnose.rs");
    let text = std::fs::read_to_string(&step).unwrap();
    let changed = text.replace("rang first, at", "was the first to ring, at");
    assert_ne!(text, changed);
    std::fs::write(&step, changed).unwrap();
    let after = build(&made, &options(Choice::Auto)).unwrap();
    assert_ne!(before.steps[0].digest, after.steps[0].digest);

    std::fs::write(&step, text).unwrap();
    let back = build(&made, &options(Choice::Auto)).unwrap();
    assert_eq!(
        (back.cached, &back.steps[0].digest),
        (true, &before.steps[0].digest)
    );
}

#[test]
fn debians_compiler_builds_the_same_interfaces() {
    let dir = tempfile::tempdir().unwrap();
    let made = dir.path().join("from-debian");
    new("from-debian", &made).unwrap();
    match build(&made, &options(Choice::Debian)) {
        Ok(built) => {
            assert_eq!(built.toolchain, "debian");
            assert_eq!(
                built.steps[0].facts.capabilities,
                ["alerts.list", "changes.list"]
            );
        }
        // Where Debian's packages are not installed, the refusal must say which they are.
        Err(error) => assert!(error.to_string().contains("rust-web-src"), "{error}"),
    }
}
