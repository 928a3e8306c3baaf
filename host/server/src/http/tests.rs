//! The doors of a host in a folder of its own, asked without a socket.

mod delivered;
mod listed;
mod paths;

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures::stream;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use interlock_connectors::config::Config;
use interlock_runner::open::Runner;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::{Doors, OPENAPI, ROUTES, router};
use crate::{admit::Names, desk::Desk, mcp, page};

const HOST: &str = "127.0.0.1:7433";
const AGENT: &str = "Bearer agents-token";
const PAGE: &str = "Bearer pages-token";

struct World {
    router: Router,
    folder: TempDir,
}

struct Answered {
    status: u16,
    headers: HeaderMap,
    text: String,
}

impl Answered {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    fn code(&self) -> String {
        let document = self.json();
        assert_eq!(document["schema"], "interlock.refusal.v1", "{document}");
        document["code"].as_str().unwrap().to_owned()
    }

    fn header(&self, name: header::HeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

impl World {
    fn new() -> World {
        World::with_limits("")
    }

    fn with_limits(limits: &str) -> World {
        let folder = tempfile::tempdir().unwrap();
        let hash = |token: &str| hex::encode(Sha256::digest(token));
        let policy = format!(
            "version = 1\n\
             [[caller]]\nname = \"agent\"\nbearer_sha256 = \"{}\"\nunattended = true\n{limits}\n\
             [[caller]]\nname = \"page\"\nbearer_sha256 = \"{}\"\nunattended = true\n\
             read_only = true\n",
            hash("agents-token"),
            hash("pages-token"),
        );
        std::fs::write(folder.path().join("policy.toml"), policy).unwrap();
        let text = "version = 1\npolicy = \"policy.toml\"\nrunbooks = [\"runbooks\"]\nstate_dir = \"state\"\n\
                    [server]\norigins = [\"https://ops.example.net\"]\n";
        let path = folder.path().canonicalize().unwrap().join("interlock.toml");
        let config = Config::parse(&path, text).unwrap();
        let server = config.server.clone();
        let desk = Desk::new(Arc::new(Runner::open(config).unwrap()));
        let names = Names::new(&server, server.listen);
        let doors = Doors::new(Arc::clone(&desk), names);
        let mount = mcp::Mount::new(&server, server.listen, CancellationToken::new());
        let mcp = mcp::router(Arc::clone(&desk), mount);
        World {
            router: router(&doors, page::router(desk), mcp),
            folder,
        }
    }

    async fn send(&self, request: Request<Body>) -> Answered {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answered {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    async fn get(&self, path: &str, token: &str) -> Answered {
        self.send(asked(Method::GET, path, token).body(Body::empty()).unwrap())
            .await
    }

    async fn post(&self, path: &str, token: &str, body: &str) -> Answered {
        let request = asked(Method::POST, path, token)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_owned()));
        self.send(request.unwrap()).await
    }
}

fn asked(method: Method, path: &str, token: &str) -> http::request::Builder {
    let builder = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, HOST);
    match token {
        "" => builder,
        token => builder.header(header::AUTHORIZATION, token),
    }
}

/// The path with something in its places.
fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| match part {
        "{run}" => "r-aaaa2222",
        "{call}" => "c1",
        "{plan}" => "0123abcd",
        "{incident}" | "{id}" => "INC-1",
        other => other,
    });
    parts.collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn a_wrong_host_or_origin_reaches_no_route() {
    let world = World::new();
    let mut request = asked(Method::GET, "/healthz", "")
        .body(Body::empty())
        .unwrap();
    let headers = request.headers_mut();
    headers.insert(header::HOST, "evil.example:7433".parse().unwrap());
    let answered = world.send(request).await;
    assert_eq!(
        (answered.status, answered.code().as_str()),
        (421, "not_allowed")
    );
    for (origin, status) in [
        ("https://evil.example", 403),
        ("https://ops.example.net", 200),
        ("http://127.0.0.1:7433", 200),
    ] {
        let request = asked(Method::GET, "/runs", AGENT).header(header::ORIGIN, origin);
        let answered = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answered.status, status, "{origin}: {}", answered.text);
        // No page of another origin may read an answer.
        assert!(
            !answered
                .headers
                .contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN)
        );
    }
}

#[tokio::test]
async fn whoever_names_no_caller_gets_one_answer_that_says_nothing() {
    let world = World::new();
    let basic = format!("Basic {}", STANDARD.encode("x:pages-token"));
    let missing = world.get("/runs", "").await;
    assert_eq!(
        (missing.status, missing.code().as_str()),
        (401, "not_allowed")
    );
    assert_eq!(missing.header(header::WWW_AUTHENTICATE), "Bearer");
    for token in ["Bearer wrong", "Bearer agents-toke", &basic, "Bearer "] {
        let answered = world.get("/runs", token).await;
        assert_eq!(answered.status, 401, "{token}");
        assert_eq!(answered.text, missing.text);
    }
    for (method, path) in ROUTES {
        if ["/healthz", "/readyz", "/openapi.json"].contains(path) {
            continue;
        }
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = asked(method.clone(), &filled(path), "");
        let answered = world.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answered.status, 401, "{method} {path}");
    }
}

#[tokio::test]
async fn an_address_that_keeps_guessing_is_told_to_wait_and_a_good_token_still_passes() {
    let world = World::new();
    let mut last = 0;
    for _ in 0..61 {
        last = world.get("/runs", "Bearer wrong").await.status;
    }
    assert_eq!(last, 429);
    assert_eq!(world.get("/runs", AGENT).await.status, 200);
}

