//! Passwords, made anew for each server, and the strings that carry them.

use super::{METRICS_ROLE, READ_ROLE, RESERVED_ROLE, SUPERUSER, WRITE_ROLE};

/// The passwords of our own roles. Applications' roles have none.
#[derive(Debug, Clone)]
pub struct Logins {
    pub(super) superuser: String,
    pub(super) read: String,
    pub(super) write: String,
    pub(super) reserved: String,
    pub(super) metrics: String,
}

impl Logins {
    pub(super) fn fresh() -> Self {
        Self {
            superuser: word(),
            read: word(),
            write: word(),
            reserved: word(),
            metrics: word(),
        }
    }

    /// Every password: none of them may ever be found in a journal, a log or an answer.
    pub fn secrets(&self) -> [&str; 5] {
        [
            &self.superuser,
            &self.read,
            &self.write,
            &self.reserved,
            &self.metrics,
        ]
    }

    /// The password of a role of ours.
    pub fn password(&self, role: &str) -> Option<&str> {
        match role {
            SUPERUSER => Some(&self.superuser),
            READ_ROLE => Some(&self.read),
            WRITE_ROLE => Some(&self.write),
            RESERVED_ROLE => Some(&self.reserved),
            METRICS_ROLE => Some(&self.metrics),
            _ => None,
        }
    }

    /// The connection string for a role on a port of this machine.
    pub fn dsn(&self, port: u16, role: &str, database: &str) -> String {
        let password = self
            .password(role)
            .map(|word| format!(":{word}"))
            .unwrap_or_default();
        format!("postgresql://{role}{password}@127.0.0.1:{port}/{database}?sslmode=disable")
    }
}

/// Sixteen letters that nobody can guess: std's only source of chance is the seed of its hash maps.
fn word() -> String {
    use std::hash::{BuildHasher, RandomState};
    let seed = RandomState::new().hash_one(std::process::id());
    format!("pw{seed:016x}")
}
