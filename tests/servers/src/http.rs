//! The least of an HTTP client: enough to ask our own servers whether they are ready.
//!
//! Not for anything that a test is about: HTTP/1.0, loopback, no TLS, no redirect, 32 MiB at most.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ServerError;

const BODY_MAX: u64 = 32 * 1024 * 1024;
const WITHIN: Duration = Duration::from_secs(10);

/// A status and a body.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// `GET http://127.0.0.1:PORT/PATH`.
pub async fn get(port: u16, path: &str) -> Result<Answer, ServerError> {
    send(port, "GET", path, "").await
}

/// `POST` with a body: JSON where it is not empty.
pub async fn post(port: u16, path: &str, body: &str) -> Result<Answer, ServerError> {
    send(port, "POST", path, body).await
}

/// `GET`, and the answer as JSON; anything but 200 is an error.
pub async fn get_json(port: u16, path: &str) -> Result<serde_json::Value, ServerError> {
    let answer = get(port, path).await?;
    let unusable = |body: &str| ServerError::Http {
        url: format!("http://127.0.0.1:{port}{path}"),
        status: answer.status,
        body: body.chars().take(300).collect(),
    };
    if answer.status != 200 {
        return Err(unusable(&answer.body));
    }
    serde_json::from_str(&answer.body).map_err(|_| unusable(&answer.body))
}

async fn send(port: u16, method: &str, path: &str, body: &str) -> Result<Answer, ServerError> {
    let url = format!("http://127.0.0.1:{port}{path}");
    let exchange = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        let mut bytes = Vec::new();
        stream.take(BODY_MAX).read_to_end(&mut bytes).await?;
        Ok::<_, std::io::Error>(bytes)
    };
    let bytes = tokio::time::timeout(WITHIN, exchange)
        .await
        .unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
        .map_err(ServerError::io(format!("ask `{url}`")))?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .unwrap_or(0);
    Ok(Answer {
        status,
        body: body.to_owned(),
    })
}

/// Percent-encodes all but letters, digits and `-_.~`.
pub fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
