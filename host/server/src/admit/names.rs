//! Which `Host` and `Origin` a request may name.
//! Against a page of somebody else that a browser on this machine has open: by a name that leads
//! here it could call, and by its own origin it gives itself away.
//! Invariant: a missing `Host` is refused, a missing `Origin` is not: programs send none.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, Uri, header};
use interlock_connectors::config::Server;

/// The names that are this server.
#[derive(Clone, Debug)]
pub struct Names {
    listen: SocketAddr,
    hosts: Vec<String>,
    origins: Vec<String>,
}

/// Why a request was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadName {
    /// No `Host`, several, or one that is not this server.
    #[error("the `Host` is not a name of this server")]
    Host,
    /// An `Origin` that is neither this server nor listed.
    #[error("the `Origin` is not one that may call")]
    Origin,
}

impl Names {
    /// From `[server]`, with the address that was really bound.
    pub fn new(server: &Server, listen: SocketAddr) -> Names {
        Names {
            listen,
            hosts: server.hosts.clone(),
            origins: server.origins.clone(),
        }
    }

    /// Checks both names of a request. Over HTTP/2 the host stands in the URI.
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), BadName> {
        let host = host_of(uri, headers).ok_or(BadName::Host)?;
        if !self.is_host(&host) {
            return Err(BadName::Host);
        }
        let mut origins = headers.get_all(header::ORIGIN).iter();
        let Some(origin) = origins.next() else {
            return Ok(());
        };
        let origin = origin.to_str().map_err(|_| BadName::Origin)?;
        let origin = origin.to_ascii_lowercase();
        let same = origin
            .strip_prefix("https://")
            .or_else(|| origin.strip_prefix("http://"))
            .is_some_and(|theirs| theirs == host);
        if origins.next().is_none() && (same || self.origins.contains(&origin)) {
            Ok(())
        } else {
            Err(BadName::Origin)
        }
    }

    fn is_host(&self, host: &str) -> bool {
        if self.hosts.iter().any(|known| known == host) {
            return true;
        }
        let (name, port) = split(host);
        if self.hosts.iter().any(|known| known == name) {
            return true;
        }
        let port_here = self.listen.port();
        // Browsers leave out the port that a scheme implies.
        let here = port == Some(port_here) || (port.is_none() && matches!(port_here, 80 | 443));
        let address = name.trim_start_matches('[').trim_end_matches(']');
        let ours = match address.parse::<IpAddr>() {
            Ok(ip) => ip == self.listen.ip() || (ip.is_loopback() && self.on_loopback()),
            Err(_) => name == "localhost" && self.on_loopback(),
        };
        here && ours
    }

    /// Whether it can be reached over loopback at all.
    fn on_loopback(&self) -> bool {
        self.listen.ip().is_loopback() || self.listen.ip().is_unspecified()
    }
}

fn host_of(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let mut given = headers.get_all(header::HOST).iter();
    let header = given.next();
    if given.next().is_some() {
        return None;
    }
    let header = match header {
        Some(value) => Some(value.to_str().ok()?.to_ascii_lowercase()),
        None => None,
    };
    let authority = uri.authority().map(|it| it.as_str().to_ascii_lowercase());
    match (header, authority) {
        (Some(header), Some(authority)) => (header == authority).then_some(header),
        (one, other) => one.or(other),
    }
}

fn split(host: &str) -> (&str, Option<u16>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => match port.parse() {
            Ok(port) => (name, Some(port)),
            // Not a name of anything.
            Err(_) => ("", None),
        },
        _ => (host, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(listen: &str) -> Names {
        let server = Server {
            hosts: vec![
                "interlock.example.net".into(),
                "other.example.net:8443".into(),
            ],
            origins: vec!["https://ops.example.net".into()],
            ..Server::default()
        };
        Names::new(&server, listen.parse().unwrap())
    }

    fn check(listen: &str, pairs: &[(&str, &str)]) -> Result<(), BadName> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name: http::HeaderName = name.parse().unwrap();
            headers.append(name, value.parse().unwrap());
        }
        names(listen).check(&Uri::from_static("/runs"), &headers)
    }

    #[test]
    fn only_this_servers_own_names_are_let_in() {
        let listen = "127.0.0.1:7433";
        for host in [
            "127.0.0.1:7433",
            "localhost:7433",
            "LOCALHOST:7433",
            "[::1]:7433",
            "interlock.example.net",
            "interlock.example.net:9",
            "other.example.net:8443",
        ] {
            assert_eq!(check(listen, &[("host", host)]), Ok(()), "{host}");
        }
        for host in [
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost",
            "localhost:7434",
            "localhost.:7433",
            "evil.example:7433",
            "192.0.2.1:7433",
            "other.example.net",
            "interlock.example.net:x",
            "user@127.0.0.1:7433",
            "",
        ] {
            assert_eq!(
                check(listen, &[("host", host)]),
                Err(BadName::Host),
                "{host}"
            );
        }
        let twice = [("host", "localhost:7433"), ("host", "localhost:7433")];
        assert_eq!(check(listen, &twice), Err(BadName::Host));
        assert_eq!(check(listen, &[]), Err(BadName::Host));
        let beyond = "192.0.2.7:443";
        assert_eq!(check(beyond, &[("host", "192.0.2.7")]), Ok(()));
        assert_eq!(
            check(beyond, &[("host", "localhost:443")]),
            Err(BadName::Host)
        );
    }

    #[test]
    fn an_origin_is_this_server_or_listed_or_absent() {
        let host = ("host", "localhost:7433");
        for origin in ["http://localhost:7433", "https://ops.example.net"] {
            let pairs = [host, ("origin", origin)];
            assert_eq!(check("127.0.0.1:7433", &pairs), Ok(()), "{origin}");
        }
        for origin in [
            "null",
            "http://evil.example",
            "http://localhost:7434",
            "http://localhost:7433.evil.example",
            "http://ops.example.net",
            "",
        ] {
            let pairs = [host, ("origin", origin)];
            assert_eq!(
                check("127.0.0.1:7433", &pairs),
                Err(BadName::Origin),
                "{origin}"
            );
        }
    }
}
