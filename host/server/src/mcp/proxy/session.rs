//! What the proxy knows of its session with the host: its id, its version, how it was opened.

use std::sync::Mutex;

use http::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tokio::sync::watch;

use super::message::Message;

/// The header that carries a session's id.
pub(super) const SESSION_HEADER: &str = "mcp-session-id";

/// A session as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Open {
    /// The host's id for it; `None` where the host keeps none.
    pub(super) id: Option<HeaderValue>,
    /// The revision agreed on.
    pub(super) version: Option<String>,
    /// Whether the client has said that it is ready.
    pub(super) ready: bool,
}

/// The session, for every task that carries a message.
pub(super) struct Session {
    open: watch::Sender<Open>,
    /// The client's own `initialize`, to open another session when the host has lost this one.
    opener: Mutex<Option<Message>>,
    /// Only one task opens another session at a time.
    pub(super) reopening: tokio::sync::Mutex<()>,
}

impl Session {
    pub(super) fn new() -> Session {
        Session {
            open: watch::Sender::new(Open::default()),
            opener: Mutex::new(None),
            reopening: tokio::sync::Mutex::new(()),
        }
    }

    pub(super) fn now(&self) -> Open {
        self.open.borrow().clone()
    }

    pub(super) fn changes(&self) -> watch::Receiver<Open> {
        self.open.subscribe()
    }

    /// Remembers how the client opens its session.
    pub(super) fn opens_with(&self, message: &Message) {
        if let Ok(mut opener) = self.opener.lock() {
            *opener = Some(message.clone());
        }
    }

    /// The client has said that it is ready.
    pub(super) fn is_ready(&self) {
        self.open.send_modify(|open| open.ready = true);
    }

    /// The host has answered `initialize`.
    pub(super) fn opened(&self, id: Option<HeaderValue>, answer: &Value) {
        let Some(version) = answer
            .get("result")
            .and_then(|result| result.get("protocolVersion"))
            .and_then(Value::as_str)
        else {
            return;
        };
        self.open.send_modify(|open| {
            open.id = id;
            open.version = Some(version.to_owned());
        });
    }

    /// The client's `initialize` again, under an id of the proxy's own.
    pub(super) fn opener_again(&self) -> Option<(Message, Value)> {
        let opener = self.opener.lock().ok()?.clone()?;
        let mut value: Value = serde_json::from_slice(&opener.bytes).ok()?;
        let id = json!("interlock-proxy-opens-again");
        value["id"] = id.clone();
        let again = Message::read(value.to_string().into_bytes()).ok()?;
        Some((again, id))
    }

    /// The headers of a message in this session.
    pub(super) fn headers(&self, message: &Message) -> HeaderMap {
        let open = self.now();
        let mut headers = message.headers(open.version.as_deref());
        if let Some(id) = open
            .id
            .filter(|_| !message.initializes() && !message.stands_alone())
        {
            headers.insert(SESSION_HEADER, id);
        }
        headers
    }
}
