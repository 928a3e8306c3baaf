//! The proxy's HTTP client: it holds the token, and gives it to one address only.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, HeaderValue, header};
use reqwest::{Url, redirect};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::address::{self, BadAddress};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A stream that says nothing for so long is dead: the host says something every 15 seconds.
const SILENCE_MAX: Duration = Duration::from_secs(60);

/// Where to and as whom.
pub struct Connect {
    /// The host's address, such as `https://interlock.example/mcp`.
    pub url: String,
    /// The caller's token.
    pub token: Option<String>,
    /// Certificates to trust instead of this machine's, in PEM.
    pub roots: Option<Vec<u8>>,
}

/// Why no connection can be set up. Nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum CannotConnect {
    /// The address is not one to send a token to.
    #[error("the address cannot be used")]
    Address(#[from] BadAddress),
    /// The token cannot stand in a header.
    #[error("the token holds a character that no header can")]
    Token,
    /// No certificate to trust.
    #[error("no root certificate can be read{}", if *.given { " from the file" } else { "" })]
    NoRoots {
        /// Whether a file was named.
        given: bool,
    },
    /// The TLS library refuses its own defaults.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The HTTP library refuses.
    #[error("the HTTP client cannot be set up")]
    Build(#[from] reqwest::Error),
}

/// The client and the one address that it asks.
#[derive(Clone)]
pub(super) struct Host {
    pub(super) http: reqwest::Client,
    pub(super) url: Url,
}

impl Host {
    pub(super) fn new(connect: &Connect) -> Result<Host, CannotConnect> {
        let url = address::read(&connect.url)?;
        let mut headers = HeaderMap::new();
        if let Some(token) = &connect.token {
            let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
                .map_err(|_| CannotConnect::Token)?;
            value.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, value);
        }
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls(&url, connect.roots.as_deref())?)
            .user_agent(concat!("interlock-mcp/", env!("CARGO_PKG_VERSION")))
            .default_headers(headers)
            // A proxy or a redirect would carry the token elsewhere.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(SILENCE_MAX)
            .build()?;
        Ok(Host { http, url })
    }
}

fn tls(url: &Url, given: Option<&[u8]>) -> Result<ClientConfig, CannotConnect> {
    let mut roots = RootCertStore::empty();
    if url.scheme() == "https" {
        let found: Vec<CertificateDer<'static>> = match given {
            Some(pem) => CertificateDer::pem_slice_iter(pem)
                .filter_map(Result::ok)
                .collect(),
            None => rustls_native_certs::load_native_certs().certs,
        };
        roots.add_parsable_certificates(found);
        if roots.is_empty() {
            let given = given.is_some();
            return Err(CannotConnect::NoRoots { given });
        }
    }
    // Its own provider: a process-wide default could be set by somebody else.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
