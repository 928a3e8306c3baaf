//! What `doctor` says of a server: can each tier log in, may it do what its tier needs, and no more.

use interlock_capabilities::Gap;

use super::{Postgres, Server, kept::Kept, sql, wire::Cells};
use crate::health::{Health, SourceHealth};

/// Of the one row of an answer.
const ROW_BYTES_MAX: u64 = 64 * 1024;

/// What one login may do, as the server says.
struct Rights {
    login: String,
    role: String,
    version: String,
    system_identifier: String,
    superuser: bool,
    login_superuser: bool,
    reads_all: bool,
    signals: bool,
    login_signals: bool,
}

impl Postgres {
    /// Opens the connection that would act on this server, where it is not open, and asks it
    /// something. A full server refuses a new session: better before a token is spent than after.
    pub async fn ready_to_write(&self, server: &str) -> Result<(), Gap> {
        let missing = || Gap::NoSource(format!("`{server}` has no `write` login"));
        let server = self.servers.get(server).ok_or_else(missing)?;
        let write = server.write.as_ref().ok_or_else(missing)?;
        rights(write).await.map(drop)
    }

    /// Asks every server what its logins may do.
    pub async fn check(&self) -> Vec<SourceHealth> {
        let checks = self.servers.values().map(|server| async {
            let health = server.check().await;
            SourceHealth {
                section: "[[source.postgres]]",
                name: server.name.clone(),
                health,
            }
        });
        futures::future::join_all(checks).await
    }
}

impl Server {
    async fn check(&self) -> Health {
        let writer = async {
            match &self.write {
                Some(login) => Some(rights(login).await),
                None => None,
            }
        };
        let (read, write) = tokio::join!(rights(&self.read), writer);
        let read = match read {
            Ok(read) => read,
            Err(gap) => {
                return Health::Bad {
                    why: format!("read login: {}", gap.why()),
                };
            }
        };
        let what = format!("PostgreSQL {}, read as {}", read.version, read.who());
        let mut health = Health::Good { what };
        for warning in read.as_reader() {
            health = health.warn(Some(warning));
        }
        health = health.warn(
            self.read
                .as_ref()
                .ok()
                .and_then(|kept| open_secret("read", kept)),
        );
        match write {
            None => health,
            Some(Err(gap)) => health.warn(Some(format!("write login: {}", gap.why()))),
            Some(Ok(write)) => {
                if write.system_identifier != read.system_identifier {
                    health =
                        health.warn(Some("the two logins lead to different clusters".to_owned()));
                }
                for warning in write.as_writer(&read) {
                    health = health.warn(Some(warning));
                }
                {
                    let kept = self.write.as_ref().and_then(|login| login.as_ref().ok());
                    health.warn(kept.and_then(|kept| open_secret("write", kept)))
                }
            }
        }
    }
}

async fn rights(login: &Result<Kept, Gap>) -> Result<Rights, Gap> {
    let kept = login.as_ref().map_err(Gap::clone)?;
    let rows = kept.ask(sql::RIGHTS, &[], ROW_BYTES_MAX).await?;
    let row = rows
        .first()
        .map(Cells)
        .ok_or_else(super::problem::no_answer)?;
    let flag = |name| Ok::<bool, Gap>(row.flag(name)? == Some(true));
    Ok(Rights {
        login: row.word("login")?,
        role: row.word("role")?,
        version: row.word("version")?,
        system_identifier: row.word("system_identifier")?,
        superuser: flag("superuser")?,
        login_superuser: flag("login_superuser")?,
        reads_all: flag("reads_all")?,
        signals: flag("signals")?,
        login_signals: flag("login_signals")?,
    })
}

impl Rights {
    fn who(&self) -> String {
        if self.login == self.role {
            format!("`{}`", self.role)
        } else {
            format!("`{}` (logged in as `{}`)", self.role, self.login)
        }
    }

    fn as_reader(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let role = &self.role;
        if !self.reads_all {
            warnings.push(format!(
                "`{role}` lacks pg_monitor: other sessions' state is hidden, so sessions could not \
                 be checked; GRANT pg_monitor TO it"
            ));
        }
        if self.superuser {
            warnings.push(format!(
                "the read role `{role}` is a superuser: give it pg_monitor alone"
            ));
        } else if self.signals {
            warnings.push(format!(
                "the read role `{role}` may signal other sessions, which a read-only transaction \
                 does not stop: REVOKE pg_signal_backend FROM it"
            ));
        } else if self.login_superuser || self.login_signals {
            warnings.push(format!(
                "the read login `{}` may do more than `{role}`, and RESET ROLE would give it back: \
                 what holds is that only constant SQL is sent",
                self.login
            ));
        }
        warnings.extend(self.without_a_slot("read"));
        warnings
    }

    /// Up to PostgreSQL 15 only a superuser gets one of the slots that a full server keeps; later
    /// versions have a role for it, which is not asked for here.
    fn without_a_slot(&self, tier: &str) -> Option<String> {
        let major: u32 = self.version.split('.').next()?.trim().parse().ok()?;
        (major < 16 && !self.login_superuser).then(|| {
            format!(
                "the {tier} login `{}` gets no reserved slot: when the server is full it is refused; \
                 log in as a superuser and narrow it with `set_role`",
                self.login
            )
        })
    }

    fn as_writer(&self, reader: &Rights) -> Vec<String> {
        let mut warnings = Vec::new();
        warnings.extend(self.without_a_slot("write"));
        let role = &self.role;
        if self.superuser {
            warnings.push(format!(
                "the write role `{role}` is a superuser: give it pg_signal_backend and pg_monitor"
            ));
        } else if !self.signals {
            warnings.push(format!(
                "the write role `{role}` may signal its own sessions only: GRANT pg_signal_backend \
                 TO it"
            ));
        }
        if !self.reads_all {
            warnings.push(format!(
                "the write role `{role}` lacks pg_monitor: it cannot compare a session with what \
                 was seen, so it would end none"
            ));
        }
        if self.login == reader.login {
            warnings.push(format!(
                "both tiers log in as `{}`: give each its own",
                self.login
            ));
        }
        warnings
    }
}

fn open_secret(tier: &str, kept: &Kept) -> Option<String> {
    let open = kept.login().secret_readable_by_others();
    open.then(|| format!("the {tier} login's `dsn_file` can be read by others: chmod 600 it"))
}
