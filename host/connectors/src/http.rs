//! The one HTTP client: bounded in time and size, straight to the address it was given.
//! Not a browser: no proxy, no redirect, no cookie, no compression.
//! Start at [`Client::get`]; an answer that did not come is a [`FetchError`].
//! Invariant: no error holds a URL, a header or a secret.

use std::error::Error as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use interlock_capabilities::{Gap, names};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{Url, redirect};
use rustls::{ClientConfig, RootCertStore};
use tracing::Span;

use crate::secrets::Secret;
use crate::units::duration_text;
use crate::words::foreign;

/// Most bytes of an answer's body, whatever the caller allows.
pub const BODY_BYTES_MAX: u64 = 32 << 20;

/// A client of one system.
#[derive(Clone)]
pub struct Client {
    inner: reqwest::Client,
    timeout: Duration,
}

/// Why a client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No certificate of this machine can be read, and the URL is `https`.
    #[error("no root certificate of this machine can be read")]
    NoRoots,
    /// The TLS library refuses its own defaults.
    #[error("TLS cannot be set up")]
    Tls(#[source] rustls::Error),
    /// A token that cannot stand in a header.
    #[error("the bearer token holds a character that no header can")]
    Token,
    /// The HTTP library refuses.
    #[error("the HTTP client cannot be set up: {why}")]
    Build {
        /// What it said.
        why: String,
    },
}

/// An answer, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Not whole within the time-out.
    #[error("no answer within {}", duration_text(*after_ms))]
    TimedOut {
        /// The time-out.
        after_ms: u64,
    },
    /// No connection.
    #[error("no connection: {why}")]
    NoConnection {
        /// What the system said.
        why: String,
    },
    /// A connection that broke or spoke no HTTP.
    #[error("the connection broke: {why}")]
    Broken {
        /// What the system said.
        why: String,
    },
    /// A body over the bound.
    #[error("the answer is over {bytes_max} bytes")]
    TooLarge {
        /// The bound.
        bytes_max: u64,
    },
}

impl From<FetchError> for Gap {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::TooLarge { .. } => Self::TooLarge(error.to_string()),
            FetchError::TimedOut { .. }
            | FetchError::NoConnection { .. }
            | FetchError::Broken { .. } => Self::Unreachable(error.to_string()),
        }
    }
}

/// How a client is made.
pub struct ClientOptions<'a> {
    /// For connecting, asking and reading the whole answer together.
    pub timeout: Duration,
    /// Whether TLS will be spoken: roots are loaded only then.
    pub tls: bool,
    /// Sent with every request.
    pub bearer: Option<&'a Secret>,
    /// The only addresses to dial, whatever the host's name. An address in place of a name is not
    /// looked up.
    pub pinned: Option<&'a [SocketAddr]>,
}

impl Client {
    /// Makes a client. Nothing is dialled yet.
    pub fn new(options: &ClientOptions<'_>) -> Result<Self, ClientError> {
        Ok(Self {
            inner: plain(options)?,
            timeout: options.timeout,
        })
    }

    /// The time-out of a whole exchange.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Asks, and reads the whole answer of at most `body_max` bytes.
    pub async fn get(&self, url: Url, body_max: u64) -> Result<Fetched, FetchError> {
        tell_span(&url);
        self.exchange(self.inner.get(url), body_max).await
    }

    /// Sends a JSON document, and reads the whole answer.
    pub async fn post_json(
        &self,
        url: Url,
        document: Vec<u8>,
        body_max: u64,
    ) -> Result<Fetched, FetchError> {
        tell_span(&url);
        let request = self
            .inner
            .post(url)
            .header("content-type", "application/json");
        self.exchange(request.body(document), body_max).await
    }

    /// Asks that what stands there be ended, and reads the whole answer.
    pub async fn delete(&self, url: Url, body_max: u64) -> Result<Fetched, FetchError> {
        self.exchange(self.inner.delete(url), body_max).await
    }

