//! One message of the client, to the host and back.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use reqwest::Response;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Carrier,
    message::Message,
    session::SESSION_HEADER,
    sse::{BadStream, EVENT_BYTES_MAX, Event, Events},
};
use crate::mcp::{lines::Closed, stdio};

/// Bytes of a refusal's body that are looked at.
const REFUSAL_BYTES_MAX: usize = 64 * 1024;
/// How often a message that never reached the host is sent again, and a broken stream taken up.
const TRIES_MAX: u32 = 5;
/// The reserved code for an error of a server that has no better one.
const NO_ANSWER: i32 = -32000;

/// Why a message got no answer. The text is for the client, and holds no URL.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("the host cannot be reached: {0}")]
    Unreachable(String),
    #[error("the connection to the host broke before its answer")]
    Broken,
    #[error(
        "the host does not take this token (HTTP 401): see the token file and the `[[caller]]` line of its policy"
    )]
    Token,
    #[error(
        "the host answered with a redirect (HTTP {0}), which is not followed: the token is for one address only"
    )]
    Redirect(u16),
    #[error("the host refused (HTTP {status}): {why}")]
    Refused { status: u16, why: String },
    #[error("the host no longer knows this session, and another could not be opened: {0}")]
    Session(Box<NoAnswer>),
    #[error(transparent)]
    Stream(#[from] BadStream),
    #[error("an answer is longer than {EVENT_BYTES_MAX} bytes")]
    TooLong,
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// What tells an answer from other messages.
#[derive(Deserialize)]
struct Peek {
    id: Option<Value>,
    method: Option<serde::de::IgnoredAny>,
}

impl Carrier {
    /// Carries one message, and its answers back. A request is always answered.
    pub(super) async fn carry(&self, message: Message) {
        if let Err(why) = self.exchange(&message).await {
            let Some(id) = message.id else {
                tracing::warn!("a message was not delivered: {why}");
                return;
            };
            let error = stdio::error(NO_ANSWER, &why.to_string(), id);
            // Nobody reads any more: the proxy is ending.
            let _ = self.out.line(error).await;
        }
    }

    async fn exchange(&self, message: &Message) -> Result<(), NoAnswer> {
        let before = self.session.now().id;
        let response = self.send(message, self.session.headers(message)).await?;
        let lost = response.status() == StatusCode::NOT_FOUND
            && before.is_some()
            && !message.initializes()
            && !message.stands_alone();
        if !lost {
            return self.answers(message, response).await;
        }
        // The host was started again, or dropped an idle session.
        self.reopen(before)
            .await
            .map_err(|why| NoAnswer::Session(Box::new(why)))?;
        let response = self.send(message, self.session.headers(message)).await?;
        self.answers(message, response).await
    }

    /// Sends; again only where nothing can have reached the host.
    async fn send(&self, message: &Message, headers: HeaderMap) -> Result<Response, NoAnswer> {
        let mut tried = 1;
        loop {
            let sent = self
                .host
                .http
                .post(self.host.url.clone())
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::ACCEPT, "application/json, text/event-stream")
                .headers(headers.clone())
                .body(message.bytes.clone())
                .send()
                .await;
            match sent {
                Ok(response) => return Ok(response),
                Err(error) if error.is_connect() && tried < TRIES_MAX => {
                    tokio::time::sleep(pause(tried)).await;
                    tried += 1;
                }
                Err(error) if error.is_connect() => return Err(NoAnswer::Unreachable(why(&error))),
                Err(_) => return Err(NoAnswer::Broken),
            }
        }
    }

    async fn answers(&self, message: &Message, response: Response) -> Result<(), NoAnswer> {
        let status = response.status();
        let session = response.headers().get(SESSION_HEADER).cloned();
        let opened = |answer: &str| {
            if message.initializes()
                && let Ok(answer) = serde_json::from_str(answer)
            {
                self.session.opened(session.clone(), &answer);
            }
        };
        let kind = kind(&response);
        match (status, kind.as_deref()) {
            (StatusCode::UNAUTHORIZED, _) => Err(NoAnswer::Token),
            _ if status.is_redirection() => Err(NoAnswer::Redirect(status.as_u16())),
            _ if !status.is_success() => self.refused(message, response).await,
            (_, Some("text/event-stream")) => self.stream(message, response, opened).await,
            (_, Some("application/json")) => {
                let body = whole(response, EVENT_BYTES_MAX).await?;
                let text = String::from_utf8(body).map_err(|_| NoAnswer::Broken)?;
                opened(&text);
                self.forward(&text).await
            }
            // Taken, with nothing to say.
            _ if message.id.is_none() => Ok(()),
            _ => Err(NoAnswer::Broken),
        }
    }

    /// A refusal that is itself a JSON-RPC error goes on as it is, under the client's id.
    async fn refused(&self, message: &Message, response: Response) -> Result<(), NoAnswer> {
        let status = response.status().as_u16();
        let body = whole(response, REFUSAL_BYTES_MAX).await.unwrap_or_default();
        if let (Ok(mut said), Some(id)) = (serde_json::from_slice::<Value>(&body), &message.id) {
            if said
                .get("error")
                .is_some_and(|error| error["code"].is_i64())
            {
                if said.get("id").is_none_or(Value::is_null) {
                    said["id"] = id.clone();
                }
                return self.forward(&said.to_string()).await;
            }
            if let Some(reason) = said.get("reason").and_then(Value::as_str) {
                let why = interlock_gate::escape::foreign(reason);
                return Err(NoAnswer::Refused { status, why });
            }
        }
        let text = String::from_utf8_lossy(&body);
        let text: String = text.chars().take(200).collect();
        let why = interlock_gate::escape::foreign(&text);
        Err(NoAnswer::Refused { status, why })
    }

    /// A stream of messages that ends with the answer; taken up again where it breaks.
    async fn stream(
        &self,
        message: &Message,
        response: Response,
        opened: impl Fn(&str),
    ) -> Result<(), NoAnswer> {
        let mut last_event = None;
        let mut tried = 0;
        let mut response = response;
        loop {
            let mut events = Events::default();
            while let Ok(Some(chunk)) = response.chunk().await {
                for Event { data, id } in events.take(&chunk)? {
                    last_event = id.or(last_event);
                    if data.is_empty() {
                        continue;
                    }
                    tried = 0;
                    let answered = answers(&data, message.id.as_ref());
                    if answered {
                        opened(&data);
                    }
                    self.forward(&data).await?;
                    if answered {
                        return Ok(());
                    }
                }
            }
            let Some(from) = last_event.as_deref().filter(|_| !message.stands_alone()) else {
                return Err(NoAnswer::Broken);
            };
            response = loop {
                tried += 1;
                if tried > TRIES_MAX {
                    return Err(NoAnswer::Broken);
                }
                tokio::time::sleep(pause(tried)).await;
                match self.listen_from(Some(from)).await {
                    Ok(again) if again.status().is_success() => break again,
                    Ok(_) => return Err(NoAnswer::Broken),
                    Err(_) => {}
                }
            };
        }
    }

    /// Asks for a stream of what the host says by itself, or of what came after an event.
    pub(super) async fn listen_from(&self, event: Option<&str>) -> reqwest::Result<Response> {
        let open = self.session.now();
        let mut request = self
            .host
            .http
            .get(self.host.url.clone())
            .header(header::ACCEPT, "text/event-stream");
        if let Some(id) = open.id {
            request = request.header(SESSION_HEADER, id);
        }
        if let Some(version) = &open.version {
            request = request.header("mcp-protocol-version", version);
        }
        if let Some(event) = event {
            request = request.header("last-event-id", event);
        }
        request.send().await
    }

    /// Opens another session as the client opened the one that the host has lost.
    async fn reopen(&self, lost: Option<http::HeaderValue>) -> Result<(), NoAnswer> {
        let _one = self.session.reopening.lock().await;
        if self.session.now().id != lost {
            return Ok(());
        }
        let (opener, id) = self.session.opener_again().ok_or(NoAnswer::Broken)?;
        let mut response = self.send(&opener, self.session.headers(&opener)).await?;
        if !response.status().is_success() {
            let status = response.status().as_u16();
            let why = "the session was not opened".to_owned();
            return Err(NoAnswer::Refused { status, why });
        }
        let session = response.headers().get(SESSION_HEADER).cloned();
        let answer = if kind(&response).as_deref() == Some("text/event-stream") {
            let mut events = Events::default();
            loop {
                let chunk = response.chunk().await.map_err(|_| NoAnswer::Broken)?;
                let chunk = chunk.ok_or(NoAnswer::Broken)?;
                let found = events.take(&chunk)?.into_iter();
                if let Some(event) = found
                    .into_iter()
                    .find(|event| answers(&event.data, Some(&id)))
                {
                    break event.data.into_bytes();
                }
            }
        } else {
            whole(response, EVENT_BYTES_MAX).await?
        };
        let answer = serde_json::from_slice(&answer).map_err(|_| NoAnswer::Broken)?;
        self.session.opened(session, &answer);
        let ready = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#.to_vec();
        let ready = Message::read(ready).map_err(|_| NoAnswer::Broken)?;
        self.send(&ready, self.session.headers(&ready)).await?;
        Ok(())
    }

    /// A message of the host, to the client, on one line.
    pub(super) async fn forward(&self, message: &str) -> Result<(), NoAnswer> {
        let line = if message.contains(['\n', '\r']) {
            let value: Value = serde_json::from_str(message).map_err(|_| NoAnswer::Broken)?;
            value.to_string()
        } else {
            message.to_owned()
        };
        Ok(self.out.line(line.into_bytes()).await?)
    }
}

fn answers(data: &str, id: Option<&Value>) -> bool {
    serde_json::from_str::<Peek>(data)
        .is_ok_and(|peek| peek.method.is_none() && peek.id.is_some() && peek.id.as_ref() == id)
}

fn kind(response: &Response) -> Option<String> {
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)?
        .to_str()
        .ok()?;
    let essence = kind.split(';').next().unwrap_or_default();
    Some(essence.trim().to_ascii_lowercase())
}

async fn whole(mut response: Response, bytes_max: usize) -> Result<Vec<u8>, NoAnswer> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| NoAnswer::Broken)? {
        if body.len() + chunk.len() > bytes_max {
            return Err(NoAnswer::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// 250 ms, doubled each time.
pub(super) fn pause(tried: u32) -> Duration {
    Duration::from_millis(250) * 2_u32.pow(tried.saturating_sub(1).min(6))
}

/// The innermost cause; reqwest's own text names the URL.
fn why(error: &reqwest::Error) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    if std::ptr::addr_eq(last, error) {
        return "no reason given".to_owned();
    }
    interlock_gate::escape::foreign(&last.to_string())
}
