//! How a tier logs in, and how every session is narrowed before its first question.

use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc, time::Duration};

use interlock_capabilities::Gap;
use rustls::RootCertStore;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::{
    Client, Config, NoTls, Socket,
    config::{Host, SslMode},
    tls::MakeTlsConnect,
    types::Type,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{kept::Parameter, problem};
use crate::config::PostgresLogin;
use crate::secrets::{Secret, SecretError};
use crate::units::duration_text;

/// PostgreSQL 14: the first whose answers have all fields.
const VERSION_MIN: i32 = 140_000;

/// Every session's settings, in one round trip. A login may be more powerful than its role: the
/// role is taken here, before anything is asked.
const SET_UP: &str = "SELECT pg_catalog.pg_backend_pid() AS pid, \
    pg_catalog.current_setting('server_version_num')::pg_catalog.int4 AS version, \
    pg_catalog.set_config('search_path', 'pg_catalog', false), \
    pg_catalog.set_config('default_transaction_read_only', 'on', false), \
    pg_catalog.set_config('statement_timeout', $1, false), \
    pg_catalog.set_config('lock_timeout', $1, false), \
    pg_catalog.set_config('idle_in_transaction_session_timeout', $1, false), \
    pg_catalog.set_config('role', $2, false)";

/// Why a login cannot be used. Holds nothing of the connection string.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoginError {
    /// The connection string's file is not read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// Not a connection string.
    #[error("`{file}` does not hold a connection string of PostgreSQL")]
    NotADsn {
        /// The file.
        file: String,
    },
    /// More than one host: which of them was observed could not be said.
    #[error("`{file}` must name one host")]
    NotOneHost {
        /// The file.
        file: String,
    },
    /// The machine has no certificate to verify a server by.
    #[error("`{file}` names a host off loopback, and this machine has no root certificates")]
    NoRoots {
        /// The file.
        file: String,
    },
}

/// A login that was read and can be tried.
pub(super) struct Login {
    config: Config,
    tls: Option<MakeRustlsConnect>,
    role: String,
    timeout: Duration,
    secret_readable_by_others: bool,
}

