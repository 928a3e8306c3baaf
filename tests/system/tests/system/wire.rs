//! Requests written byte by byte, as no well-behaved client would send them.

use std::time::Duration;

use interlock_system_tests::Asker;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// No answer of a test may take longer.
const WITHIN: Duration = Duration::from_secs(60);

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    line: String,
    /// The server's own name, unless told.
    host: Option<String>,
    headers: Vec<String>,
    body: Vec<u8>,
}

impl Ask {
    pub(crate) fn get(path: &str) -> Ask {
        Ask {
            line: format!("GET {path}"),
            host: None,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Any method, without a body.
    pub(crate) fn method(method: &str, path: &str) -> Ask {
        Ask {
            line: format!("{method} {path}"),
            ..Ask::get(path)
        }
    }

    pub(crate) fn post(path: &str, document: &Value) -> Ask {
        Ask::post_bytes(path, document.to_string())
    }

    pub(crate) fn post_bytes(path: &str, body: impl Into<Vec<u8>>) -> Ask {
        Ask {
            line: format!("POST {path}"),
            body: body.into(),
            ..Ask::get(path)
        }
        .header("content-type: application/json")
    }

    /// A call of a tool by the newest revision, which needs no session.
    pub(crate) fn tool(name: &str, arguments: &Value) -> Ask {
        Ask::rpc("tools/call", json!({"name": name, "arguments": arguments}))
            .header(&format!("mcp-name: {name}"))
    }

    /// One JSON-RPC request by the newest revision.
    pub(crate) fn rpc(method: &str, mut params: Value) -> Ask {
        params["_meta"] = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "0"},
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        Ask::mcp(message.to_string()).header(&format!("mcp-method: {method}"))
    }

    /// Any bytes where a JSON-RPC message belongs.
    pub(crate) fn mcp(body: impl Into<Vec<u8>>) -> Ask {
        Ask::post_bytes("/mcp", body)
            .header("accept: application/json, text/event-stream")
            .header("mcp-protocol-version: 2026-07-28")
    }

    pub(crate) fn by(self, asker: Asker) -> Ask {
        self.header(&format!("authorization: Bearer {}", asker.token()))
    }

    pub(crate) fn header(mut self, line: &str) -> Ask {
        self.headers.push(line.to_owned());
        self
    }

    pub(crate) fn host(mut self, host: &str) -> Ask {
        self.host = Some(host.to_owned());
        self
    }

    /// The bytes up to the body; `length`: what is said of the body.
    pub(crate) fn head(&self, length: &str, port: u16) -> String {
        let own = format!("127.0.0.1:{port}");
        let host = self.host.as_ref().unwrap_or(&own);
        let mut head = format!("{} HTTP/1.1\r\nhost: {host}\r\n{length}\r\n", self.line);
        for header in &self.headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        head
    }

    /// Over a connection of its own.
    pub(crate) async fn to(&self, port: u16) -> Answer {
        Wire::open(port).await.ask(self).await
    }
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Its header lines, in small letters.
    pub(crate) headers: Vec<String>,
    pub(crate) body: String,
}

impl Answer {
    /// The document; of a stream the last one.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let mut events = self
            .body
            .lines()
            .filter_map(|line| line.strip_prefix("data: "));
        let text = events.next_back().unwrap_or(&self.body);
        let parsed = serde_json::from_str(text);
        parsed.unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The same, where it has that status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// What a tool's result holds.
    #[track_caller]
    pub(crate) fn result(&self) -> Value {
        let answer = self.json();
        assert!(answer["result"].is_object(), "{answer:#}");
        answer["result"].clone()
    }

    /// The refusal's code, at either door.
    pub(crate) fn code(&self) -> String {
        let answer = self.json();
        let code = [
            &answer["code"],
            &answer["result"]["structuredContent"]["code"],
        ]
        .into_iter()
        .find_map(Value::as_str);
        code.unwrap_or_default().to_owned()
    }
}

/// A connection that is kept.
#[derive(Debug)]
pub(crate) struct Wire {
    port: u16,
    stream: BufReader<TcpStream>,
}

impl Wire {
    pub(crate) async fn open(port: u16) -> Wire {
        Wire::try_open(port).await.unwrap()
    }

    /// None where nobody listens.
    pub(crate) async fn try_open(port: u16) -> Option<Wire> {
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        Some(Wire {
            port,
            stream: BufReader::new(stream),
        })
    }

    pub(crate) async fn say(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(bytes).await?;
        stream.flush().await
    }

    /// Sends a whole request.
    pub(crate) async fn send(&mut self, ask: &Ask) {
        self.try_send(ask).await.unwrap();
    }

    pub(crate) async fn try_send(&mut self, ask: &Ask) -> std::io::Result<()> {
        let head = ask.head(&format!("content-length: {}", ask.body.len()), self.port);
        let whole = [head.as_bytes(), &ask.body].concat();
        self.say(&whole).await
    }

    pub(crate) async fn ask(&mut self, ask: &Ask) -> Answer {
        self.send(ask).await;
        self.hear().await.unwrap()
    }

    /// The next answer; `None` where the other side closed instead.
    pub(crate) async fn hear(&mut self) -> Option<Answer> {
        tokio::time::timeout(WITHIN, self.heard()).await.unwrap()
    }

    async fn heard(&mut self) -> Option<Answer> {
        let status = self.line().await?;
        let status = status.split(' ').nth(1)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                break;
            }
            headers.push(line.to_ascii_lowercase());
        }
        let has = |name: &str| headers.iter().find_map(|line| line.strip_prefix(name));
        let mut body = Vec::new();
        if let Some(length) = has("content-length: ") {
            body.resize(length.trim().parse().ok()?, 0);
            self.stream.read_exact(&mut body).await.ok()?;
        } else if has("transfer-encoding: chunked").is_some() {
            loop {
                let length = usize::from_str_radix(self.line().await?.trim(), 16).ok()?;
                let mut part = vec![0; length];
                self.stream.read_exact(&mut part).await.ok()?;
                body.extend(part);
                self.line().await?;
                if length == 0 {
                    break;
                }
            }
        }
        Some(Answer {
            status,
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.stream.read_line(&mut line).await {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
        }
    }
}
