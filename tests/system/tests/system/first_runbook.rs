//! An author's first minutes: a new runbook builds, and runs on a machine with nothing else.

use std::path::Path;
use std::process::{Command, Output};

use interlock_system_tests::interlock_binary;

fn interlock(folder: &Path, arguments: &[&str]) -> Output {
    let binary = interlock_binary().unwrap();
    // What every other step was built with is not built again.
    let target = binary.ancestors().nth(2).unwrap().to_owned();
    let output = Command::new(binary)
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target)
        .env_remove("INTERLOCK_CONFIG")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    output
}

#[test]
fn a_new_runbook_builds_and_runs_where_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    interlock(folder.path(), &["new", "first-alert"]);
    let made = folder.path().join("first-alert");
    let built = interlock(&made, &["build", "--json"]).stdout;
    let built: serde_json::Value = serde_json::from_slice(&built).unwrap();
    assert_eq!(built["schema"], "interlock.build.v1");
    let capabilities = serde_json::json!(["alerts.list", "changes.list"]);
    assert_eq!(built["steps"][0]["capabilities"], capabilities);

    let arguments = ["run", "first-alert", "--incident", "incident.toml"];
    let said = interlock(&made.join("example"), &arguments).stdout;
    let said = String::from_utf8_lossy(&said);
    assert!(said.contains("`checkout` rang first"), "{said}");
    assert!(said.contains("one_origin"), "{said}");
    assert!(said.contains("1 of 1 refuting check passed"), "{said}");
}
