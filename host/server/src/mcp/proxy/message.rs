//! As much of a client's message as the proxy must know to carry it. The bytes stay as they are.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

/// The first revision without sessions: each request says its version and stands alone.
const STATELESS_SINCE: &str = "2026-07-28";
const VERSION_KEY: &str = "io.modelcontextprotocol/protocolVersion";

/// One message of the client.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// As the client wrote it.
    pub(super) bytes: Vec<u8>,
    /// A request's id; `None` for a notification and for an answer.
    pub(super) id: Option<Value>,
    /// A request's or notification's method.
    pub(super) method: Option<String>,
    /// The protocol revision that the message itself names.
    pub(super) version: Option<String>,
    /// The request that a `notifications/cancelled` is about.
    pub(super) cancels: Option<Value>,
    /// What a gateway on the way may route by.
    name: Option<String>,
}

/// A line that is no message.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadMessage {
    /// Not JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Not an object.
    #[error("a message is one JSON object; batches are not taken")]
    Form,
}

impl Message {
    pub(super) fn read(bytes: Vec<u8>) -> Result<Message, BadMessage> {
        let value: Value = serde_json::from_slice(&bytes)?;
        if !value.is_object() {
            return Err(BadMessage::Form);
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let method = value.get("method").and_then(text);
        let params = value.get("params");
        let param = |key: &str| params.and_then(|params| params.get(key));
        let name = match method.as_deref() {
            Some("tools/call" | "prompts/get") => param("name"),
            Some("resources/read" | "resources/subscribe" | "resources/unsubscribe") => {
                param("uri")
            }
            Some("tasks/get" | "tasks/update" | "tasks/cancel") => param("taskId"),
            _ => None,
        };
        let cancels = match method.as_deref() {
            Some("notifications/cancelled") => param("requestId").cloned(),
            _ => None,
        };
        let id = value.get("id").filter(|id| !id.is_null());
        Ok(Message {
            id: id.filter(|_| method.is_some()).cloned(),
            version: param("_meta")
                .and_then(|meta| meta.get(VERSION_KEY))
                .and_then(text),
            name: name.and_then(text),
            cancels,
            method,
            bytes,
        })
    }

    /// Whether this is the request that opens a session.
    pub(super) fn initializes(&self) -> bool {
        self.method.as_deref() == Some("initialize")
    }

    /// Whether the message stands alone: no session, and cancelled by closing its stream.
    pub(super) fn stands_alone(&self) -> bool {
        self.version.as_deref().is_some_and(stands_alone)
    }

    /// The headers that say what the body says; `version` is the session's.
    pub(super) fn headers(&self, version: Option<&str>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut put = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        // The version is agreed on by `initialize`, so that one goes without.
        let version = self
            .version
            .as_deref()
            .or(version.filter(|_| !self.initializes()));
        if let Some(version) = version {
            put("mcp-protocol-version", version);
            if stands_alone(version) {
                if let Some(method) = &self.method {
                    put("mcp-method", method);
                }
                if let Some(name) = &self.name {
                    put("mcp-name", &as_header(name));
                }
            }
        }
        headers
    }
}

/// Revisions are dates: they compare as text.
pub(super) fn stands_alone(version: &str) -> bool {
    version >= STATELESS_SINCE
}

/// As the protocol writes a value that no header can hold.
fn as_header(value: &str) -> String {
    let plain = value.chars().all(|c| (' '..='~').contains(&c))
        && !value.starts_with(' ')
        && !value.ends_with(' ')
        && !value.starts_with("=?base64?");
    if plain {
        return value.to_owned();
    }
    format!("=?base64?{}?=", BASE64_STANDARD.encode(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Message {
        Message::read(text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_request_of_a_session_says_the_sessions_version() {
        let call = read(r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}"#);
        let headers = call.headers(Some("2025-11-25"));
        assert_eq!(headers["mcp-protocol-version"], "2025-11-25");
        assert!(!headers.contains_key("mcp-name"));
        let opens = read(r#"{"id":1,"method":"initialize","params":{}}"#);
        assert!(opens.headers(Some("2025-11-25")).is_empty());
    }

    #[test]
    fn a_request_that_stands_alone_says_what_a_gateway_routes_by() {
        let call = read(
            r#"{"id":"x","method":"resources/read","params":{"uri":"interlock://é",
            "_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#,
        );
        let headers = call.headers(None);
        assert_eq!(headers["mcp-method"], "resources/read");
        let name = headers["mcp-name"].to_str().unwrap();
        assert!(name.starts_with("=?base64?"), "{name}");
        assert!(call.stands_alone());
    }

    #[test]
    fn an_answer_and_a_notification_expect_none() {
        assert_eq!(read(r#"{"id":3,"result":{}}"#).id, None);
        assert_eq!(read(r#"{"id":null,"method":"a"}"#).id, None);
        let cancel = read(r#"{"method":"notifications/cancelled","params":{"requestId":7}}"#);
        assert_eq!(cancel.cancels, Some(Value::from(7)));
    }
}
