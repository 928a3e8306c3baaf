//! What is no runbook is refused, with what is missing.

use interlock_builder::{BuildError, Options, build, inspect};
use std::path::Path;

fn write(dir: &Path, file: &str, text: &str) {
    let path = dir.join(file);
    std::fs::create_dir_all(path.parent().expect("files lie in a folder")).expect("a folder");
    std::fs::write(path, text).expect("a file");
}

/// A crate that needs nothing, so that cargo answers at once.
fn plain_crate(dir: &Path) {
    write(
        dir,
        "Cargo.toml",
        "[package]\nname = \"plain\"\nedition = \"2024\"\n[workspace]\n",
    );
    write(dir, "src/lib.rs", "");
}

fn refusal(dir: &Path) -> BuildError {
    let target = Some(dir.join("target"));
    match build(
        dir,
        &Options {
            target_dir: target,
            ..Options::default()
        },
    ) {
        Ok(built) => panic!("{built:?}"),
        Err(error) => error,
    }
}

#[test]
fn a_folder_without_a_crate_is_no_runbook() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(refusal(dir.path()), BuildError::NoCrate { .. }));
    assert!(matches!(
        inspect(dir.path()),
        Err(BuildError::NotBuilt { .. })
    ));
}

#[test]
fn a_crate_without_a_step_is_no_runbook() {
    let dir = tempfile::tempdir().unwrap();
    plain_crate(dir.path());
    assert!(matches!(refusal(dir.path()), BuildError::NoSteps { .. }));
}

#[test]
fn a_step_that_the_manifest_names_must_be_there() {
    let dir = tempfile::tempdir().unwrap();
    plain_crate(dir.path());
    write(dir.path(), "src/bin/diagnose.rs", "fn main() {}");
    write(
        dir.path(),
        "runbook.toml",
        "[[step]]\nname = \"diagnose\"\n[[step]]\nname = \"verify\"\n",
    );
    let refused = refusal(dir.path());
    assert!(matches!(&refused, BuildError::MissingStep { step, .. } if step == "verify"));
    assert!(
        refused.to_string().ends_with("src/bin/verify.rs`"),
        "{refused}"
    );
}

#[test]
fn a_program_that_is_no_step_is_refused_and_leaves_no_component() {
    let dir = tempfile::tempdir().unwrap();
    plain_crate(dir.path());
    write(dir.path(), "src/bin/diagnose.rs", "fn main() {}");
    let refused = refusal(dir.path());
    assert!(matches!(refused, BuildError::NotAStep { .. }), "{refused}");
    assert!(!dir.path().join("components").exists());
}

#[test]
fn the_compilers_words_reach_the_author() {
    let dir = tempfile::tempdir().unwrap();
    plain_crate(dir.path());
    write(dir.path(), "src/bin/diagnose.rs", "fn main() { nonsense }");
    let refused = refusal(dir.path()).to_string();
    assert!(
        refused.contains("cannot find value `nonsense`"),
        "{refused}"
    );
    assert!(refused.contains("src/bin/diagnose.rs:1"), "{refused}");
}