#[tokio::test]
async fn basic_reads_the_page_and_nothing_else() {
    let world = World::new();
    let basic = |token: &str| format!("Basic {}", STANDARD.encode(format!("anyone:{token}")));
    let page = world.get("/", &basic("pages-token")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let asked_for = world.get("/", "").await;
    assert_eq!(asked_for.status, 401);
    assert!(
        asked_for
            .header(header::WWW_AUTHENTICATE)
            .starts_with("Basic ")
    );
    assert_eq!(world.get("/", &basic("agents-token")).await.status, 401);
    for path in ["/runs", "/plans", "/metrics", "/mcp"] {
        assert_eq!(
            world.get(path, &basic("pages-token")).await.status,
            401,
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_token_that_may_only_read_starts_nothing() {
    let world = World::new();
    assert_eq!(world.get("/runs", PAGE).await.status, 200);
    let started = world.post("/runs", PAGE, r#"{"runbook": "x"}"#).await;
    assert_eq!(
        (started.status, started.code().as_str()),
        (403, "read_only")
    );
    let noted = world
        .post("/incidents/INC-1/notes", PAGE, r#"{"note": "x"}"#)
        .await;
    assert_eq!((noted.status, noted.code().as_str()), (403, "read_only"));
}

#[tokio::test]
async fn a_large_body_is_refused_without_reading_it() {
    let world = World::new();
    let unread = || {
        Body::from_stream(stream::once(async {
            panic!("nobody should have read this");
            #[allow(unreachable_code)]
            Ok::<Bytes, std::io::Error>(Bytes::new())
        }))
    };
    for (path, token, status) in [
        ("/runs", AGENT, 413),
        ("/mcp", AGENT, 413),
        ("/webhook/alertmanager", AGENT, 413),
        ("/runs", "", 401),
    ] {
        let request = asked(Method::POST, path, token)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_LENGTH, "52428800");
        let answered = world.send(request.body(unread()).unwrap()).await;
        assert_eq!(answered.status, status, "{path}");
    }
    // One that does not announce its length is read to the bound and no further.
    let parts = stream::iter((0..4).map(|_| Ok::<_, std::io::Error>(vec![b' '; 512 * 1024])));
    let request = asked(Method::POST, "/runs", AGENT)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from_stream(parts));
    assert_eq!(world.send(request.unwrap()).await.status, 413);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_its_name() {
    let world = World::new();
    let answered = world.post("/runs", AGENT, r#"{"runbok": "x"}"#).await;
    assert_eq!(
        (answered.status, answered.code().as_str()),
        (422, "bad_input")
    );
    assert!(
        answered.text.contains("unknown field `runbok`"),
        "{}",
        answered.text
    );
    let answered = world
        .post(
            "/runs",
            AGENT,
            r#"{"runbook": "x", "incident": {"id": "a b"}}"#,
        )
        .await;
    assert_eq!(answered.status, 422);
    assert!(answered.text.contains("`id` must be"), "{}", answered.text);
    assert_eq!(world.post("/runs", AGENT, "{").await.status, 400);
    assert_eq!(world.get("/runs?offset=x", AGENT).await.status, 400);
    assert_eq!(world.get("/runs?ofset=1", AGENT).await.status, 400);
    let form = asked(Method::POST, "/runs", AGENT)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("runbook=x"));
    assert_eq!(world.send(form.unwrap()).await.status, 415);
    let unknown = world
        .post("/runs", AGENT, r#"{"runbook": "nothing"}"#)
        .await;
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (404, "not_found")
    );
}

#[tokio::test]
async fn every_answer_says_what_a_browser_must_not_do_with_it() {
    let world = World::new();
    for (path, token) in [
        ("/healthz", ""),
        ("/runs", AGENT),
        ("/runs", ""),
        ("/nothing", ""),
        ("/", PAGE),
        ("/openapi.json", ""),
    ] {
        let answered = world.get(path, token).await;
        assert_eq!(
            answered.header(header::X_CONTENT_TYPE_OPTIONS),
            "nosniff",
            "{path}"
        );
        assert!(
            answered.header(header::CACHE_CONTROL).contains("no-store"),
            "{path}"
        );
        let policy = answered.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.contains("default-src 'none'"), "{path}: {policy}");
        assert!(
            policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
    }
}

#[tokio::test]
async fn over_its_limit_a_caller_is_told_when_to_come_back() {
    let world = World::with_limits("limits = { calls_per_minute = 2 }");
    for _ in 0..2 {
        assert_eq!(world.get("/plans", AGENT).await.status, 200);
    }
    let over = world.get("/plans", AGENT).await;
    assert_eq!((over.status, over.code().as_str()), (429, "rate_limited"));
    let wait: u64 = over.header(header::RETRY_AFTER).parse().unwrap();
    assert!((1..=61).contains(&wait));
    assert_eq!(world.get("/plans", PAGE).await.status, 200);
    let metrics = world.get("/metrics", PAGE).await;
    assert!(
        metrics
            .text
            .contains("interlock_limits_hit_total{limit=\"calls_per_minute\"} 1"),
        "{}",
        metrics.text
    );
}

#[tokio::test]
async fn health_is_open_and_says_names_only() {
    let world = World::new();
    assert_eq!(world.get("/healthz", "").await.status, StatusCode::OK);
    let ready = world.get("/readyz", "").await;
    assert_eq!(ready.status, 200, "{}", ready.text);
    let document = ready.json();
    assert_eq!(document["good"], serde_json::json!(["store", "policy"]));
    assert!(!ready.text.contains('/'), "{}", ready.text);
    let metrics = world.get("/metrics", PAGE).await;
    for name in [
        "interlock_plans_waiting 0",
        "interlock_http_requests_total{",
    ] {
        assert!(metrics.text.contains(name), "{}", metrics.text);
    }
    assert!(metrics.text.ends_with("# EOF\n"));
}
