//! Agents: the protocol's official client drives the whole loop, and a person signs in between.

use std::process::Stdio;

use interlock_system_tests::{Asker, Person, Puppet, Served, World, node_tool};
use interlock_test_servers::Plot;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::seen::{alive, sorted};

/// The document of a result that is no error.
fn document(result: &Value) -> &Value {
    assert_ne!(result["isError"], true, "{result:#}");
    &result["structuredContent"]
}

/// Whoever calls tools.
enum Agent {
    /// The official Python client, in one session.
    Puppet(Box<Puppet>),
    /// The inspector's command line: each call is a process and a session of its own.
    Inspector { url: String, token: &'static str },
}

impl Agent {
    fn inspector(served: &Served) -> Agent {
        Agent::Inspector {
            url: format!("{}/mcp", served.url),
            token: Asker::Agent.token(),
        }
    }

    async fn calls(&mut self, tool: &str, arguments: Value) -> Value {
        match self {
            Agent::Puppet(puppet) => puppet.calls(tool, arguments).await.unwrap(),
            Agent::Inspector { url, token } => {
                let mut more = vec!["--method", "tools/call", "--tool-name", tool];
                let pairs: Vec<String> = arguments
                    .as_object()
                    .unwrap()
                    .iter()
                    .map(|(key, value)| match value {
                        Value::String(text) => format!("{key}={text}"),
                        value => format!("{key}={value}"),
                    })
                    .collect();
                for pair in &pairs {
                    more.extend(["--tool-arg", pair]);
                }
                inspect(url, token, &more).await
            }
        }
    }
}

/// What the inspector prints of one request, as JSON.
async fn inspect(url: &str, token: &str, more: &[&str]) -> Value {
    let launcher = "@modelcontextprotocol/inspector/clients/launcher/build/index.js";
    let (node, script) = node_tool(launcher).unwrap();
    let header = format!("Authorization: Bearer {token}");
    let output = Command::new(node)
        .arg(script)
        .args(["--cli", url, "--transport", "http", "--header", &header])
        .args(more)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    let said = || format!("{more:?}: {out}{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {}", said()))
}

