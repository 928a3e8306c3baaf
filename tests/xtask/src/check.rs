//! `cargo xtask test`: what must hold before a change goes in.

use crate::stage::{Stages, call};
use crate::{machine, tools, workspace};
use std::process::ExitCode;

/// One shape for every call: other packages or features would compile the dependencies again.
const ALL: [&str; 2] = ["--release", "--workspace"];

pub(crate) fn run() -> ExitCode {
    let mut stages = Stages::new();
    stages.run("machine", || machine::install(&machine::ALL));
    stages.run("tools", tools::install);
    stages.run("format", || {
        call(workspace::cargo().args(["fmt", "--all", "--check"]))
    });
    let built = stages.run("build", || {
        call(
            workspace::cargo()
                .arg("build")
                .args(ALL)
                .arg("--all-targets"),
        )
    });
    if built {
        stages.run("lints", lints);
        stages.run("components", components);
        stages.run("tests", tests);
        stages.run("doc tests", || {
            call(
                workspace::cargo()
                    .arg("test")
                    .args(ALL)
                    .arg("--doc")
                    .env("INSTA_UPDATE", "no"),
            )
        });
        stages.run("binary", binary);
    } else {
        for name in ["lints", "components", "tests", "doc tests", "binary"] {
            stages.skip(name, "the build failed");
        }
    }
    if stages.summary() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Clippy takes the compiler's place for our own crates alone, so that the build's dependencies
/// are used as they are; `cargo clippy` would check all of them again.
fn lints() -> Result<(), String> {
    call(
        workspace::cargo()
            .arg("build")
            .args(ALL)
            .arg("--all-targets")
            .env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")
            .env(
                "CLIPPY_ARGS",
                "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__",
            ),
    )
}

/// Builds every runbook's components, and shows what each may ask for.
pub(crate) fn components() -> Result<(), String> {
    let options = interlock_builder::Options {
        target_dir: Some(workspace::target()),
        verbose: true,
        ..Default::default()
    };
    for dir in workspace::runbooks().map_err(|e| format!("cannot list the runbooks: {e}"))? {
        let built = interlock_builder::build(&dir, &options).map_err(|e| e.to_string())?;
        for step in built.steps {
            let facts = &step.facts;
            println!(
                "{}/{}  {}  {} bytes  {}  {}",
                built.name,
                step.name,
                step.digest,
                step.size_bytes,
                facts.tier,
                facts.capabilities.join(" ")
            );
        }
    }
    Ok(())
}

fn tests() -> Result<(), String> {
    let mut cargo = workspace::cargo();
    if workspace::on_path("cargo-nextest") {
        cargo
            .args(["nextest", "run"])
            .args(ALL)
            .arg("--no-fail-fast");
    } else {
        cargo
            .arg("test")
            .args(ALL)
            .args(["--all-targets", "--no-fail-fast"]);
    }
    // A snapshot that differs is a failure, never a new snapshot.
    call(cargo.env("INSTA_UPDATE", "no"))
}

/// The binary stands where a reader of the README looks for it, wherever cargo put it.
fn binary() -> Result<(), String> {
    let built = workspace::target().join("release/interlock");
    let wanted = workspace::root().join("target/release/interlock");
    if built == wanted {
        return Ok(());
    }
    let folder = workspace::root().join("target/release");
    std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::copy(&built, &wanted))
        .map(|_| println!("{}", wanted.display()))
        .map_err(|e| format!("cannot copy `{}`: {e}", built.display()))
}
