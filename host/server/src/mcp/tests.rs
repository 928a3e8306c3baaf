//! The door as a client sees it, over a pair of streams, with a host of its own.

use std::{fs, sync::Arc};

use interlock_connectors::config::Config;
use interlock_gate::policy::Policy;
use interlock_runner::open::Runner;
use rmcp::{
    RoleClient, ServiceExt as _,
    model::{CallToolRequestParams, CallToolResult, JsonObject, Tool},
    service::RunningService,
};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, duplex};

use super::{Door, LINE_BYTES_MAX, TOOLS, serve};
use crate::{admit::Admitted, desk::Desk};

/// A host with no runbooks and a policy that grants nothing.
pub(super) struct Host {
    _folder: tempfile::TempDir,
    pub(super) desk: Arc<Desk>,
}

impl Host {
    pub(super) fn new() -> Host {
        host()
    }

    /// Where it would listen.
    pub(super) fn server(&self) -> interlock_connectors::config::Server {
        self.desk.runner().config().server.clone()
    }
}

fn host() -> Host {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("policy.toml", "version = 1\n");
    write(
        "interlock.toml",
        "version = 1\npolicy = \"policy.toml\"\nstate_dir = \"state\"\nrunbooks = [\"runbooks\"]\n",
    );
    let config = Config::read(&folder.path().join("interlock.toml")).unwrap();
    Host {
        desk: Desk::new(Arc::new(Runner::open(config).unwrap())),
        _folder: folder,
    }
}

fn pipe(host: &Host) -> DuplexStream {
    let (theirs, ours) = duplex(256 * 1024);
    let who = Admitted::of_uid(&Policy::parse("version = 1\n").unwrap(), 1000);
    let door = Door::for_pipe(Arc::clone(&host.desk), who);
    let (read, write) = tokio::io::split(ours);
    tokio::spawn(serve(door, read, write));
    theirs
}

async fn client(host: &Host) -> RunningService<RoleClient, ()> {
    ().serve(pipe(host)).await.unwrap()
}

async fn call(
    client: &RunningService<RoleClient, ()>,
    tool: &'static str,
    arguments: Value,
) -> CallToolResult {
    let mut request = CallToolRequestParams::new(tool);
    request.arguments = arguments.as_object().cloned();
    client.call_tool(request).await.unwrap()
}

/// Whether a value has the shape: as much of JSON schema as the output schemas use.
fn fits(schema: &Value, value: &Value) -> bool {
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other}"),
    };
    let kind = match &schema["type"] {
        Value::Null => true,
        Value::String(kind) => is(kind),
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).any(is),
        other => panic!("{other}"),
    };
    let same = schema.get("const").is_none_or(|one| one == value);
    let listed = schema["enum"]
        .as_array()
        .is_none_or(|all| all.contains(value));
    let has = schema["required"].as_array().is_none_or(|names| {
        let has = |name: &Value| value.get(name.as_str().unwrap()).is_some();
        names.iter().all(has)
    });
    let inside = schema["properties"].as_object().is_none_or(|properties| {
        let fit = |(name, schema): (&String, &Value)| {
            value.get(name).is_none_or(|value| fits(schema, value))
        };
        properties.iter().all(fit)
    });
    let any = schema["anyOf"]
        .as_array()
        .is_none_or(|any| any.iter().any(|schema| fits(schema, value)));
    kind && same && listed && has && inside && any
}