async fn the_whole_loop(world: &World, agent: &mut Agent) {
    let guilty = sorted(&world.incident.guilty);
    let server = world.cast().server;

    let runbooks = agent.calls("list_runbooks", json!({})).await;
    let runbook = &document(&runbooks)["runbooks"][0];
    assert_eq!(runbook["name"], "postgres-connections");
    assert_eq!(runbook["tier"], "write");

    let ask = json!({ "server": server, "stuck_after": "2s", "id": "first-look" });
    let ran = agent.calls("run_postgres_connections", ask.clone()).await;
    let mut run = document(&ran).clone();
    let id = run["run"].as_str().unwrap().to_owned();
    while run["state"] == "running" {
        let again = agent.calls("get_run", json!({ "run": id })).await;
        run = document(&again).clone();
    }
    assert_eq!(run["causes"][0], "idle_in_transaction", "{run:#}");
    let plan = run["plan"]["plan"].as_str().unwrap().to_owned();

    let joined = agent.calls("run_postgres_connections", ask).await;
    assert_eq!(document(&joined)["run"], id.as_str(), "the same id joins");

    let call = run["steps"][0]["report"]["hypotheses"][0]["supports"][0]["call"].clone();
    let call = format!("c{}", call.as_str().map_or(call.to_string(), str::to_owned));
    let ask = json!({ "run": id, "call": call });
    let evidence = agent.calls("get_evidence", ask).await;
    assert_eq!(document(&evidence)["run"], id.as_str());

    let diagnosis = |run: &str, call: u64| {
        json!({
            "run": run,
            "hypotheses": [{
                "cause": "idle_in_transaction",
                "path": "open transactions hold the slots",
                "supports": [{ "call": call, "says": "the sessions stand idle in a transaction" }],
            }],
            "tried": ["lock_convoy"],
        })
    };
    let cited: u64 = call.trim_start_matches('c').parse().unwrap();
    let submitted = agent.calls("submit_diagnosis", diagnosis(&id, cited)).await;
    document(&submitted);
    let invented = agent.calls("submit_diagnosis", diagnosis(&id, 9_999)).await;
    assert_eq!(invented["isError"], true, "{invented:#}");
    assert!(invented.to_string().contains("c9999"), "{invented:#}");

    let apply = json!({ "plan": plan });
    let waits = agent.calls("apply_plan", apply.clone()).await;
    assert_eq!(document(&waits)["result"], "approval_required");
    assert!(waits.to_string().contains("interlock approve"), "{waits:#}");
    assert_eq!(alive(world, &guilty).await, guilty, "nothing was changed");

    let word = format!("{server} {}", guilty.len());
    let key = world.people.key(Person::Alice).display().to_string();
    let approve = ["approve", &plan, "--key", &key, "--confirm", &word];
    let approve = [&approve[..], &["--reason", "seen"]].concat();
    let approved = world.interlock(Person::Bob, &approve).await.unwrap();
    approved.expect(0);
    assert_eq!(alive(world, &guilty).await, guilty, "signing does nothing");

    let applied = agent.calls("apply_plan", apply.clone()).await;
    assert_eq!(document(&applied)["result"], "done", "{applied:#}");
    assert_eq!(alive(world, &guilty).await, Vec::<i32>::new());
    let innocent = &world.incident.innocent;
    assert_eq!(alive(world, innocent).await, sorted(innocent));

    let again = agent.calls("apply_plan", apply).await;
    assert_eq!(again["isError"], true, "a plan is carried out once");
    let verified = world
        .interlock(Person::Bob, &["journal", "verify"])
        .await
        .unwrap();
    verified.expect(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_official_client_drives_the_whole_loop_over_http() {
    let world = World::build(Plot::IdleInTransaction)
        .unwatched()
        .served("")
        .start()
        .await
        .unwrap();
    let mut served = world.serve().await.unwrap();
    let token = world.path(&Asker::Agent.token_file());
    let mut agent = Puppet::over_http(&served, &token, "auto").await.unwrap();
    let about = agent.does(json!({ "op": "about" })).await.unwrap();
    assert_eq!(about["ok"]["protocol"], "2026-07-28", "{about:#}");
    the_whole_loop(&world, &mut Agent::Puppet(Box::new(agent))).await;
    assert_eq!(served.stop().await.unwrap(), 0, "it stops when it is asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_of_another_user_does_the_same_through_a_proxy_that_holds_a_token_only() {
    let world = World::build(Plot::IdleInTransaction)
        .unwatched()
        .served("")
        .start()
        .await
        .unwrap();
    let served = world.serve().await.unwrap();
    let binary = world.path("bin/interlock").display().to_string();
    // The client is started by this test's own user, not by Bob's.
    let own = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(own.path(), Asker::Agent.token()).unwrap();
    let token = own.path().display().to_string();
    let url = format!("{}/mcp", served.url);
    let proxy = [&binary, "mcp", "--connect", &url, "--token-file", &token];
    let mut agent = Puppet::over_stdio("legacy", &proxy).await.unwrap();
    let about = agent.does(json!({ "op": "about" })).await.unwrap();
    assert_eq!(about["ok"]["protocol"], "2025-11-25", "{about:#}");
    the_whole_loop(&world, &mut Agent::Puppet(Box::new(agent))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inspector_drives_the_whole_loop_and_finds_no_fault_in_the_tools() {
    let world = World::build(Plot::IdleInTransaction)
        .unwatched()
        .served("")
        .start()
        .await
        .unwrap();
    let served = world.serve().await.unwrap();
    let url = format!("{}/mcp", served.url);
    let listed = inspect(
        &url,
        Asker::Agent.token(),
        &["--method", "tools/list", "--strict"],
    )
    .await;
    let tools = listed["tools"].as_array().unwrap();
    for tool in tools {
        let hints = &tool["annotations"];
        for hint in [
            "readOnlyHint",
            "destructiveHint",
            "idempotentHint",
            "openWorldHint",
        ] {
            assert!(hints[hint].is_boolean(), "{hint} of {}", tool["name"]);
        }
        assert!(tool["outputSchema"].is_object(), "{}", tool["name"]);
    }
    the_whole_loop(&world, &mut Agent::inspector(&served)).await;
}
