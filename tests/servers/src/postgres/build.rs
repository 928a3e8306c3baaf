//! What a private PostgreSQL is to look like, and making it so.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::binary::{INITDB, POSTGRES};
use crate::process::{User, is_root, run_to_end};
use crate::{Postgres, ServerError, free_port};

use super::{Logins, roles};

/// Options for a [`Postgres`]; start with [`Postgres::build`].
#[derive(Debug, Clone)]
pub struct PostgresBuilder {
    pub(super) max_connections: u16,
    pub(super) superuser_reserved_connections: u16,
    pub(super) max_prepared_transactions: u16,
    pub(super) settings: Vec<(String, String)>,
    pub(super) databases: Vec<String>,
    pub(super) roles: Vec<String>,
    pub(super) backup_roles: Vec<String>,
    pub(super) owner: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) logins: Logins,
}

impl Default for PostgresBuilder {
    fn default() -> Self {
        Self {
            max_connections: 50,
            superuser_reserved_connections: 3,
            max_prepared_transactions: 4,
            settings: Vec::new(),
            databases: Vec::new(),
            roles: Vec::new(),
            backup_roles: Vec::new(),
            owner: None,
            port: None,
            logins: Logins::fresh(),
        }
    }
}

impl PostgresBuilder {
    /// `max_connections`; 50 unless told.
    pub fn max_connections(mut self, slots: u16) -> Self {
        self.max_connections = slots;
        self
    }

    /// `superuser_reserved_connections`; 3 unless told.
    pub fn superuser_reserved_connections(mut self, slots: u16) -> Self {
        self.superuser_reserved_connections = slots;
        self
    }

    /// `max_prepared_transactions`; 4 unless told.
    pub fn max_prepared_transactions(mut self, most: u16) -> Self {
        self.max_prepared_transactions = most;
        self
    }

    /// Any other setting of `postgresql.conf`, written as given; the last one of a name holds.
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A database beside `postgres`.
    pub fn database(mut self, name: &str) -> Self {
        self.databases.push(name.to_owned());
        self
    }

    /// An application's role: may log in without a password from loopback and write everywhere.
    pub fn role(mut self, name: &str) -> Self {
        self.roles.push(name.to_owned());
        self
    }

    /// A role like [`PostgresBuilder::role`] that may also stream a backup.
    pub fn backup_role(mut self, name: &str) -> Self {
        self.backup_roles.push(name.to_owned());
        self
    }

    /// The role that owns the tables and so may alter them: one of those already named.
    pub fn owner(mut self, name: &str) -> Self {
        self.owner = Some(name.to_owned());
        self
    }

    /// Slots that are not reserved: `max_connections - superuser_reserved_connections`.
    pub fn ordinary_slots(&self) -> usize {
        usize::from(
            self.max_connections
                .saturating_sub(self.superuser_reserved_connections),
        )
    }

    /// A port of the caller's choice. A clash is then the caller's to handle.
    pub fn port(mut self, port: u16) -> Self {
        self.port = Some(port);
        self
    }

    /// The passwords that the server will have: known before it runs.
    pub fn logins(&self) -> &Logins {
        &self.logins
    }

    /// Makes the data folder, starts the server, makes roles and databases.
    pub async fn start(self) -> Result<Postgres, ServerError> {
        let mut folder = tempfile::Builder::new()
            .prefix("interlock-postgres-")
            .tempdir()
            .map_err(ServerError::io("make a temporary folder"))?;
        // `postgres` must be able to enter it, and others to read the log.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).map_err(
            ServerError::io("open a temporary folder to the server's user"),
        )?;
        let user = server_user()?;
        let (builder, path) = (self.clone(), folder.path().to_owned());
        tokio::task::spawn_blocking(move || builder.make_data_folder(&path, user))
            .await
            .map_err(|e| ServerError::io("run initdb")(std::io::Error::other(e)))??;

