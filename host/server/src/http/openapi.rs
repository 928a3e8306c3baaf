//! `GET /openapi.json`: every route for programs.

use axum::{body::Body, response::Response};
use http::{HeaderValue, header};

/// The document, as it is served. A test holds it against the routes.
pub const OPENAPI: &str = include_str!("openapi.json");

/// The handler.
pub(super) async fn document() -> Response {
    let mut response = Response::new(Body::from(OPENAPI));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}