    /// Asks, and reads nothing but the status.
    pub async fn status(&self, url: Url) -> Result<u16, FetchError> {
        tell_span(&url);
        let answer = self
            .inner
            .get(url)
            .send()
            .await
            .map_err(|e| self.fetch_error(&e))?;
        Ok(answer.status().as_u16())
    }

    async fn exchange(
        &self,
        request: reqwest::RequestBuilder,
        body_max: u64,
    ) -> Result<Fetched, FetchError> {
        let bytes_max = body_max.min(BODY_BYTES_MAX);
        let too_large = FetchError::TooLarge { bytes_max };
        let mut answer = request.send().await.map_err(|e| self.fetch_error(&e))?;
        if answer
            .content_length()
            .is_some_and(|length| length > bytes_max)
        {
            return Err(too_large);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| self.fetch_error(&e))? {
            let length = u64::try_from(body.len() + chunk.len()).unwrap_or(u64::MAX);
            if length > bytes_max {
                return Err(too_large);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Fetched {
            status: answer.status().as_u16(),
            body,
        })
    }

    fn fetch_error(&self, error: &reqwest::Error) -> FetchError {
        if error.is_timeout() {
            let after_ms = u64::try_from(self.timeout.as_millis()).unwrap_or(u64::MAX);
            return FetchError::TimedOut { after_ms };
        }
        let why = why(error);
        if error.is_connect() {
            return FetchError::NoConnection { why };
        }
        FetchError::Broken { why }
    }
}

/// Tells the span of the call which system it asks; never with which path or query.
fn tell_span(url: &Url) {
    let span = Span::current();
    span.record(names::SERVER_ADDRESS, url.host_str().unwrap_or_default());
    span.record(
        names::SERVER_PORT,
        i64::from(url.port_or_known_default().unwrap_or_default()),
    );
}

/// The client underneath, for whoever must see an answer's headers or hand the client on. Whoever
/// uses it keeps what its errors say of a URL to themselves.
pub fn plain(options: &ClientOptions<'_>) -> Result<reqwest::Client, ClientError> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls(options.tls)?)
        .user_agent(concat!("interlock/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(redirect::Policy::none())
        .referer(false)
        .http1_only()
        .timeout(options.timeout)
        .connect_timeout(options.timeout)
        .pool_idle_timeout(Duration::from_secs(30));
    if let Some(secret) = options.bearer {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", secret.expose()))
            .map_err(|_| ClientError::Token)?;
        value.set_sensitive(true);
        builder = builder.default_headers(HeaderMap::from_iter([(AUTHORIZATION, value)]));
    }
    if let Some(addresses) = options.pinned {
        builder = builder.dns_resolver(Arc::new(Pinned(addresses.to_vec())));
    }
    builder
        .build()
        .map_err(|error| ClientError::Build { why: why(&error) })
}

/// Answers every name with the same addresses: there is no second look-up that could differ.
struct Pinned(Vec<SocketAddr>);

impl Resolve for Pinned {
    fn resolve(&self, _name: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

/// The innermost cause, and never reqwest's own text, which names the URL.
fn why(error: &reqwest::Error) -> String {
    let mut last = None;
    let mut next = error.source();
    while let Some(cause) = next {
        // The system's word says more than what libraries wrap around it.
        if let Some(system) = cause.downcast_ref::<io::Error>()
            && let Some(code) = system.raw_os_error()
        {
            return foreign(&rustix::io::Errno::from_raw_os_error(code).to_string());
        }
        last = Some(cause);
        next = cause.source();
    }
    last.map_or_else(
        || "no reason given".to_owned(),
        |cause| foreign(&cause.to_string()),
    )
}

/// TLS by its own provider: a process-wide default could be set by somebody else.
fn tls(wanted: bool) -> Result<ClientConfig, ClientError> {
    let mut roots = RootCertStore::empty();
    if wanted {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            return Err(ClientError::NoRoots);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(ClientError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