        let mut attempts = 5;
        loop {
            let port = self.port.map_or_else(free_port, Ok)?;
            match Postgres::run(folder, port, user, &self).await {
                Ok(server) => {
                    roles::make(&server, &self).await?;
                    return Ok(server);
                }
                Err((back, ServerError::PortTaken { .. }))
                    if self.port.is_none() && attempts > 1 =>
                {
                    attempts -= 1;
                    folder = back;
                }
                Err((_, error)) => return Err(error),
            }
        }
    }

    fn make_data_folder(&self, folder: &Path, user: Option<User>) -> Result<(), ServerError> {
        POSTGRES.find()?;
        let data = folder.join("data");
        fs::create_dir(&data).map_err(ServerError::io("make the data folder"))?;
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700))
            .map_err(ServerError::io("close the data folder"))?;
        let secret = folder.join("superuser-password");
        fs::write(&secret, &self.logins.superuser)
            .map_err(ServerError::io("write a password file"))?;
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600))
            .map_err(ServerError::io("close a password file"))?;
        if let Some(user) = user {
            for path in [&data, &secret] {
                std::os::unix::fs::chown(path, Some(user.uid), Some(user.gid))
                    .map_err(ServerError::io("give the data folder to the server's user"))?;
            }
        }
        run_to_end(
            &INITDB.find()?,
            &[
                "--no-sync",
                "--username=postgres",
                "--encoding=UTF8",
                "--locale=C",
                "--auth=scram-sha-256",
                &format!("--pwfile={}", secret.display()),
                &format!("--pgdata={}", data.display()),
            ],
            folder,
            user,
        )?;
        let _ = fs::remove_file(&secret);
        fs::write(data.join("pg_hba.conf"), self.host_rules())
            .map_err(ServerError::io("write pg_hba.conf"))?;
        let mut conf = fs::read_to_string(data.join("postgresql.conf"))
            .map_err(ServerError::io("read postgresql.conf"))?;
        conf.push_str(&self.conf());
        fs::write(data.join("postgresql.conf"), conf)
            .map_err(ServerError::io("write postgresql.conf"))
    }

    /// Ours need a password, so that a test can look for it where it must not be; applications need
    /// none, since fifty of them would spend their time hashing.
    fn host_rules(&self) -> String {
        let mut rules = String::from("host replication all 127.0.0.1/32 trust\n");
        for role in self.roles.iter().chain(&self.backup_roles) {
            rules.push_str(&format!("host all \"{role}\" 127.0.0.1/32 trust\n"));
        }
        rules.push_str("host all all 127.0.0.1/32 scram-sha-256\n");
        rules
    }

    fn conf(&self) -> String {
        let mut settings: Vec<(String, String)> = [
            ("listen_addresses", "'127.0.0.1'".to_owned()),
            // Its default folder belongs to a packaged server, if there is one.
            ("unix_socket_directories", "''".to_owned()),
            ("max_connections", self.max_connections.to_string()),
            (
                "superuser_reserved_connections",
                self.superuser_reserved_connections.to_string(),
            ),
            (
                "max_prepared_transactions",
                self.max_prepared_transactions.to_string(),
            ),
            ("wal_level", "replica".to_owned()),
            ("max_wal_senders", "4".to_owned()),
            ("shared_buffers", "'16MB'".to_owned()),
            // Nothing here outlives the test.
            ("fsync", "off".to_owned()),
            ("full_page_writes", "off".to_owned()),
            ("max_wal_size", "'128MB'".to_owned()),
            ("autovacuum_naptime", "'5min'".to_owned()),
            ("log_destination", "'stderr'".to_owned()),
            ("logging_collector", "off".to_owned()),
            ("log_timezone", "'UTC'".to_owned()),
            ("timezone", "'UTC'".to_owned()),
            ("log_line_prefix", "'%m [%p] %q%u@%d %a '".to_owned()),
            ("log_connections", "on".to_owned()),
            ("log_min_messages", "warning".to_owned()),
            ("log_lock_waits", "on".to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
        settings.extend(self.settings.iter().cloned());
        settings
            .iter()
            .map(|(name, value)| format!("{name} = {value}\n"))
            .collect()
    }
}

/// PostgreSQL refuses to run as root.
fn server_user() -> Result<Option<User>, ServerError> {
    if !is_root() {
        return Ok(None);
    }
    User::named("postgres")
        .map(Some)
        .ok_or(ServerError::NotInstalled {
            binary: "postgres",
            package: "postgresql",
        })
}
