//! A server on a socket of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use interlock_connectors::config::Config;
use interlock_gate::plan::Requester;
use interlock_runner::open::Runner;
use interlock_store::{ANY_SIZE, Store as _, entry::Entry};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::*;

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("policy.toml"), "version = 1\n").unwrap();
    folder
}

fn runner(folder: &Path) -> Arc<Runner> {
    let text = "version = 1\npolicy = \"policy.toml\"\nstate_dir = \"state\"\n\
                [server]\nlisten = \"127.0.0.1:0\"\n";
    let path = folder.canonicalize().unwrap().join("interlock.toml");
    let config = Config::parse(&path, text).unwrap();
    Arc::new(Runner::open(config).unwrap())
}

struct Running {
    address: SocketAddr,
    tell: mpsc::Sender<()>,
    ended: JoinHandle<Stopped>,
}

fn run(server: Server) -> Running {
    let address = server.address();
    let (tell, mut told) = mpsc::channel(2);
    let ended = tokio::spawn(async move { server.run_until(&mut told).await });
    Running {
        address,
        tell,
        ended,
    }
}

async fn get(address: SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn it_answers_where_it_says_and_stops_when_it_is_told() {
    let folder = folder();
    let server = Server::start(runner(folder.path())).await.unwrap();
    assert_ne!(server.address().port(), 0);
    assert_eq!(server.url(), format!("http://{}", server.address()));
    let running = run(server);
    let answer = get(running.address, "/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    running.tell.send(()).await.unwrap();
    assert_eq!(running.ended.await.unwrap(), Stopped::Whole);
    assert!(TcpStream::connect(running.address).await.is_err());
    // The store is free again.
    Server::start(runner(folder.path())).await.unwrap();
}

#[tokio::test]
async fn a_second_server_of_one_store_is_told_who_holds_it() {
    let folder = folder();
    let _first = Server::start(runner(folder.path())).await.unwrap();
    match Server::start(runner(folder.path())).await.err().unwrap() {
        CannotServe::Served { pid, .. } => assert_eq!(pid, std::process::id()),
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn headers_that_do_not_come_end_the_connection() {
    let folder = folder();
    let mut server = Server::start(runner(folder.path())).await.unwrap();
    server.connections.patience.headers = Duration::from_millis(50);
    let running = run(server);
    for begun in [
        "",
        "GET /healthz HT",
        "GET /healthz HTTP/1.1\r\nHost: x\r\nA: ",
    ] {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(begun.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        // Ends: a connection that stayed open would hang here.
        stream.read_to_end(&mut rest).await.unwrap();
        let answer = String::from_utf8_lossy(&rest);
        assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let answer = get(running.address, "/healthz").await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
}

#[tokio::test]
async fn headers_beyond_the_bound_are_refused() {
    let folder = folder();
    let running = run(Server::start(runner(folder.path())).await.unwrap());
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let long = "a".repeat(80 * 1024);
    let request = format!(
        "GET /healthz HTTP/1.1\r\nHost: {}\r\nA: {long}\r\n\r\n",
        running.address
    );
    // It may hang up before it has taken all of it.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&answer), "HTTP/1.1 431");
}

#[tokio::test]
async fn a_run_that_a_dead_process_left_open_is_interrupted_at_the_start() {
    let folder = folder();
    let before = runner(folder.path());
    let opened = |run: &str| Entry::RunOpened {
        run: run.parse().unwrap(),
        id_key: None,
        runbook: "x".to_owned(),
        version: "1".to_owned(),
        components: Vec::new(),
        incident: serde_json::json!({}),
        inputs: Default::default(),
        requester: Requester {
            caller: None,
            via: "uid:1".to_owned(),
            unattended: false,
        },
        owners: Vec::new(),
    };
    for run in ["r-left", "r-held"] {
        before.store().record(opened(run), ANY_SIZE).await.unwrap();
    }
    let held = before.store().hold_run(&"r-held".parse().unwrap());
    let server = Server::start(runner(folder.path())).await.unwrap();
    let interrupted = &server.recovered().interrupted;
    assert_eq!(interrupted.len(), 1);
    assert_eq!(interrupted[0].as_str(), "r-left");
    drop(held);
    let lines = before.store().runs(10).await.unwrap();
    let state = |run: &str| {
        let line = lines.iter().find(|line| line.run.as_str() == run);
        line.unwrap().state.clone()
    };
    assert_eq!(
        (state("r-left").as_str(), state("r-held").as_str()),
        ("interrupted", "open")
    );
}
