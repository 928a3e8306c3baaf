//! Where an HTTP system is, as its operator wrote it.
//! Not a place for secrets: a URL with userinfo, query or fragment is refused.

use std::fmt;

use reqwest::Url;

/// A base URL, `http` or `https`. `Debug` shows it; errors and answers never hold it.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
}

/// Why a text is no endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// Not a URL.
    #[error("an absolute URL")]
    NotAUrl,
    /// Another scheme.
    #[error("an `http` or `https` URL")]
    Scheme,
    /// A user or password in it.
    #[error("a URL without user or password: name a `bearer_file` instead")]
    UserInfo,
    /// A query or fragment in it, where a path will be added.
    #[error("a URL without query or fragment")]
    Query,
}

impl Endpoint {
    /// Reads a base URL, to which fixed paths are added.
    pub fn base(text: &str) -> Result<Self, EndpointError> {
        let endpoint = Self::exact(text)?;
        if endpoint.url.query().is_some() {
            return Err(EndpointError::Query);
        }
        Ok(endpoint)
    }

    /// Reads a URL that is used as it stands; it may have a query.
    pub fn exact(text: &str) -> Result<Self, EndpointError> {
        let url = Url::parse(text).map_err(|_| EndpointError::NotAUrl)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(EndpointError::Scheme);
        }
        if !url.has_host() {
            return Err(EndpointError::NotAUrl);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EndpointError::UserInfo);
        }
        if url.fragment().is_some() {
            return Err(EndpointError::Query);
        }
        Ok(Self { url })
    }

    /// The URL as it stands.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Whether TLS is spoken.
    pub fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// The base with a fixed path and escaped parameters.
    pub(crate) fn at(&self, path: &str, parameters: &[(&str, &str)]) -> Url {
        let mut url = self.url.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{path}"));
        if !parameters.is_empty() {
            url.query_pairs_mut().extend_pairs(parameters);
        }
        url
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_keeps_its_own_path_and_takes_no_secret() {
        let base = Endpoint::base("http://h:9090/prom/").unwrap();
        let url = base.at("/api/v1/query", &[("query", "a&b=c#")]);
        assert_eq!(
            url.as_str(),
            "http://h:9090/prom/api/v1/query?query=a%26b%3Dc%23"
        );
        for (text, why) in [
            ("prometheus:9090", EndpointError::Scheme),
            ("/x", EndpointError::NotAUrl),
            ("ftp://h", EndpointError::Scheme),
            ("http://u:p@h", EndpointError::UserInfo),
            ("http://u@h", EndpointError::UserInfo),
            ("http://h?x=1", EndpointError::Query),
            ("http://h#x", EndpointError::Query),
        ] {
            assert_eq!(Endpoint::base(text), Err(why), "{text}");
        }
        assert!(Endpoint::exact("http://h/health?full=1").is_ok());
    }
}
