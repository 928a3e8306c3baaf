//! PostgreSQL: who is connected, who waits for whom, and the signal that ends a session.
//!
//! Not a way to run SQL: every statement is a constant of `sql`. Each tier has a login of its own,
//! whose session is opened before it is needed and kept, since a full server lets nobody else in.
//! Start at [`Postgres::open`]; the reads are `interlock:read/database`, the acts
//! [`PostgresWriter`].
//!
//! Always: statement text leaves here with its literals replaced; what could not be read is a gap
//! with its reason; a signal that may have been sent is never called untried.

mod act;
mod check;
mod kept;
mod login;
mod problem;
mod read;
mod redact;
mod sql;
#[cfg(test)]
mod tests;
mod wire;
mod write;

use std::{collections::BTreeMap, sync::Arc};

use interlock_capabilities::Gap;
use interlock_gate::target::escape;
use tokio::runtime::Handle;

pub use write::PostgresWriter;

use crate::config::PostgresSource;
use kept::{Kept, OurPids};
use login::Login;

/// The configured servers, by name. Cheap to clone; all clones share two sessions per server.
#[derive(Clone)]
pub struct Postgres {
    servers: Arc<BTreeMap<String, Arc<Server>>>,
    reader: Arc<str>,
}

struct Server {
    name: String,
    read: Result<Kept, Gap>,
    write: Option<Result<Kept, Gap>>,
    ours: OurPids,
}

/// Why no server can be used at all.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Called outside a tokio runtime: nothing could keep the sessions.
    #[error("no runtime to keep sessions on")]
    NoRuntime,
}

impl Postgres {
    /// Reads the logins and begins to open their sessions in the background. A login that cannot
    /// be used answers so, and takes no other one away.
    pub fn open(sources: &[PostgresSource]) -> Result<Postgres, OpenError> {
        let runtime = Handle::try_current().map_err(|_| OpenError::NoRuntime)?;
        let mut servers = BTreeMap::new();
        for source in sources {
            let ours = OurPids::default();
            let keep = |login, application_name| {
                let login = Login::read(login, application_name, source.timeout);
                let login = login.map_err(|why| Gap::Unreachable(why.to_string()))?;
                Ok(Kept::open(login, ours.clone(), &runtime))
            };
            let server = Server {
                name: source.name.clone(),
                read: keep(&source.read, READER),
                write: source
                    .write
                    .as_ref()
                    .map(|login| keep(login, "interlock/write")),
                ours: ours.clone(),
            };
            servers.insert(source.name.clone(), Arc::new(server));
        }
        Ok(Postgres {
            servers: Arc::new(servers),
            reader: READER.into(),
        })
    }

    /// The same servers, whose reads show `what` (a run, an incident) in the servers' own
    /// `pg_stat_activity`, as `interlock/<what>`.
    pub fn reading_for(&self, what: &str) -> Postgres {
        Postgres {
            servers: self.servers.clone(),
            reader: application_name(what).into(),
        }
    }

    fn server(&self, name: &str) -> Result<&Arc<Server>, Gap> {
        let known = self.servers.get(name);
        known.ok_or_else(|| Gap::NoSource(format!("no [[source.postgres]] has the name `{name}`")))
    }
}

/// What a read session is called before it is asked anything.
const READER: &str = "interlock/read";

/// PostgreSQL cuts an `application_name` off after so many bytes.
const APPLICATION_NAME_BYTES_MAX: usize = 63;

fn application_name(of: &str) -> String {
    // Escaped, it is ASCII: it can be cut at any byte.
    let mut name = format!("interlock/{}", escape(of));
    name.truncate(APPLICATION_NAME_BYTES_MAX);
    name
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Postgres")
            .field(&self.servers.keys().collect::<Vec<_>>())
            .finish()
    }
}
