//! `[server]`: where `interlock serve` listens, and under which names.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::document::Section;
use crate::endpoint::Endpoint;

const PORT: u16 = 7433;
const NAMES_MAX: usize = 64;
const STOP_WITHIN_MS: u64 = 20_000;
const STOP_WITHIN_MS_MIN: u64 = 100;
const STOP_WITHIN_MS_MAX: u64 = 600_000;

/// The doors of `interlock serve`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The address and port; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// `Host` names, lower case, that are this server beside loopback's and the address itself:
    /// `name` at any port, or `name:port`.
    pub hosts: Vec<String>,
    /// Origins of pages that may call, such as `https://ops.example.net`.
    pub origins: Vec<String>,
    /// The certificate; without it the address is loopback's.
    pub tls: Option<TlsFiles>,
    /// Where people reach it, without a slash at its end: for links.
    pub public_url: Option<String>,
    /// How long running steps have to end once it is told to stop.
    pub stop_within: Duration,
}

/// PEM files of the server's own certificate, and of whoever signs its clients'.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate chain, the server's own first.
    pub cert_file: PathBuf,
    /// Its private key.
    pub key_file: PathBuf,
    /// Certificates that sign clients'; without it no client is asked for one.
    pub client_ca_file: Option<PathBuf>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            hosts: Vec::new(),
            origins: Vec::new(),
            tls: None,
            public_url: None,
            stop_within: Duration::from_millis(STOP_WITHIN_MS),
        }
    }
}

pub(super) fn server(section: &mut Section<'_, '_>, base: &Path) -> Server {
    let given = section.text("listen");
    let listen = given.map_or(Some(Server::default().listen), |text| text.parse().ok());
    if listen.is_none() {
        section.must_be("listen", "an address and a port, such as `127.0.0.1:7433`");
    }
    let hosts = lower(section.texts("hosts", NAMES_MAX));
    if !hosts.iter().all(|host| is_host(host)) {
        section.must_be("hosts", "host names such as `interlock.example.net`");
    }
    let origins = lower(section.texts("origins", NAMES_MAX));
    if !origins.iter().all(|origin| is_origin(origin)) {
        section.must_be("origins", "origins such as `https://ops.example.net`");
    }
    let tls = section.table("tls", "`tls`", |s| {
        let cert_file = s.need("cert_file", |s, key| s.path(key, base));
        let key_file = s.need("key_file", |s, key| s.path(key, base));
        let client_ca_file = s.path("client_ca_file", base);
        Some(TlsFiles {
            cert_file: cert_file?,
            key_file: key_file?,
            client_ca_file,
        })
    });
    let listen = listen.unwrap_or(Server::default().listen);
    // A bearer token in clear text on a network is everybody's.
    if tls.is_none() && !section.has("tls") && !listen.ip().is_loopback() {
        section.must_be("listen", "a loopback address where there is no `tls`");
    }
    let public_url = section.text("public_url").and_then(|text| {
        let good = Endpoint::base(&text).is_ok();
        if !good {
            section.must_be("public_url", "an `http` or `https` URL");
        }
        good.then(|| text.trim_end_matches('/').to_owned())
    });
    let stop_within = section.duration_ms("stop_within", STOP_WITHIN_MS_MIN, STOP_WITHIN_MS_MAX);
    Server {
        listen,
        hosts,
        origins,
        tls,
        public_url,
        stop_within: Duration::from_millis(stop_within.unwrap_or(STOP_WITHIN_MS)),
    }
}

fn lower(texts: Vec<String>) -> Vec<String> {
    texts
        .into_iter()
        .map(|text| text.to_ascii_lowercase())
        .collect()
}

fn is_host(text: &str) -> bool {
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !text.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'[' | b']' | b':');
    !name.is_empty()
        && name.len() <= 255
        && name.bytes().all(plain)
        && port.is_none_or(|port| port.parse::<u16>().is_ok())
}

fn is_origin(text: &str) -> bool {
    let host = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    host.is_some_and(is_host)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::document::check;

    const TOP: &str = "version = 1\npolicy = \"p\"\nstate_dir = \"s\"\n";

    fn parse(section: &str) -> Result<Server, crate::document::Mistakes> {
        let text = format!("{TOP}{section}");
        Config::parse(Path::new("etc/i.toml"), &text).map(|config| config.server)
    }

    #[test]
    fn without_a_section_it_listens_on_loopback() {
        let server = parse("").unwrap();
        assert_eq!(server, Server::default());
        assert_eq!(server.listen.to_string(), "127.0.0.1:7433");
        assert_eq!(server.stop_within, Duration::from_secs(20));
    }

    #[test]
    fn a_whole_section_is_read_with_files_from_its_own_folder() {
        let server = parse(
            r#"
[server]
listen = "0.0.0.0:8443"
hosts = ["Interlock.example.net", "other.example.net:8443"]
origins = ["https://ops.example.net"]
tls = { cert_file = "tls/cert.pem", key_file = "tls/key.pem", client_ca_file = "/etc/ca.pem" }
public_url = "https://interlock.example.net/"
stop_within = "5s"
"#,
        )
        .unwrap();
        assert_eq!(
            server.hosts,
            ["interlock.example.net", "other.example.net:8443"]
        );
        let tls = server.tls.unwrap();
        assert_eq!(tls.cert_file, Path::new("etc/tls/cert.pem"));
        assert_eq!(
            tls.client_ca_file.as_deref(),
            Some(Path::new("/etc/ca.pem"))
        );
        assert_eq!(
            server.public_url.as_deref(),
            Some("https://interlock.example.net")
        );
        assert_eq!(server.stop_within, Duration::from_secs(5));
    }

    #[test]
    fn an_address_beyond_loopback_needs_tls() {
        check(
            &parse("[server]\nlisten = \"0.0.0.0:7433\"\n").unwrap_err(),
            &["etc/i.toml:5:10: `listen` must be a loopback address where there is no `tls`"],
        );
        let tls = "[server]\nlisten = \"0.0.0.0:1\"\ntls = { cert_file = \"c\", key_file = \"k\" }";
        assert!(parse(tls).is_ok());
        assert!(parse("[server]\nlisten = \"[::1]:0\"").is_ok());
    }

    #[test]
    fn every_mistake_of_the_section_is_told() {
        let text = r#"[server]
listen = "localhost"
hosts = ["a b"]
origins = ["ops.example.net"]
tls = { cert_file = "c" }
public_url = "ftp://x"
stop_within = "1d"
port = 1
"#;
        check(
            &parse(text).unwrap_err(),
            &[
                "etc/i.toml:5:10: `listen` must be an address and a port, such as `127.0.0.1:7433`",
                "etc/i.toml:6:9: `hosts` must be host names such as `interlock.example.net`",
                "etc/i.toml:7:11: `origins` must be origins such as `https://ops.example.net`",
                "etc/i.toml:8:7: `tls` has no `key_file`",
                "etc/i.toml:9:14: `public_url` must be an `http` or `https` URL",
                "etc/i.toml:10:15: `stop_within` must be a duration from 100ms to 10m",
                "etc/i.toml:11:1: `port` is not a key of [server]",
            ],
        );
    }
}
