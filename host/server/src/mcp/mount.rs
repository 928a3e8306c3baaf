//! The door over streamable HTTP: bounded sessions, each bound to the caller who opened it.
//!
//! Who calls is decided before, by the HTTP door, which puts the [`Admitted`] into the request's
//! extensions. Revisions since 2026-07-28 have no sessions; a session of the older ones is only a
//! place for streams: each request in it finds its caller anew, and it gives nobody any right.

use std::{
    convert::Infallible,
    future::Future,
    net::{Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http::{HeaderMap, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use interlock_connectors::config::Server;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use serde::de::IgnoredAny;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{door::Door, sessions::Sessions, stdio};
use crate::{admit::Admitted, desk::Desk};

/// The most bytes of one message over HTTP.
pub const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
const SESSION: &str = "mcp-session-id";
/// The first revision without sessions.
const STATELESS_SINCE: &str = "2026-07-28";

/// Which names and origins a browser may use; the HTTP door checks them too, and first.
#[derive(Clone, Debug)]
pub struct Mount {
    hosts: Vec<String>,
    origins: Vec<String>,
    stop: CancellationToken,
}

impl Mount {
    /// From `[server]`, with the address that was really bound; `stop` ends every stream.
    pub fn new(server: &Server, listen: SocketAddr, stop: CancellationToken) -> Mount {
        let mut hosts = server.hosts.clone();
        hosts.push(listen.ip().to_string());
        if listen.ip().is_loopback() || listen.ip().is_unspecified() {
            hosts.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
        }
        let mut origins = server.origins.clone();
        for host in &hosts {
            // A page of this server itself; which port is the HTTP door's to check.
            let host = match host.parse::<Ipv6Addr>() {
                Ok(address) => format!("[{address}]"),
                Err(_) => host.split(':').next().unwrap_or(host).to_owned(),
            };
            origins.extend(["http", "https"].map(|scheme| format!("{scheme}://{host}:*")));
        }
        Mount {
            hosts,
            origins,
            stop,
        }
    }
}

/// The service to nest at `/mcp`. Clones are the same door.
#[derive(Clone)]
pub struct McpService {
    inner: StreamableHttpService<Door, LocalSessionManager>,
    sessions: Arc<Sessions>,
}

impl McpService {
    /// Over a desk.
    pub fn new(desk: Arc<Desk>, mount: Mount) -> McpService {
        let config = StreamableHttpServerConfig::default()
            .with_allowed_hosts(mount.hosts)
            .with_allowed_origins(mount.origins)
            .enforce_origin_validation()
            // Always a stream, which is kept alive: a change that is carried out, and then
            // verified, takes longer than what stands between a client and a host waits.
            .with_json_response(false)
            .with_max_request_body_bytes(BODY_BYTES_MAX)
            .with_cancellation_token(mount.stop);
        let sessions = Arc::new(Sessions::new());
        let inner = StreamableHttpService::new(
            move || Ok(Door::for_http(Arc::clone(&desk))),
            sessions.manager(),
            config,
        );
        McpService { inner, sessions }
    }

    async fn answer(self, request: Request<Body>) -> Response<Body> {
        let Some(who) = request.extensions().get::<Admitted>() else {
            return plain(StatusCode::UNAUTHORIZED, "");
        };
        let who = who.key().to_owned();
        let session = text(request.headers(), SESSION).map(str::to_owned);
        match &session {
            Some(session) if !self.sessions.used_by(session, &who) => {
                // Somebody else's session does not exist for this caller.
                return plain(StatusCode::NOT_FOUND, "session not found");
            }
            Some(_) => {}
            None if opens_session(&request) => self.sessions.make_room(&who).await,
            None => {}
        }
        let request = match readable(request).await {
            Ok(request) => request,
            Err(response) => return *response,
        };
        let response = self.inner.handle(request).await;
        if session.is_none()
            && let Some(opened) = text(response.headers(), SESSION)
        {
            self.sessions.opened_by(opened, who);
        }
        response.map(Body::new)
    }
}

/// The routes of the door, for the HTTP door to guard.
pub fn router(desk: Arc<Desk>, mount: Mount) -> axum::Router {
    axum::Router::new().route_service("/mcp", McpService::new(desk, mount))
}

impl tower::Service<Request<Body>> for McpService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}

/// Whether a request may open a session: a POST of an older revision without one.
fn opens_session<B>(request: &Request<B>) -> bool {
    let version = text(request.headers(), "mcp-protocol-version");
    request.method() == http::Method::POST
        && version.is_none_or(|version| version < STATELESS_SINCE)
}

/// The request with its body read whole, where it is JSON; rmcp's own answer to what is not would
/// be that the type is wrong.
async fn readable(request: Request<Body>) -> Result<Request<Body>, Box<Response<Body>>> {
    if request.method() != http::Method::POST {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let bytes = match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(whole) => whole.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => {
            let why = "a message is longer than 4 MiB";
            return Err(Box::new(json_error(
                StatusCode::PAYLOAD_TOO_LARGE,
                -32600,
                why,
            )));
        }
        Err(_) => {
            return Err(Box::new(plain(
                StatusCode::BAD_REQUEST,
                "the body ended early",
            )));
        }
    };
    // A type that is wrong is for rmcp to say.
    let says_json = text(&parts.headers, header::CONTENT_TYPE.as_str())
        .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"));
    if says_json {
        if let Err(why) = serde_json::from_slice::<IgnoredAny>(&bytes) {
            let why = format!("not JSON: {why}");
            return Err(Box::new(json_error(StatusCode::BAD_REQUEST, -32700, &why)));
        }
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            let why = "a message is one JSON object; batches are not taken";
            return Err(Box::new(json_error(StatusCode::BAD_REQUEST, -32600, why)));
        }
    }
    Ok(Request::from_parts(parts, Body::from(bytes)))
}

fn json_error(status: StatusCode, code: i32, why: &str) -> Response<Body> {
    let body = Bytes::from(stdio::error(code, why, Value::Null));
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    response
}

fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use tower::ServiceExt as _;

    use super::*;
    use crate::mcp::tests::Host;

    fn service(host: &Host) -> McpService {
        let server = host.server();
        let mount = Mount::new(&server, server.listen, CancellationToken::new());
        McpService::new(Arc::clone(&host.desk), mount)
    }

    fn who(name: &str) -> Admitted {
        let text =
            format!("version = 1\n[[caller]]\nname = \"{name}\"\nuid = 1000\nunattended = true\n");
        let policy = interlock_gate::policy::Policy::parse(&text).unwrap();
        Admitted::of_uid(&policy, 1000)
    }

    fn post(who: Option<Admitted>, session: Option<&str>, body: &str) -> Request<Body> {
        let mut request = Request::post("/mcp")
            .header("host", "localhost")
            .header("content-type", "application/json")
            .header("accept", "application/json, text/event-stream");
        if let Some(session) = session {
            request = request.header(SESSION, session);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        if let Some(who) = who {
            request.extensions_mut().insert(who);
        }
        request
    }

    const OPENS: &str = r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"0"}}}"#;
    const LISTS: &str = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;

    #[tokio::test(flavor = "multi_thread")]
    async fn a_session_is_nobody_elses() {
        let host = Host::new();
        let service = service(&host);
        let ask = |request| service.clone().oneshot(request);
        let opened = ask(post(Some(who("a")), None, OPENS)).await.unwrap();
        assert_eq!(opened.status(), StatusCode::OK);
        let session = text(opened.headers(), SESSION).unwrap().to_owned();
        for (caller, status) in [("a", StatusCode::OK), ("b", StatusCode::NOT_FOUND)] {
            let answer = ask(post(Some(who(caller)), Some(&session), LISTS)).await;
            assert_eq!(answer.unwrap().status(), status, "{caller}");
        }
        let nobody = ask(post(None, Some(&session), LISTS)).await.unwrap();
        assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_not_json_is_a_parse_error() {
        let host = Host::new();
        for (body, code) in [("{\"id\":", -32700), ("[1]", -32600), ("", -32700)] {
            let answer = service(&host)
                .oneshot(post(Some(who("a")), None, body))
                .await
                .unwrap();
            assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
            let whole = answer.into_body().collect().await.unwrap().to_bytes();
            let said: Value = serde_json::from_slice(&whole).unwrap();
            assert_eq!(said["error"]["code"], code, "{said}");
        }
        let long = "x".repeat(BODY_BYTES_MAX + 1);
        let answer = service(&host)
            .oneshot(post(Some(who("a")), None, &long))
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn another_name_or_origin_is_refused_here_too() {
        let host = Host::new();
        for (name, value) in [("host", "evil.example"), ("origin", "https://evil.example")] {
            let mut request = post(Some(who("a")), None, OPENS);
            let value = http::HeaderValue::from_static(value);
            request.headers_mut().insert(name, value);
            let answer = service(&host).oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{name}");
        }
        let mut request = post(Some(who("a")), None, OPENS);
        let value = http::HeaderValue::from_static("http://localhost:7433");
        request.headers_mut().insert("origin", value);
        let answer = service(&host).oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
    }
}
