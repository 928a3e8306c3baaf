//! The proxy between a client of ours and a host over HTTP, all in this process.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse as _, Redirect, Response},
    routing::post,
};
use interlock_gate::policy::Policy;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{Connect, run};
use crate::{
    admit::Admitted,
    mcp::{self, Mount, tests::Host},
};

const TOKEN: &str = "a-token";

/// Lets one token in, as the HTTP door would.
async fn guard(mut request: Request, next: Next) -> Response {
    let given = request.headers().get(header::AUTHORIZATION);
    if given.is_none_or(|given| given != format!("Bearer {TOKEN}").as_str()) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let who = Admitted::of_uid(&Policy::parse("version = 1\n").unwrap(), 1000);
    request.extensions_mut().insert(who);
    next.run(request).await
}

async fn serve_at(host: &Host, listener: TcpListener) -> JoinHandle<()> {
    let listen = listener.local_addr().unwrap();
    let mount = Mount::new(&host.server(), listen, CancellationToken::new());
    let routes = mcp::router(Arc::clone(&host.desk), mount).layer(from_fn(guard));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() })
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

struct Client {
    lines: tokio::io::Lines<BufReader<tokio::io::ReadHalf<DuplexStream>>>,
    write: tokio::io::WriteHalf<DuplexStream>,
}

impl Client {
    fn new(address: SocketAddr, token: &str) -> Client {
        let (theirs, ours) = duplex(256 * 1024);
        let connect = Connect {
            url: format!("http://{address}/mcp"),
            token: Some(token.to_owned()),
            roots: None,
        };
        let (read, write) = tokio::io::split(ours);
        tokio::spawn(async move { run(&connect, read, write).await });
        let (read, write) = tokio::io::split(theirs);
        Client {
            lines: BufReader::new(read).lines(),
            write,
        }
    }

    async fn say(&mut self, message: &Value) {
        let line = format!("{message}\n");
        self.write.write_all(line.as_bytes()).await.unwrap();
    }

    /// The answer to a request, whatever comes before it.
    async fn ask(&mut self, id: u64, method: &str, params: Value) -> Value {
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
            .await;
        loop {
            let line = self.lines.next_line().await.unwrap().unwrap();
            let message: Value = serde_json::from_str(&line).unwrap();
            if message["id"] == id {
                return message;
            }
        }
    }

    async fn open(&mut self) -> Value {
        let params = json!({"protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": {"name": "t", "version": "0"}});
        let opened = self.ask(0, "initialize", params).await;
        self.say(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))
            .await;
        opened
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_pass_both_ways_and_a_lost_session_is_opened_again() {
    let (listener, address) = listener().await;
    let host = Host::new();
    let server = serve_at(&host, listener).await;
    let mut client = Client::new(address, TOKEN);
    let opened = client.open().await;
    assert_eq!(
        opened["result"]["serverInfo"]["name"], "interlock",
        "{opened}"
    );
    let tools = client.ask(1, "tools/list", json!({})).await;
    assert!(
        tools["result"]["tools"].as_array().unwrap().len() >= 8,
        "{tools}"
    );

    // The host is started again: it knows no session any more.
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
    let again = TcpListener::bind(address).await.unwrap();
    let _server = serve_at(&host, again).await;
    let params = json!({"name": "list_runbooks", "arguments": {}});
    let answer = client.ask(2, "tools/call", params).await;
    assert_eq!(answer["result"]["isError"], false, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_stands_alone_passes_with_its_headers() {
    let (listener, address) = listener().await;
    let host = Host::new();
    let _server = serve_at(&host, listener).await;
    let mut client = Client::new(address, TOKEN);
    let params = json!({"name": "list_runs", "arguments": {}, "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }});
    let answer = client.ask(1, "tools/call", params).await;
    assert_eq!(
        answer["result"]["structuredContent"]["schema"], "interlock.runs.v1",
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_taken_is_an_error_with_a_reason() {
    let (listener, address) = listener().await;
    let host = Host::new();
    let _server = serve_at(&host, listener).await;
    let mut client = Client::new(address, "another-token");
    let answer = client.open().await;
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("does not take this token"), "{message}");
    assert!(!message.contains("another-token"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_never_gets_the_token() {
    let (elsewhere, other) = listener().await;
    let (listener, address) = listener().await;
    let location = format!("http://{other}/mcp");
    let to = post(move || async move { Redirect::temporary(&location) });
    tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/mcp", to))
            .await
            .unwrap();
    });
    let mut client = Client::new(address, TOKEN);
    let answer = client.open().await;
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("HTTP 307"), "{message}");
    let nobody = tokio::time::timeout(std::time::Duration::from_millis(50), elsewhere.accept());
    assert!(nobody.await.is_err(), "somebody came with the token");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_json_is_refused_here() {
    let (_listener, address) = listener().await;
    let mut client = Client::new(address, TOKEN);
    client.write.write_all(b"{\"id\":\n").await.unwrap();
    let line = client.lines.next_line().await.unwrap().unwrap();
    assert!(line.contains("-32700"), "{line}");
}
