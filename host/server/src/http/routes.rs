//! Every route: its path, who may come, and the one call of the desk behind it.
//! Not a judge: a handler reads what was asked, calls one method and writes down what it says.

use std::time::Duration;

use axum::{
    Router,
    middleware::from_fn_with_state,
    response::IntoResponse,
    routing::{MethodRouter, get, post},
};
use http::{Method, StatusCode, Uri};
use interlock_gate::escape;

use super::{Doors, answer::Refused, body, events, guard, health, openapi, plans, runs, webhook};
use crate::desk::Code;

/// Every method and path that is answered, as the rights test reads them.
pub const ROUTES: &[(&str, &str)] = &[
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/openapi.json"),
    ("GET", "/metrics"),
    ("GET", "/runbooks"),
    ("GET", "/grants"),
    ("GET", "/runs"),
    ("POST", "/runs"),
    ("GET", "/runs/{run}"),
    ("GET", "/runs/{run}/events"),
    ("GET", "/runs/{run}/calls/{call}"),
    ("POST", "/runs/{run}/diagnoses"),
    ("POST", "/runs/{run}/cancel"),
    ("GET", "/plans"),
    ("GET", "/plans/{plan}"),
    ("POST", "/plans/{plan}/tokens"),
    ("POST", "/plans/{plan}/apply"),
    ("GET", "/incidents"),
    ("GET", "/incidents/{incident}"),
    ("POST", "/incidents/{incident}/notes"),
    ("POST", "/webhook/alertmanager"),
    ("POST", "/mcp"),
    ("GET", "/mcp"),
    ("DELETE", "/mcp"),
    ("GET", "/"),
    ("GET", "/page/incidents/{id}"),
    ("GET", "/page/runs/{run}"),
    ("GET", "/page/plans/{plan}"),
    ("GET", "/page/style.css"),
];

/// What is asked of whoever comes to a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Nothing.
    Open,
    /// A bearer token or a client certificate.
    Api,
    /// As [`Class::Api`], and its answer may wait for a change to be carried out.
    Slow,
    /// As [`Class::Api`], with larger bodies.
    Webhook,
    /// As [`Class::Api`], or HTTP Basic with a token that may only read.
    Page,
    /// As [`Class::Api`]; its answers may be streams.
    Mcp,
}

impl Class {
    /// Time for one answer to begin.
    pub(super) fn time_max(self) -> Duration {
        Duration::from_secs(match self {
            Class::Open | Class::Api | Class::Webhook | Class::Page => 30,
            Class::Slow | Class::Mcp => 600,
        })
    }

    pub(super) fn body_bytes_max(self) -> usize {
        match self {
            Class::Webhook => body::WEBHOOK_BYTES_MAX,
            Class::Open | Class::Api | Class::Slow | Class::Page | Class::Mcp => {
                body::BODY_BYTES_MAX
            }
        }
    }
}

fn table() -> Vec<(&'static str, Class, MethodRouter<Doors>)> {
    vec![
        ("/healthz", Class::Open, get(health::healthz)),
        ("/readyz", Class::Open, get(health::readyz)),
        ("/openapi.json", Class::Open, get(openapi::document)),
        ("/metrics", Class::Api, get(health::metrics)),
        ("/runbooks", Class::Api, get(runs::runbooks)),
        ("/grants", Class::Api, get(runs::grants)),
        ("/runs", Class::Api, get(runs::list).post(runs::start)),
        ("/runs/{run}", Class::Api, get(runs::show)),
        ("/runs/{run}/events", Class::Api, get(events::events)),
        ("/runs/{run}/calls/{call}", Class::Api, get(runs::call)),
        ("/runs/{run}/diagnoses", Class::Api, post(runs::diagnose)),
        ("/runs/{run}/cancel", Class::Api, post(runs::cancel)),
        ("/plans", Class::Api, get(plans::list)),
        ("/plans/{plan}", Class::Api, get(plans::show)),
        ("/plans/{plan}/tokens", Class::Api, post(plans::token)),
        ("/plans/{plan}/apply", Class::Slow, post(plans::apply)),
        ("/incidents", Class::Api, get(plans::incidents)),
        ("/incidents/{incident}", Class::Api, get(plans::incident)),
        ("/incidents/{incident}/notes", Class::Api, post(plans::note)),
        (
            "/webhook/alertmanager",
            Class::Webhook,
            post(webhook::alertmanager),
        ),
    ]
}

/// All doors as one service, with the page's and MCP's own routes behind the same guard.
pub fn router(doors: &Doors, page: Router, mcp: Router) -> Router {
    let guard = |class, name| from_fn_with_state((doors.clone(), class, name), guard::route);
    let mut api = Router::new();
    for (path, class, methods) in table() {
        api = api.route(path, methods.layer(guard(class, path)));
    }
    let mut all = api.with_state(doors.clone());
    for (routes, class, name) in [(page, Class::Page, "page"), (mcp, Class::Mcp, "/mcp")] {
        // A router without routes takes no layer.
        if routes.has_routes() {
            all = all.merge(routes.route_layer(guard(class, name)));
        }
    }
    all.method_not_allowed_fallback(wrong_method)
        .fallback(no_route)
        .layer(from_fn_with_state(doors.clone(), guard::outer))
}

async fn no_route(uri: Uri) -> impl IntoResponse {
    let path = escape::foreign_short(uri.path(), 80);
    Refused::new(
        StatusCode::NOT_FOUND,
        Code::NotFound,
        format!("nothing is at `{path}`"),
    )
    .next("`/openapi.json` names every path")
}

async fn wrong_method(method: Method) -> impl IntoResponse {
    let method = escape::foreign_short(method.as_str(), 20);
    Refused::new(
        StatusCode::METHOD_NOT_ALLOWED,
        Code::BadInput,
        format!("`{method}` is not a method of this path"),
    )
    .next("the header `Allow` names those that are")
}
