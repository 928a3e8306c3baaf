//! What a machine needs beside Rust, and how it gets there.

use crate::stage::call;
use crate::workspace::{on_path, target};
use interlock_builder::{Choice, Toolchain};
use std::path::Path;
use std::process::Command;

/// Something that must be there, and the packages that bring it.
pub(crate) struct Need {
    /// The program that shows it is there.
    program: &'static str,
    /// Debian's packages.
    packages: &'static [&'static str],
    /// Why it is needed.
    why: &'static str,
}

/// The servers that tests and the demo run.
pub(crate) const SERVERS: [Need; 4] = [
    Need {
        program: "postgres",
        packages: &["postgresql"],
        why: "the database whose incident is caused and ended",
    },
    Need {
        program: "prometheus",
        packages: &["prometheus"],
        why: "scrapes it and raises the alert",
    },
    Need {
        program: "prometheus-alertmanager",
        packages: &["prometheus-alertmanager"],
        why: "holds the alert",
    },
    Need {
        program: "prometheus-postgres-exporter",
        packages: &["prometheus-postgres-exporter"],
        why: "shows the database to Prometheus",
    },
];

/// What the benchmarks use.
pub(crate) const BENCH: [Need; 6] = {
    let [postgres, prometheus, alertmanager, exporter] = SERVERS;
    [
        postgres,
        prometheus,
        alertmanager,
        exporter,
        Need {
            program: "curl",
            packages: &["curl"],
            why: "asks what `interlock run` asks, one question after another",
        },
        COMPILER,
    ]
};

/// Everything that the tests use.
pub(crate) const ALL: [Need; 10] = {
    let [postgres, prometheus, alertmanager, exporter] = SERVERS;
    [
        postgres,
        prometheus,
        alertmanager,
        exporter,
        Need {
            program: "ssh-keygen",
            packages: &["openssh-client"],
            why: "stock OpenSSH checks and makes approvals",
        },
        Need {
            program: "git",
            packages: &["git"],
            why: "makes the histories that are read",
        },
        PYTHON,
        Need {
            program: "npm",
            packages: &["nodejs", "npm"],
            why: "installs the protocol's conformance suite and inspector",
        },
        Need {
            program: "chromium",
            packages: &["chromium"],
            why: "renders the approvers' page",
        },
        COMPILER,
    ]
};

/// Pseudo-program: Debian keeps the module that makes environments apart from Python.
const PYTHON: Need = Need {
    program: "python3 with its module venv",
    packages: &["python3", "python3-venv"],
    why: "runs the protocol's official client, and makes a Python component",
};

/// Pseudo-program: a compiler for steps.
const COMPILER: Need = Need {
    program: "a compiler for wasm32-unknown-unknown",
    packages: &["rustc-web", "cargo-web", "rust-web-src"],
    why: "builds runbook steps where rustup cannot get the target",
};

impl Need {
    fn is_met(&self) -> bool {
        if self.program == COMPILER.program {
            return Toolchain::find(Choice::Auto, &target().join("steps")).is_ok();
        }
        if self.program == PYTHON.program {
            let mut python = Command::new("python3");
            python.args(["-c", "import venv, ensurepip"]);
            return python.output().is_ok_and(|ran| ran.status.success());
        }
        on_path(self.program) || (self.program == "postgres" && has_postgres())
    }
}

/// Debian keeps PostgreSQL's own programs off the PATH.
fn has_postgres() -> bool {
    let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") else {
        return false;
    };
    versions
        .flatten()
        .any(|version| version.path().join("bin/postgres").is_file())
}

/// What of `needs` this machine lacks.
pub(crate) fn missing(needs: &[Need]) -> Vec<&Need> {
    needs.iter().filter(|need| !need.is_met()).collect()
}

/// Installs what is missing, after saying what and why.
pub(crate) fn install(needs: &[Need]) -> Result<(), String> {
    let lacking = missing(needs);
    if lacking.is_empty() {
        println!("nothing is missing");
        return Ok(());
    }
    let mut packages: Vec<&str> = Vec::new();
    println!("missing, to be installed from this system's packages:");
    for need in &lacking {
        println!(
            "  {:<42} {}: {}",
            need.packages.join(" "),
            need.program,
            need.why
        );
        packages.extend(need.packages);
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err("this system has no apt-get: install the programs above by hand".into());
    }
    call(&mut apt(&["update"]))?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    // A server's package may fail to start its service where no init runs. What counts is that
    // the program is there.
    let installed = call(&mut apt(&arguments));
    let still: Vec<&str> = missing(needs).iter().map(|need| need.program).collect();
    if still.is_empty() {
        return Ok(());
    }
    let why = installed
        .err()
        .unwrap_or_else(|| "apt-get reports success".into());
    Err(format!("still missing: {}; {why}", still.join(", ")))
}

/// Says what is missing, and why it is needed.
pub(crate) fn say_missing(lacking: &[&Need]) {
    println!("missing, to be installed from this system's packages:");
    for need in lacking {
        println!(
            "  {:<42} {}: {}",
            need.packages.join(" "),
            need.program,
            need.why
        );
    }
}

fn apt(arguments: &[&str]) -> Command {
    let is_root = std::fs::metadata("/proc/self")
        .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let mut command = if is_root {
        Command::new("apt-get")
    } else {
        // Without a terminal there is nobody to give a password.
        let mut sudo = Command::new("sudo");
        sudo.args(["--non-interactive", "apt-get"]);
        sudo
    };
    command
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive");
    command
}
