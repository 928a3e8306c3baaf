//! `doctor --write-config`: a configuration to begin with, every source commented out.

use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

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
"#;

#[derive(Serialize)]
struct WrittenJson<'a> {
    schema: &'static str,
    file: &'a Path,
}

pub(crate) fn write_config(file: &Path) -> Result<Output, Failure> {
    let open = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(file);
    let written = open.and_then(|mut file| file.write_all(TEMPLATE.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure::usage(format!(
            "{} exists already and is not overwritten",
            file.display()
        )),
        _ => Failure::failed(format!("{} cannot be written: {error}", file.display())),
    })?;
    let document = WrittenJson {
        schema: "interlock.written.v1",
        file,
    };
    Ok(
        Output::new(Exit::Done, format!("{}\n", file.display()), &document)
            .next("write its `policy`, then `interlock doctor` says what is missing"),
    )
}
