//! In front of every route: names, who calls, how long, how much; and what every answer carries.
//! Invariant: nothing of a body is read before its sender is known.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use axum::{
    body::Body,
    extract::State,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header, request::Parts};
use tracing::{Instrument as _, Span};

use super::{
    Doors,
    answer::{Refused, RefusedBy},
    body,
    routes::Class,
};
use crate::{
    admit::{
        Admitted, BadName,
        who::{self, ClientCertificate},
    },
    desk::{Code, Refusal},
    telemetry::{self, door},
};

/// Where a request comes from, in its extensions; without it, this machine.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// In a response's extensions: the route that answered, for the metrics.
#[derive(Clone, Copy, Debug)]
struct Route(&'static str);

/// The outermost: every request passes it, and every answer.
pub(super) async fn outer(
    State(doors): State<Doors>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let method = request.method().clone();
    let names = doors.names.check(request.uri(), request.headers());
    let mut response = match names {
        Ok(()) => next.run(request).await,
        Err(bad) => {
            let status = match bad {
                BadName::Host => StatusCode::MISDIRECTED_REQUEST,
                BadName::Origin => StatusCode::FORBIDDEN,
            };
            Refused::new(status, Code::NotAllowed, bad.to_string())
                .next("whoever runs this server lists names in `[server]` hosts and origins")
                .into_response()
        }
    };
    let route = response.extensions_mut().remove::<Route>();
    if let Some(by) = response.extensions_mut().remove::<RefusedBy>() {
        doors
            .metrics
            .refused_by(by.code.word(), by.rule.as_deref(), &by.reasons);
    }
    let status = response.status().as_u16();
    doors
        .metrics
        .answered(&method, route.map_or("unmatched", |route| route.0), status);
    secure(&mut response);
    response
}

/// What a browser must not do with any answer. A page's own policy, which is as strict, stays.
fn secure(response: &mut Response) {
    const ALWAYS: [(HeaderName, &str); 2] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    const UNLESS_SAID: [(HeaderName, &str); 2] = [
        (header::CACHE_CONTROL, "no-store"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ];
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in UNLESS_SAID {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
}

/// In front of one route.
pub(super) async fn route(
    State((doors, class, name)): State<(Doors, Class, &'static str)>,
    request: Request<Body>,
    next: Next,
) -> Response {
    let traceparent = request.headers().get("traceparent");
    let traceparent = traceparent.and_then(|value| telemetry::parent(value.to_str().ok()?));
    let span = door::http_request(request.method(), Some(name), traceparent.as_ref());
    let answer = async {
        match admitted(&doors, class, request).await {
            Ok(request) => match tokio::time::timeout(class.time_max(), next.run(request)).await {
                Ok(response) => response,
                Err(_) => too_long(class.time_max()).into_response(),
            },
            Err(response) => *response,
        }
    };
    let mut response = answer.instrument(span.clone()).await;
    door::answered(&span, response.status().as_u16());
    response.extensions_mut().insert(Route(name));
    response
}

fn too_long(time: Duration) -> Refused {
    Refused::new(
        StatusCode::SERVICE_UNAVAILABLE,
        Code::Busy,
        format!("no answer within {} s", time.as_secs()),
    )
    .next("what was begun goes on: ask for it by its id")
}

/// The request with its caller and its whole body, or the answer that it gets instead.
async fn admitted(
    doors: &Doors,
    class: Class,
    request: Request<Body>,
) -> Result<Request<Body>, Box<Response>> {
    let refused = |refused: Refused| Box::new(refused.into_response());
    let (mut parts, body) = request.into_parts();
    if let Some(who) = caller(doors, class, &parts).await? {
        door::asked_by(&Span::current(), who.key());
        parts.extensions.insert(who);
        parts.extensions.insert(doors.metrics.clone());
    }
    let request = Request::from_parts(parts, body);
    match *request.method() {
        Method::POST => body::read(request, class.body_bytes_max())
            .await
            .map_err(refused),
        _ => Ok(request),
    }
}

async fn caller(
    doors: &Doors,
    class: Class,
    request: &Parts,
) -> Result<Option<Admitted>, Box<Response>> {
    if class == Class::Open {
        return Ok(None);
    }
    let policy = doors.desk.runner().policy().await.map_err(|error| {
        tracing::error!(%error, "the policy in force cannot be read");
        let refusal = Refusal::new(Code::Store, "the policy in force cannot be read");
        Box::new(Refused::from(refusal).into_response())
    })?;
    let (headers, extensions) = (&request.headers, &request.extensions);
    let certificate = extensions.get::<ClientCertificate>();
    let found = match class {
        Class::Page => who::of_page(&policy, headers, certificate),
        Class::Open | Class::Api | Class::Slow | Class::Webhook | Class::Mcp => {
            who::of_api(&policy, headers, certificate)
        }
    };
    found.map(Some).map_err(|_| {
        doors.metrics.token_failed();
        let here = Peer(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let Peer(peer) = extensions.get::<Peer>().copied().unwrap_or(here);
        let wait = doors.peers.failed(peer, Instant::now());
        Box::new(unknown(class, wait))
    })
}

/// The one answer to a request that names no caller: it does not say why.
fn unknown(class: Class, wait_s: Option<u64>) -> Response {
    if let Some(seconds) = wait_s {
        let refusal = Refusal {
            retry_after_s: Some(seconds),
            ..Refusal::new(Code::RateLimited, "too many requests without a caller")
        };
        return Refused::from(refusal).into_response();
    }
    let mut response = Refused::new(
        StatusCode::UNAUTHORIZED,
        Code::NotAllowed,
        "a caller's token is needed",
    )
    .into_response();
    let scheme = match class {
        Class::Page => "Basic realm=\"Interlock\", charset=\"UTF-8\"",
        Class::Open | Class::Api | Class::Slow | Class::Webhook | Class::Mcp => "Bearer",
    };
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    response
}