/// A session that is set up. The driver must be polled for it to go on.
pub(super) struct Session {
    pub(super) client: Client,
    pub(super) pid: i32,
    pub(super) driver: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Login {
    /// Reads the login; a server off loopback is verified by this machine's root certificates.
    pub(super) fn read(
        login: &PostgresLogin,
        application_name: &str,
        timeout: Duration,
    ) -> Result<Login, LoginError> {
        Login::read_by(login, application_name, timeout, machine_roots)
    }

    pub(super) fn read_by(
        login: &PostgresLogin,
        application_name: &str,
        timeout: Duration,
        roots: fn() -> RootCertStore,
    ) -> Result<Login, LoginError> {
        let file = || login.dsn_file.display().to_string();
        let secret = Secret::read(&login.dsn_file)?;
        // The error is dropped: it could quote the string.
        let mut config: Config = secret
            .expose()
            .parse()
            .map_err(|_| LoginError::NotADsn { file: file() })?;
        if config.get_hosts().len() > 1 || config.get_hostaddrs().len() > 1 {
            return Err(LoginError::NotOneHost { file: file() });
        }
        config.application_name(application_name);
        config.keepalives_idle(Duration::from_secs(30));
        config.tcp_user_timeout(timeout);
        let tls = if is_local(&config) && config.get_ssl_mode() != SslMode::Require {
            config.ssl_mode(SslMode::Disable);
            None
        } else {
            config.ssl_mode(SslMode::Require);
            Some(verified_tls(roots()).ok_or(LoginError::NoRoots { file: file() })?)
        };
        Ok(Login {
            config,
            tls,
            role: login.set_role.clone().unwrap_or_else(|| "none".to_owned()),
            timeout,
            secret_readable_by_others: secret.readable_by_others(),
        })
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) fn secret_readable_by_others(&self) -> bool {
        self.secret_readable_by_others
    }

    /// Logs in and narrows the session, within the login's time-out.
    pub(super) async fn connect(&self) -> Result<Session, Gap> {
        let until = Instant::now() + self.timeout;
        let connected = match &self.tls {
            Some(tls) => timeout_at(until, self.begin(tls.clone())).await,
            None => timeout_at(until, self.begin(NoTls)).await,
        };
        let late = || Gap::Unreachable(format!("no login within {}", text(self.timeout)));
        let (client, mut driver) = connected.map_err(|_| late())??;
        // The server cancels a slow question itself, so that the connection outlives it.
        let patience = (self.timeout * 4 / 5).as_millis().max(1).to_string();
        let parameters: [Parameter<'_>; 2] = [(&patience, Type::TEXT), (&self.role, Type::TEXT)];
        let rows = tokio::select! {
            rows = client.query_typed(SET_UP, &parameters) => rows,
            () = &mut driver => return Err(problem::lost()),
            () = tokio::time::sleep_until(until) => return Err(late()),
        };
        let rows = rows.map_err(|error| problem::gap(&error))?;
        let row = rows.first().ok_or_else(problem::no_answer)?;
        let pid = row.try_get("pid").map_err(|error| problem::gap(&error))?;
        let version: i32 = row
            .try_get("version")
            .map_err(|error| problem::gap(&error))?;
        if version < VERSION_MIN {
            let major = version / 10_000;
            return Err(Gap::Refused(format!(
                "PostgreSQL {major} is too old: 14 or later is needed"
            )));
        }
        Ok(Session {
            client,
            pid,
            driver,
        })
    }

    async fn begin<T>(&self, tls: T) -> Result<(Client, Driver), Gap>
    where
        T: MakeTlsConnect<Socket>,
        T::Stream: Send + 'static,
    {
        let (client, connection) = self
            .config
            .connect(tls)
            .await
            .map_err(|error| problem::gap(&error))?;
        let driver = async move {
            // Each question gets its own error; what ends the connection is known by them.
            let _ended = connection.await;
        };
        Ok((client, Box::pin(driver)))
    }
}

type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

fn text(wait: Duration) -> String {
    duration_text(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
}

/// Whether what is dialled is this machine.
fn is_local(config: &Config) -> bool {
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|at| at.is_loopback())
        }
    })
}

fn machine_roots() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    roots
}

fn verified_tls(roots: RootCertStore) -> Option<MakeRustlsConnect> {
    if roots.is_empty() {
        return None;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?;
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    Some(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(dsn: &str) -> Result<Login, LoginError> {
        let dir = tempfile::tempdir().unwrap();
        let dsn_file = dir.path().join("dsn");
        std::fs::write(&dsn_file, dsn).unwrap();
        let login = PostgresLogin {
            dsn_file,
            set_role: None,
        };
        Login::read(&login, "interlock", Duration::from_secs(5))
    }

    #[test]
    fn off_loopback_nothing_is_sent_without_verified_tls() {
        for far in [
            "postgresql://u:p@db.internal/orders?sslmode=disable",
            "host=10.0.0.7 user=u sslmode=prefer",
            "host=localhost hostaddr=10.0.0.7 user=u",
        ] {
            match login(far) {
                Ok(login) => {
                    assert!(login.tls.is_some(), "{far}");
                    assert_eq!(login.config.get_ssl_mode(), SslMode::Require, "{far}");
                }
                Err(why) => assert!(matches!(why, LoginError::NoRoots { .. }), "{far}: {why}"),
            }
        }
        for near in [
            "host=127.0.0.1 user=u",
            "postgresql://u@localhost/d",
            "host=/run/x user=u",
        ] {
            assert!(login(near).unwrap().tls.is_none(), "{near}");
        }
    }

    #[test]
    fn an_error_holds_nothing_of_the_connection_string() {
        for bad in [
            "postgresql://u:hunter2@h:port/d",
            "hunter2",
            "host=a,b password=hunter2",
        ] {
            let Err(why) = login(bad) else {
                panic!("{bad}")
            };
            assert!(!format!("{why} {why:?}").contains("hunter2"), "{bad}");
        }
    }
}
