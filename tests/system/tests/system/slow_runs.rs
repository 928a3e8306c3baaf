//! What an agent sees of a run that takes its time: over a pipe, and through the proxy.

use std::process::Stdio;
use std::time::{Duration, Instant};

use interlock_system_tests::{Asker, Doorstep, METRIC_ONCE};
use interlock_test_servers::{Liar, Lie};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};

/// A client that says what it is told to, to the letter.
struct Pipe {
    _child: Child,
    write: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    /// What the host said by itself.
    heard: Vec<Value>,
    asked: u64,
}

impl Pipe {
    /// `interlock mcp` and more, in the host's folder.
    fn open(host: &Doorstep, more: &[&str]) -> Pipe {
        let mut child = host
            .command(&[&["mcp"], more].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Pipe {
            write: child.stdin.take().unwrap(),
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            _child: child,
            heard: Vec::new(),
            asked: 0,
        }
    }

    async fn say(&mut self, message: Value) {
        let line = format!("{message}\n");
        self.write.write_all(line.as_bytes()).await.unwrap();
    }

    /// Asks, and leaves the answer for later.
    async fn begin(&mut self, method: &str, params: Value) -> u64 {
        self.asked += 1;
        let id = self.asked;
        self.say(json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
            .await;
        id
    }

    async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(Duration::from_secs(30), self.lines.next_line());
        let line = line.await.unwrap().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params).await;
        loop {
            let message = self.next().await;
            if message["id"] == id {
                return message;
            }
            self.heard.push(message);
        }
    }

    /// A tool's result.
    async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let params = json!({ "name": tool, "arguments": arguments });
        self.ask("tools/call", params).await["result"].clone()
    }

    async fn handshake(&mut self) {
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "pipe", "version": "0" } });
        let opened = self.ask("initialize", params).await;
        assert_eq!(
            opened["result"]["protocolVersion"], "2025-11-25",
            "{opened}"
        );
        self.say(json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }))
            .await;
    }

    /// Waits until the host has said this by itself.
    async fn hears(&mut self, method: &str) {
        while !self.heard.iter().any(|message| message["method"] == method) {
            let message = self.next().await;
            self.heard.push(message);
        }
    }
}

/// The parameters of a request that stands alone, of a client that knows tasks.
fn alone(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": { "name": "pipe", "version": "0" },
        "io.modelcontextprotocol/clientCapabilities": {
            "extensions": { "io.modelcontextprotocol/tasks": {} }
        },
        "progressToken": "steps",
    });
    params
}

/// A host whose one runbook waits for a backend that never says a word.
async fn slow_host() -> (Doorstep, Liar) {
    let backend = Liar::start(Lie::Hang).await.unwrap();
    let config = format!(
        "[source.prometheus]\nurl = \"http://127.0.0.1:{}\"\ntimeout = \"1m\"\n",
        backend.port()
    );
    (Doorstep::new(METRIC_ONCE, "", &config).unwrap(), backend)
}

async fn answers_at_once_and_can_be_waited_for_and_stopped(pipe: &mut Pipe) {
    pipe.handshake().await;
    let asked = Instant::now();
    let going = pipe.call(Doorstep::TOOL, json!({ "id": "slow-1" })).await;
    assert!(asked.elapsed() < Duration::from_secs(4), "{asked:?}");
    assert_eq!(going["isError"], false, "{going:#}");
    let document = &going["structuredContent"];
    assert_eq!(document["state"], "running", "{going:#}");
    let run = document["run"].as_str().unwrap().to_owned();

    let joined = pipe.call(Doorstep::TOOL, json!({ "id": "slow-1" })).await;
    assert_eq!(
        joined["structuredContent"]["run"],
        run.as_str(),
        "{joined:#}"
    );
    let waited = pipe
        .call("get_run", json!({ "run": run, "wait_s": 1 }))
        .await;
    assert_eq!(
        waited["structuredContent"]["state"], "running",
        "{waited:#}"
    );
    let stopped = pipe.call("cancel_run", json!({ "run": run })).await;
    assert_eq!(stopped["isError"], false, "{stopped:#}");
    assert_eq!(stopped["structuredContent"]["state"], "interrupted");
}

