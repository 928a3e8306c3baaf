//! The transport of the server over standard streams, or any pair of streams.
//! Invariant: what cannot be read is answered, and never ends the server.

use std::io;

use rmcp::{
    RoleServer,
    service::{RxJsonRpcMessage, TxJsonRpcMessage},
    transport::Transport,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    task::JoinHandle,
};

use super::lines::{LINE_BYTES_MAX, Line, Lines, Out};

const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;

/// Standard streams as rmcp wants them, with bounds and parse errors of our own: rmcp's drops what
/// it cannot parse, so that its client would wait for ever.
pub(crate) struct Stdio<R> {
    lines: Lines<R>,
    out: Option<Out>,
    writer: Option<JoinHandle<io::Result<()>>>,
    /// An answer to a bad line that is being written; kept here since a receive may be dropped.
    answering: Option<JoinHandle<()>>,
}

impl<R: AsyncRead + Unpin + Send> Stdio<R> {
    pub(crate) fn new<W>(read: R, write: W) -> Stdio<R>
    where
        W: AsyncWrite + Unpin + Send + 'static,
    {
        let (out, writer) = Out::start(write);
        Stdio {
            lines: Lines::new(read, LINE_BYTES_MAX),
            out: Some(out),
            writer: Some(writer),
            answering: None,
        }
    }

    fn answer(&mut self, error: Vec<u8>) {
        if let Some(out) = self.out.clone() {
            self.answering = Some(tokio::spawn(async move {
                // Nobody reads: the next receive ends the service.
                let _ = out.line(error).await;
            }));
        }
    }
}

impl<R: AsyncRead + Unpin + Send> Transport<RoleServer> for Stdio<R> {
    type Error = io::Error;

    fn send(
        &mut self,
        item: TxJsonRpcMessage<RoleServer>,
    ) -> impl Future<Output = Result<(), io::Error>> + Send + 'static {
        let out = self.out.clone();
        async move {
            let line = serde_json::to_vec(&item)?;
            let closed = || io::Error::from(io::ErrorKind::BrokenPipe);
            let out = out.ok_or_else(closed)?;
            out.line(line).await.map_err(|_| closed())
        }
    }

    async fn receive(&mut self) -> Option<RxJsonRpcMessage<RoleServer>> {
        loop {
            // One answer at a time: a peer that does not read gets no more memory of ours.
            if let Some(answering) = &mut self.answering {
                let _ = answering.await;
                self.answering = None;
            }
            let out = self.out.clone()?;
            let line = tokio::select! {
                line = self.lines.next() => line,
                () = out.closed() => return None,
            };
            match line {
                Ok(Line::Whole(line)) => match serde_json::from_slice(&line) {
                    Ok(message) => return Some(message),
                    Err(_) => {
                        if let Some(error) = unreadable(&line) {
                            self.answer(error);
                        }
                    }
                },
                Ok(Line::TooLong) => {
                    let why = format!("a message is longer than {LINE_BYTES_MAX} bytes");
                    self.answer(error(INVALID_REQUEST, &why, Value::Null));
                }
                Ok(Line::End) => return None,
                Err(error) => {
                    tracing::warn!(%error, "the input cannot be read any more");
                    return None;
                }
            }
        }
    }

    async fn close(&mut self) -> Result<(), io::Error> {
        self.out = None;
        match self.writer.take() {
            Some(writer) => writer.await.map_err(io::Error::other)?,
            None => Ok(()),
        }
    }
}

/// This process's standard streams, without a thread in between where they are pipes.
pub fn pipes() -> (
    impl AsyncRead + Unpin + Send + 'static,
    impl AsyncWrite + Unpin + Send + 'static,
) {
    rmcp::transport::io::stdio_pipes()
}

/// What to say of a line that is no message; nothing of a notification that nobody knows.
fn unreadable(line: &[u8]) -> Option<Vec<u8>> {
    let value: Value = match serde_json::from_slice(line) {
        Ok(value) => value,
        Err(why) => return Some(error(PARSE_ERROR, &format!("not JSON: {why}"), Value::Null)),
    };
    let Value::Object(message) = value else {
        let why = "a message is one JSON object; batches are not taken";
        return Some(error(INVALID_REQUEST, why, Value::Null));
    };
    let id = message.get("id").filter(|id| id.is_string() || id.is_i64());
    if id.is_none() && message.get("method").is_some_and(Value::is_string) {
        return None;
    }
    let why = "not a JSON-RPC 2.0 request, response or notification";
    Some(error(
        INVALID_REQUEST,
        why,
        id.cloned().unwrap_or(Value::Null),
    ))
}

/// A JSON-RPC error as a line.
pub(crate) fn error(code: i32, why: &str, id: Value) -> Vec<u8> {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": why}})
        .to_string()
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> Option<Value> {
        unreadable(line.as_bytes()).map(|error| serde_json::from_slice(&error).unwrap())
    }

    #[test]
    fn what_is_not_json_is_a_parse_error() {
        let error = said("{\"jsonrpc\":").unwrap();
        assert_eq!(error["error"]["code"], PARSE_ERROR);
        assert_eq!(error["id"], Value::Null);
    }

    #[test]
    fn depth_is_bounded() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(said(&deep).unwrap()["error"]["code"], PARSE_ERROR);
    }

    #[test]
    fn a_bad_request_is_answered_under_its_id() {
        let error = said("{\"id\":7,\"method\":3}").unwrap();
        assert_eq!(error["error"]["code"], INVALID_REQUEST);
        assert_eq!(error["id"], 7);
    }

    #[test]
    fn an_unknown_notification_is_passed_over() {
        assert_eq!(said("{\"method\":\"notifications/whatever\"}"), None);
    }
}