fn fits_tool(tools: &[Tool], name: &str, result: &CallToolResult) {
    let tool = tools.iter().find(|tool| tool.name == name).unwrap();
    let schema = Value::Object(tool.output_schema.as_deref().unwrap().clone());
    let document = result.structured_content.as_ref().unwrap();
    assert!(fits(&schema, document), "{name}: {document:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_may_believe_of_each_tool() {
    let host = host();
    let client = client(&host).await;
    let tools = client.list_all_tools().await.unwrap();
    let lines: Vec<String> = tools
        .iter()
        .map(|tool| {
            let hints = tool.annotations.as_ref().unwrap();
            let word = |hint: Option<bool>, yes: &'static str| hint.unwrap().then_some(yes);
            let hints = [
                word(hints.read_only_hint, "reads"),
                word(hints.destructive_hint, "destructive"),
                word(hints.idempotent_hint, "idempotent"),
                word(hints.open_world_hint, "open"),
            ];
            let takes = tool.input_schema["properties"].as_object().unwrap();
            let takes: Vec<&str> = takes.keys().map(String::as_str).collect();
            let hints: Vec<&str> = hints.into_iter().flatten().collect();
            format!("{} ({}): {}", tool.name, takes.join(", "), hints.join(" "))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    list_runbooks (): reads idempotent
    get_run (run, wait_s): reads idempotent
    list_runs (offset): reads idempotent
    get_evidence (call, offset, run): reads idempotent
    get_plan (plan): reads idempotent
    submit_diagnosis (could_not_check, hypotheses, ruled_out, run, summary, tried, unresolved): 
    apply_plan (plan): destructive idempotent open
    record_context (incident, note): 
    cancel_run (run): destructive idempotent
    ");
    assert_eq!(tools.len(), TOOLS.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_the_shape_that_its_tool_names() {
    let host = host();
    let client = client(&host).await;
    let tools = client.list_all_tools().await.unwrap();
    for (tool, arguments) in [
        ("list_runbooks", json!({})),
        ("get_run", json!({"run": "r-zzzzzzzz"})),
        ("list_runs", json!({})),
        ("get_evidence", json!({"run": "r-zzzzzzzz", "call": "c1"})),
        ("get_plan", json!({"plan": "0000"})),
        ("submit_diagnosis", json!({"run": "r-zzzzzzzz"})),
        ("apply_plan", json!({"plan": "0000"})),
        (
            "record_context",
            json!({"incident": "INC-1", "note": "seen"}),
        ),
        ("cancel_run", json!({"run": "r-zzzzzzzz"})),
    ] {
        let result = call(&client, tool, arguments).await;
        fits_tool(&tools, tool, &result);
        assert!(!result.content.is_empty(), "{tool}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_argument_is_an_answer_that_names_it_and_says_what_would_be_good() {
    let host = host();
    let client = client(&host).await;
    for (tool, arguments, reason) in [
        ("get_run", json!({}), "`run` is missing"),
        ("get_run", json!({"run": 7}), "`run` is a number, not text"),
        (
            "get_run",
            json!({"run": "r", "wait_s": 900}),
            "`wait_s` is 900",
        ),
        ("list_runs", json!({"offset": -1}), "`offset` is -1"),
        (
            "get_plan",
            json!({"plan": "0", "state": "approved"}),
            "`state` is not an argument",
        ),
        (
            "apply_plan",
            json!({"plan": "0", "tokens": []}),
            "`tokens` is not an argument",
        ),
        (
            "list_runbooks",
            json!({"all": true}),
            "`all` is not an argument",
        ),
    ] {
        let result = call(&client, tool, arguments).await;
        assert_eq!(result.is_error, Some(true), "{tool}");
        let document = result.structured_content.unwrap();
        assert_eq!(document["schema"], "interlock.refusal.v1");
        assert_eq!(document["code"], "bad_input", "{document}");
        assert_eq!(document["reason"], reason);
        assert!(document["next"].is_string(), "{document}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_tool_is_a_protocol_error() {
    let host = host();
    let client = client(&host).await;
    for name in ["approve", "run_nothing", "run_", "sign_plan"] {
        let error = client.call_tool(CallToolRequestParams::new(name)).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("there is no tool"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_there_is_to_read_is_listed_and_read() {
    let host = host();
    let client = client(&host).await;
    let listed = client.list_all_resources().await.unwrap();
    assert_eq!(listed[0].uri, "interlock://policy/grants");
    let read = |uri: &str| client.read_resource(rmcp::model::ReadResourceRequestParams::new(uri));
    assert!(read("interlock://policy/grants").await.is_ok());
    for missing in [
        "interlock://runs/r-zzzzzzzz",
        "interlock://runbooks/a",
        "file:///etc/passwd",
    ] {
        assert!(read(missing).await.is_err(), "{missing}");
    }
    let prompts = client.list_all_prompts().await.unwrap();
    assert_eq!(prompts[0].name, "triage");
}

/// Writes lines as they stand, and reads what comes back.
struct Raw {
    lines: tokio::io::Lines<BufReader<tokio::io::ReadHalf<DuplexStream>>>,
    write: tokio::io::WriteHalf<DuplexStream>,
}

impl Raw {
    fn new(host: &Host) -> Raw {
        let (read, write) = tokio::io::split(pipe(host));
        Raw {
            lines: BufReader::new(read).lines(),
            write,
        }
    }

    async fn say(&mut self, line: &str) {
        self.write.write_all(line.as_bytes()).await.unwrap();
        self.write.write_all(b"\n").await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        let line = self.lines.next_line().await.unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    async fn open(&mut self) -> Value {
        self.say(
            r#"{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"0"}}}"#,
        )
        .await;
        let opened = self.hear().await;
        self.say(r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
            .await;
        opened
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_is_answered_and_does_not_end_the_server() {
    let host = host();
    let mut raw = Raw::new(&host);
    let opened = raw.open().await;
    assert_eq!(opened["result"]["protocolVersion"], "2025-11-25");
    assert!(
        opened["result"]["instructions"]
            .as_str()
            .unwrap()
            .contains("cannot approve")
    );

    raw.say("{\"jsonrpc\": \"2.0\", \"id\": 1, ").await;
    assert_eq!(raw.hear().await["error"]["code"], -32700);
    raw.say("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]")
        .await;
    assert_eq!(raw.hear().await["error"]["code"], -32600);
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(LINE_BYTES_MAX));
    raw.say(&long).await;
    let refused = raw.hear().await;
    assert_eq!(refused["error"]["code"], -32600, "{refused}");

    raw.say(r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#).await;
    assert_eq!(raw.hear().await["id"], 2);
    raw.say(r#"{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"arguments":{}}}"#)
        .await;
    let bad = raw.hear().await;
    assert_eq!(
        (&bad["id"], &bad["error"]["code"]),
        (&json!(3), &json!(-32602)),
        "{bad}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_revision_needs_no_session() {
    let host = host();
    let mut raw = Raw::new(&host);
    let meta: JsonObject = serde_json::from_value(json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "0"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }))
    .unwrap();
    let say = |id: u64, method: &str, mut params: Value| {
        params["_meta"] = Value::Object(meta.clone());
        json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string()
    };
    raw.say(&say(1, "server/discover", json!({}))).await;
    let found = raw.hear().await;
    assert!(
        found["result"]["supportedVersions"]
            .as_array()
            .unwrap()
            .contains(&json!("2026-07-28"))
    );
    raw.say(&say(
        2,
        "tools/call",
        json!({"name": "list_runbooks", "arguments": {}}),
    ))
    .await;
    let answer = raw.hear().await;
    assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
    assert_eq!(
        answer["result"]["structuredContent"]["schema"],
        "interlock.runbooks.v1"
    );
}
