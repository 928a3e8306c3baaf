//! What the desk said, as an answer of HTTP.
//! Invariant: a refusal is a document too, and its status follows from its code.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::{Serialize, Serializer, ser::SerializeMap as _};
use serde_json::Value;

use crate::desk::{Code, Refusal, Said};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What a handler comes to.
pub(super) type Answer = Result<Response, Refused>;

/// A refusal with the status that it is sent under.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    pub(super) refusal: Refusal,
}

/// In a response's extensions: what it was refused by, for the metrics.
#[derive(Clone, Debug)]
pub(super) struct RefusedBy {
    pub(super) code: Code,
    pub(super) rule: Option<String>,
    pub(super) reasons: Box<[&'static str]>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: Code, reason: impl Into<String>) -> Refused {
        Refused {
            status,
            refusal: Refusal::new(code, reason),
        }
    }

    pub(super) fn next(mut self, next: impl Into<String>) -> Refused {
        self.refusal = self.refusal.next(next);
        self
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Refused {
        let status = match refusal.code {
            Code::NotFound => StatusCode::NOT_FOUND,
            Code::BadInput => StatusCode::BAD_REQUEST,
            Code::Denied | Code::NotAllowed | Code::ReadOnly => StatusCode::FORBIDDEN,
            Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Code::Busy => StatusCode::CONFLICT,
            Code::Store | Code::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        };
        Refused { status, refusal }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Refused { status, refusal } = self;
        let mut response = document(status, &refusal);
        let waits = matches!(
            status,
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        if waits {
            let seconds = refusal.retry_after_s.unwrap_or(1);
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(RefusedBy {
            code: refusal.code,
            rule: refusal.rule,
            reasons: refusal.reasons,
        });
        response
    }
}

/// A JSON document under a status.
pub(super) fn document<T: Serialize>(status: StatusCode, document: &T) -> Response {
    match serde_json::to_vec(document) {
        Ok(bytes) => {
            let mut response = Response::new(Body::from(bytes));
            *response.status_mut() = status;
            response.headers_mut().insert(header::CONTENT_TYPE, JSON);
            response
        }
        Err(error) => {
            tracing::error!(%error, "a document cannot be written");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// A document whose first key is `schema`, as everywhere: a `Value` would sort it among the others.
struct SchemaFirst<'a>(&'a Value);

impl Serialize for SchemaFirst<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Object(fields) = self.0 else {
            return self.0.serialize(serializer);
        };
        let mut map = serializer.serialize_map(Some(fields.len()))?;
        if let Some(schema) = fields.get("schema") {
            map.serialize_entry("schema", schema)?;
        }
        for (key, value) in fields.iter().filter(|(key, _)| *key != "schema") {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// What the desk said, done.
pub(super) fn said(said: &Said) -> Answer {
    Ok(document(StatusCode::OK, &SchemaFirst(&said.document)))
}

/// As [`said`], for what goes on: with where to ask for it.
pub(super) fn going_on(said: &Said, location: &str) -> Answer {
    let mut response = document(StatusCode::ACCEPTED, &SchemaFirst(&said.document));
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_begins_with_its_schema() {
        let value = serde_json::json!({"a": 1, "schema": "x", "z": [{"b": 2}]});
        let text = serde_json::to_string(&SchemaFirst(&value)).unwrap();
        assert_eq!(text, r#"{"schema":"x","a":1,"z":[{"b":2}]}"#);
    }
}
