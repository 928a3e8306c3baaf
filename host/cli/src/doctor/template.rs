//! `doctor --write-config`: a configuration to begin with, every source commented out.

use std::{
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use serde::Serialize;

use crate::{exit::Exit, failure::Failure, output::Output};

const TEMPLATE: &str = r#"# Interlock's configuration. Relative paths are taken from this file's folder.
version = 1
policy = "policy.toml"                    # who may ask, who may approve, what may be changed
state_dir = "state"                       # 0700; the journal and the host's key are made here
runbooks = ["runbooks"]                   # folders that hold runbooks

# [source.prometheus]
# url = "http://127.0.0.1:9090"
# timeout = "5s"

# [source.alertmanager]
# url = "http://127.0.0.1:9093"

# [[source.postgres]]
# name = "orders-db"                      # first segment of its targets
# read = { dsn_file = "secrets/orders-db-read.dsn" }
# write = { dsn_file = "secrets/orders-db-write.dsn" }

# [source.changes]
# file = "changes.toml"

# [[source.logs]]
# name = "orders-db"
# files = ["/var/log/postgresql/orders-db.log"]

# [source.topology]
# file = "topology.toml"

# [server]                                # agents and the page: `interlock serve`, docs/agents.md
# listen = "127.0.0.1:7433"               # elsewhere only with `tls`

# [notify]                                # tells approvers that a plan waits
# webhook_file = "secrets/slack-url"

# [telemetry]
# otlp = "http://127.0.0.1:4318"
"#;

/// A policy to begin with: it grants reads to every runbook, and no change to anybody.
fn policy() -> String {
    let uid = rustix::process::getuid().as_raw();
    let key = crate::commands::keys::here()
        .into_iter()
        .next()
        .map(|(key, _)| key.to_line());
    let key = key.unwrap_or_else(|| "ssh-ed25519 AAAA... you".to_owned());
    format!(
        r#"# Who may ask, who may approve, what may be looked at and what may be changed.
version = 1

# [[approver]]                            # a person who may sign, with an SSH key they have
# name = "you"
# keys = ["{key}"]
# roles = ["sre"]

# [[caller]]                              # the command line's caller, by uid, and who is behind it
# name = "you"
# uid = {uid}
# owner = "you"                           # an agent's lines: `interlock keygen --bearer FILE --name NAME`

[[read]]
runbooks = ["*"]
capabilities = ["alerts", "changes", "database", "http-probe", "logs", "metrics", "topology"]
"#
    )
}

#[derive(Serialize)]
struct WrittenJson<'a> {
    schema: &'static str,
    file: &'a Path,
    policy: Option<PathBuf>,
}

pub(crate) fn write_config(file: &Path) -> Result<Output, Failure> {
    let beside = file.with_file_name("policy.toml");
    let policy_is_new = !beside.exists();
    write(file, TEMPLATE)?;
    if policy_is_new {
        write(&beside, &policy())?;
    }
    let mut human = format!("{}\n", file.display());
    if policy_is_new {
        human.push_str(&format!("{}\n", beside.display()));
    }
    let policy = policy_is_new.then_some(beside);
    let document = WrittenJson {
        schema: "interlock.written.v1",
        file,
        policy,
    };
    Ok(Output::new(Exit::Done, human, &document)
        .next("name your sources in it, then `interlock doctor` says what is missing"))
}

/// A file that is not there yet.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let open = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(path);
    let written = open.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::usage(format!(
            "{} exists already and is not overwritten",
            path.display()
        )),
        _ => Failure::failed(format!("{} cannot be written: {error}", path.display())),
    })
}
