//! Which addresses a token may be sent to.

use std::net::IpAddr;

use reqwest::Url;

/// An address that gets no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// Not a URL.
    #[error("`{text}` is not a URL: {why}")]
    Form {
        /// As given, escaped and cut.
        text: String,
        /// What is wrong.
        why: String,
    },
    /// Neither `https` nor `http`.
    #[error("`{scheme}` is not a scheme for MCP: use `https`")]
    Scheme {
        /// As given.
        scheme: String,
    },
    /// Whoever listens on the way would have the token.
    #[error("`http` would send the token in the clear to `{host}`: use `https`")]
    Clear {
        /// The host.
        host: String,
    },
    /// A user name or password in it.
    #[error("the URL holds a user name or a password: the token goes into a file")]
    UserInfo,
    /// No host.
    #[error("the URL names no host")]
    NoHost,
}

/// Where a host answers MCP, where its URL names no path.
const PATH: &str = "/mcp";

/// Reads a URL, and refuses what a token must not be sent to. A host alone, as `interlock serve`
/// prints it, means its MCP door.
pub(super) fn read(text: &str) -> Result<Url, BadAddress> {
    let mut url = Url::parse(text).map_err(|error| BadAddress::Form {
        text: text
            .chars()
            .take(200)
            .flat_map(char::escape_debug)
            .collect(),
        why: error.to_string(),
    })?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(BadAddress::UserInfo);
    }
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return Err(BadAddress::NoHost);
    };
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(host) => {}
        "http" => {
            return Err(BadAddress::Clear {
                host: host.to_owned(),
            });
        }
        scheme => {
            return Err(BadAddress::Scheme {
                scheme: scheme.to_owned(),
            });
        }
    }
    if url.path() == "/" && url.query().is_none() {
        url.set_path(PATH);
    }
    Ok(url)
}

/// Only what cannot leave this machine, whatever a name server says.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_alone_means_its_mcp_door() {
        for (given, read_as) in [
            ("http://127.0.0.1:7433", "http://127.0.0.1:7433/mcp"),
            (
                "https://interlock.example/",
                "https://interlock.example/mcp",
            ),
            (
                "https://example.net/interlock/mcp",
                "https://example.net/interlock/mcp",
            ),
        ] {
            assert_eq!(read(given).unwrap().as_str(), read_as);
        }
    }

    #[test]
    fn a_token_never_leaves_this_machine_in_the_clear() {
        for good in [
            "https://interlock.example/mcp",
            "http://127.0.0.1:7433/mcp",
            "http://[::1]:7433/mcp",
            "http://localhost:7433/mcp",
        ] {
            assert!(read(good).is_ok(), "{good}");
        }
        for bad in [
            "http://interlock.example/mcp",
            "http://10.0.0.7/mcp",
            "http://localhost.example/mcp",
            "http://127.0.0.1.example/mcp",
            "https://user@interlock.example/mcp",
            "https://:word@interlock.example/mcp",
            "file:///etc/passwd",
            "interlock.example/mcp",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
