//! `interlock.toml`: what is configured, typed and with its paths resolved.
//! Not a connection: nothing that it names is opened here. [`crate::connect`] does that.
//! Start at [`Config::read`].
//!
//! ```toml
//! version = 1
//! policy = "policies/postgres.toml"
//! state_dir = "state"
//! origin = "interlock.example.net"       # optional: the journal's name, fixed at the first start
//! runbooks = ["runbooks"]                # optional: none are installed without it
//!
//! [source.prometheus]
//! url = "http://127.0.0.1:9090"
//! timeout = "5s"                         # optional, 100ms to 1m; so in every source
//! bearer_file = "secrets/prometheus"     # optional: one line, sent as a bearer token
//!
//! [source.alertmanager]
//! url = "http://127.0.0.1:9093"          # `timeout` and `bearer_file` as above
//!
//! [[source.postgres]]
//! name = "orders-db"                     # first segment of its targets
//! read = { dsn_file = "secrets/read.dsn" }    # optional: set_role = "interlock_read"
//! write = { dsn_file = "secrets/write.dsn" }  # optional: without it nothing is written to
//!
//! [source.changes]
//! file = "changes.toml"                  # optional, beside `git` or instead
//! git = [{ path = "/srv/deploys.git", ref = "refs/heads/main" }]  # optional: kind, service
//!
//! [[source.logs]]
//! name = "orders-db"
//! files = ["/var/log/postgresql/orders-db.log"]
//! utc_offset = "+01:00"                  # optional: of times that name no offset
//!
//! [source.topology]
//! file = "topology.toml"
//!
//! [[source.probe]]
//! name = "checkout-health"
//! url = "https://checkout.example.net/health"
//! networks = ["10.0.0.0/8"]              # optional: inner networks its host may lead to
//!
//! [server]                               # optional, as each of its keys
//! listen = "127.0.0.1:7433"              # beyond loopback only with `tls`
//! hosts = ["interlock.example.net"]      # `Host` names beside loopback's and the address
//! origins = ["https://ops.example.net"]  # pages that may call
//! tls = { cert_file = "tls/cert.pem", key_file = "tls/key.pem", client_ca_file = "tls/ca.pem" }
//! public_url = "https://interlock.example.net"  # for links
//! stop_within = "20s"                    # for running steps, once it is told to stop
//!
//! [telemetry]                            # optional, as each of its keys
//! log = "text"                           # or "json": of the log on standard error
//! service = "interlock"                  # what it calls itself in traces
//! otlp = "http://127.0.0.1:4318"         # where traces go, over OTLP and HTTP
//! timeout = "5s"                         # of one delivery
//! bearer_file = "secrets/otlp"           # sent as a bearer token
//!
//! [notify]                               # optional: whom to tell that a plan waits
//! webhook_file = "secrets/slack-url"     # one line: a URL that takes what Slack's webhooks take
//! timeout = "5s"                         # of one attempt
//! ```
//!
//! A relative path is taken from the folder of the file. Every key that is not here is a mistake.
//! The formats of the files it names: [`crate::changes`], [`crate::topology`], [`crate::incident`].

mod describe;
mod model;
mod notify;
mod read;
mod server;
mod telemetry;

use std::path::Path;

pub use describe::Described;
pub use model::{
    ChangesSource, Config, HttpSource, LogsSource, PostgresLogin, PostgresSource, ProbeSource,
    Sources,
};
pub use notify::Notify;
pub use server::{Server, TlsFiles};
pub use telemetry::{LogFormat, Otlp, Telemetry};

use crate::document::{self, FileError, Format, Mistakes};
use crate::files::{self, TEXT_BYTES_MAX};

impl Config {
    /// Reads the file at `path`, which only root or this user may be able to write.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        let text = files::read_private_text(path, TEXT_BYTES_MAX)?;
        Ok(Self::parse(path, &text)?)
    }

    /// Reads a configuration's text as if it stood at `path`.
    pub fn parse(path: &Path, text: &str) -> Result<Self, Mistakes> {
        document::read(path, text, Format::Toml, |top| read::config(top, path))
    }
}
