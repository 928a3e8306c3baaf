//! Connections, each bounded: in number, in the time for its handshake and its headers, in the
//! size of those, and in how long it may idle.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::{Router, body::Body};
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

use super::crowd::{Crowd, Place};
use super::patient::Patient;
use crate::admit::who::ClientCertificate;
use crate::http::{Metrics, Peer};

/// Connections in all.
pub(super) const OPEN_MAX: usize = 2_000;
/// Connections of one peer: half of all, since many agents may stand behind one address.
const PEER_MAX: usize = 1_000;
const HEADERS_BYTES_MAX: usize = 64 * 1024;
const HEADERS_MAX: usize = 100;
/// Requests at once over one HTTP/2 connection.
const STREAMS_MAX: u32 = 128;
const PING_EVERY: Duration = Duration::from_secs(20);
const PONG_WITHIN: Duration = Duration::from_secs(10);

/// How long a peer may let us wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// For a TLS handshake.
    pub(super) handshake: Duration,
    /// For the headers of a request; for so long a connection may idle between two.
    pub(super) headers: Duration,
    /// For it to take a part of an answer.
    pub(super) take: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            handshake: Duration::from_secs(10),
            headers: Duration::from_secs(10),
            take: Duration::from_secs(30),
        }
    }
}

/// What takes connections in.
pub(super) struct Connections {
    tls: Option<TlsAcceptor>,
    pub(super) patience: Patience,
    crowd: Crowd,
    metrics: Metrics,
}

/// Whom a connection leads to.
struct Client {
    router: Router,
    peer: IpAddr,
    certificate: Option<ClientCertificate>,
    patience: Patience,
}

impl Connections {
    pub(super) fn new(tls: Option<TlsAcceptor>, metrics: Metrics) -> Connections {
        Connections {
            tls,
            patience: Patience::default(),
            crowd: Crowd::new(OPEN_MAX, PEER_MAX),
            metrics,
        }
    }

    pub(super) fn is_tls(&self) -> bool {
        self.tls.is_some()
    }

    /// Serves a connection, or closes it where there are too many.
    pub(super) fn take(
        &self,
        stream: TcpStream,
        peer: IpAddr,
        router: &Router,
        graceful: &GracefulShutdown,
    ) {
        let Some((place, open)) = self.crowd.enter(peer) else {
            self.metrics.turned_away();
            return;
        };
        self.metrics.connections(open);
        // Answers are small and awaited.
        drop(stream.set_nodelay(true));
        let client = Client {
            router: router.clone(),
            peer,
            certificate: None,
            patience: self.patience,
        };
        let (tls, watcher) = (self.tls.clone(), graceful.watcher());
        let (crowd, metrics) = (self.crowd.clone(), self.metrics.clone());
        tokio::spawn(async move {
            serve(stream, tls, client, watcher, place).await;
            metrics.connections(crowd.count());
        });
    }
}

/// Serves one connection to its end; a client's mistake ends it, and is nobody else's business.
async fn serve(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    mut client: Client,
    watcher: Watcher,
    _place: Place,
) {
    let stream = Patient::new(stream, client.patience.take);
    let Some(tls) = tls else {
        return over_http1(stream, client, watcher).await;
    };
    let Ok(Ok(stream)) = tokio::time::timeout(client.patience.handshake, tls.accept(stream)).await
    else {
        return;
    };
    let session = stream.get_ref().1;
    let presented = session.peer_certificates().and_then(<[_]>::first);
    client.certificate = presented.map(|der| ClientCertificate(Arc::from(der.as_ref())));
    match session.alpn_protocol() {
        Some(b"h2") => over_http2(stream, client, watcher).await,
        _ => over_http1(stream, client, watcher).await,
    }
}

async fn over_http1<I>(io: I, client: Client, watcher: Watcher)
where
    I: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(client.patience.headers)
        .max_buf_size(HEADERS_BYTES_MAX)
        .max_header_size(HEADERS_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .serve_connection(
            TokioIo::new(io),
            service_fn(move |request| client.answer(request)),
        );
    drop(watcher.watch(connection).await);
}

async fn over_http2<I>(io: I, client: Client, watcher: Watcher)
where
    I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .max_header_list_size(HEADERS_BYTES_MAX as u32)
        .max_concurrent_streams(STREAMS_MAX)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PONG_WITHIN)
        .serve_connection(
            TokioIo::new(io),
            service_fn(move |request| client.answer(request)),
        );
    drop(watcher.watch(connection).await);
}

impl Client {
    fn answer(
        &self,
        request: Request<Incoming>,
    ) -> <Router as tower::Service<Request<Body>>>::Future {
        let mut request = request.map(Body::new);
        let extensions = request.extensions_mut();
        extensions.insert(Peer(self.peer));
        if let Some(certificate) = &self.certificate {
            extensions.insert(certificate.clone());
        }
        self.router.clone().call(request)
    }
}