async fn a_cancelled_call_stops_its_run(host: &Doorstep, pipe: &mut Pipe) {
    let arguments = json!({ "id": "slow-2" });
    let params = json!({ "name": Doorstep::TOOL, "arguments": arguments });
    let id = pipe.begin("tools/call", params).await;
    // Once it is known, it goes on.
    let run = loop {
        let runs = pipe.call("list_runs", json!({})).await;
        let first = runs["structuredContent"]["runs"][0].clone();
        if first["id"] == "slow-2" {
            break first["run"].as_str().unwrap().to_owned();
        }
        // Each look counts against the caller's limit.
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let cancelled = json!({ "requestId": id, "reason": "enough" });
    let method = "notifications/cancelled";
    pipe.say(json!({ "jsonrpc": "2.0", "method": method, "params": cancelled }))
        .await;
    let ended = pipe
        .call("get_run", json!({ "run": run, "wait_s": 10 }))
        .await;
    let state = &ended["structuredContent"]["state"];
    assert_eq!(state, "interrupted", "{ended:#}");
    assert!(
        !pipe.heard.iter().any(|message| message["id"] == id),
        "nobody waits for it"
    );
    let shown = host
        .command(&["runs", "show", &run, "--json"])
        .output()
        .await
        .unwrap();
    let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown["state"], "interrupted", "it is journalled: {shown:#}");
}

async fn is_a_task_for_a_client_that_knows_them(pipe: &mut Pipe) {
    let params = alone(json!({ "name": Doorstep::TOOL, "arguments": {} }));
    let made = pipe.ask("tools/call", params).await;
    let result = &made["result"];
    assert_eq!(result["resultType"], "task", "{made:#}");
    assert_eq!(result["status"], "working", "{made:#}");
    let said = pipe
        .heard
        .iter()
        .find(|one| one["method"] == "notifications/progress");
    assert_eq!(said.unwrap()["params"]["progressToken"], "steps");
    let task = json!({ "taskId": result["taskId"] });
    let now = pipe.ask("tasks/get", alone(task.clone())).await;
    assert_eq!(now["result"]["status"], "working", "{now:#}");
    pipe.ask("tasks/cancel", alone(task.clone())).await;
    let now = pipe.ask("tasks/get", alone(task)).await;
    assert_eq!(now["result"]["status"], "cancelled", "{now:#}");
}

async fn a_build_that_lands_is_told_of(host: &Doorstep, pipe: &mut Pipe) {
    host.install("look-again", METRIC_ONCE).unwrap();
    pipe.hears("notifications/tools/list_changed").await;
    let tools = pipe.ask("tools/list", json!({})).await;
    let tools = tools["result"]["tools"].as_array().unwrap();
    assert!(tools.iter().any(|tool| tool["name"] == "run_look_again"));
    std::fs::remove_dir_all(host.path("runbooks/look-again")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_run_over_a_pipe_can_be_waited_for_watched_and_stopped() {
    let (host, _backend) = slow_host().await;
    let mut pipe = Pipe::open(&host, &[]);
    answers_at_once_and_can_be_waited_for_and_stopped(&mut pipe).await;
    a_cancelled_call_stops_its_run(&host, &mut pipe).await;
    a_build_that_lands_is_told_of(&host, &mut pipe).await;
    is_a_task_for_a_client_that_knows_them(&mut Pipe::open(&host, &[])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_run_through_the_proxy_is_the_same() {
    let (host, _backend) = slow_host().await;
    let served = host.serve().await.unwrap();
    let url = format!("{}/mcp", served.url);
    let token = format!("{}.token", Asker::Agent.name());
    let proxy = ["--connect", &url, "--token-file", &token];
    let mut pipe = Pipe::open(&host, &proxy);
    answers_at_once_and_can_be_waited_for_and_stopped(&mut pipe).await;
    a_cancelled_call_stops_its_run(&host, &mut pipe).await;
    a_build_that_lands_is_told_of(&host, &mut pipe).await;
    is_a_task_for_a_client_that_knows_them(&mut Pipe::open(&host, &proxy)).await;
}
