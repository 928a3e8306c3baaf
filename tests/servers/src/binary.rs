//! Where the programs are, and which package has them.

use std::path::{Path, PathBuf};

use crate::ServerError;

/// A program that a test needs.
#[derive(Debug, Clone, Copy)]
pub struct Binary {
    /// Its name.
    pub name: &'static str,
    /// The Debian package that installs it.
    pub package: &'static str,
    /// Folders to look in before `PATH`.
    folders: &'static [&'static str],
}

// Debian keeps PostgreSQL's programs off PATH, by major version.
const POSTGRES_FOLDERS: &[&str] = &[
    "/usr/lib/postgresql/15/bin",
    "/usr/lib/postgresql/16/bin",
    "/usr/lib/postgresql/17/bin",
    "/usr/lib/postgresql/18/bin",
];

/// PostgreSQL's server.
pub const POSTGRES: Binary = Binary {
    name: "postgres",
    package: "postgresql",
    folders: POSTGRES_FOLDERS,
};
/// The maker of a PostgreSQL data folder.
pub const INITDB: Binary = Binary {
    name: "initdb",
    package: "postgresql",
    folders: POSTGRES_FOLDERS,
};
/// PostgreSQL's own backup program.
pub const PG_BASEBACKUP: Binary = Binary {
    name: "pg_basebackup",
    package: "postgresql-client",
    folders: POSTGRES_FOLDERS,
};
/// PostgreSQL's exporter for Prometheus.
pub const EXPORTER: Binary = Binary {
    name: "prometheus-postgres-exporter",
    package: "prometheus-postgres-exporter",
    folders: &[],
};
/// Prometheus.
pub const PROMETHEUS: Binary = Binary {
    name: "prometheus",
    package: "prometheus",
    folders: &[],
};
/// Prometheus' Alertmanager.
pub const ALERTMANAGER: Binary = Binary {
    name: "prometheus-alertmanager",
    package: "prometheus-alertmanager",
    folders: &[],
};
/// Starts a program as another user, tied to the life of ours.
pub const SETPRIV: Binary = Binary {
    name: "setpriv",
    package: "util-linux",
    folders: &[],
};

impl Binary {
    /// The program's path, or which package is missing.
    pub fn find(&self) -> Result<PathBuf, ServerError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        self.folders
            .iter()
            .map(PathBuf::from)
            .chain(std::env::split_paths(&path))
            .map(|folder| folder.join(self.name))
            .find(|candidate| is_program(candidate))
            .ok_or(ServerError::NotInstalled {
                binary: self.name,
                package: self.package,
            })
    }
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata()
        .is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}
