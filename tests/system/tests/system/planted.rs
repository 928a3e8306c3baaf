//! Secrets that are planted everywhere, and searched for in everything that leaves the host: no
//! password, token or webhook's URL is anywhere; what a query answered is in the record, and in
//! nothing that only tells of it. And one trace goes from the agent's call to each call of a step.

use std::process::Stdio;
use std::time::Duration;

use interlock_system_tests::{Asker, Person, Served, World};
use interlock_test_servers::{Received, Receiver, otlp};
use serde_json::{Value, json};

use crate::waiting::{bob, full, started, text};
use crate::wire::Ask;

/// What a database answers.
const IN_AN_ANSWER: &str = "hunter2-in-an-answer";
/// What the webhook's URL holds.
const IN_THE_WEBHOOK: &str = "hunter2-in-the-webhook";
/// What is sent along with traces.
const IN_THE_BEARER: &str = "hunter2-in-the-bearer";

/// What a connection string holds.
const IN_THE_DSN: &str = "hunter2-in-the-dsn";

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";
const WITHIN: Duration = Duration::from_secs(30);

/// A host that tells of itself wherever it can, and those whom it tells.
struct Told {
    world: World,
    traces: Receiver,
    hook: Receiver,
}

impl Told {
    async fn start() -> Told {
        let world = started(full().served("")).await;
        let (traces, hook) = (Receiver::start().unwrap(), Receiver::start().unwrap());
        let config = format!(
            "{}[telemetry]\nlog = \"json\"\notlp = \"{}\"\nbearer_file = \"secrets/otlp\"\n\
             [notify]\nwebhook_file = \"secrets/hook\"\n",
            text(&world, "interlock.toml"),
            traces.url(),
        );
        let url = format!("{}/services/{IN_THE_WEBHOOK}", hook.url());
        world.write("interlock.toml", &config, 0o644).unwrap();
        world.write("secrets/otlp", IN_THE_BEARER, 0o600).unwrap();
        world.write("secrets/hook", &url, 0o600).unwrap();
        Told {
            world,
            traces,
            hook,
        }
    }

    /// `interlock serve` with its log in a file, at its finest.
    async fn serve(&self) -> Served {
        let log = std::fs::File::create(self.world.path("log")).unwrap();
        let program = self.world.path("bin/interlock");
        let mut command = self.world.command(Person::Bob, &program);
        command
            .args(["-v", "serve"])
            .env("INTERLOCK_LOG", "trace")
            .stderr(Stdio::from(log));
        Served::start(command).await.unwrap()
    }

    /// The first message that holds this.
    fn message(&self, holds: &str) -> String {
        let text = |one: &Received| -> Option<String> {
            let body: Value = serde_json::from_slice(&one.body).ok()?;
            Some(body["text"].as_str()?.to_owned())
        };
        let came = self.hook.wait_for(WITHIN, |all| {
            all.iter().filter_map(text).any(|one| one.contains(holds))
        });
        let found = came.iter().filter_map(text).find(|one| one.contains(holds));
        found.unwrap_or_else(|| panic!("no message holds `{holds}`: {came:#?}"))
    }

    /// Every secret that may be nowhere.
    fn secrets(&self) -> Vec<String> {
        let logins = self.world.postgres().logins();
        let passwords = logins.secrets().map(str::to_owned);
        let tokens = Asker::ALL.map(|asker| asker.token().to_owned());
        let planted = [IN_THE_WEBHOOK, IN_THE_BEARER].map(str::to_owned);
        passwords.into_iter().chain(tokens).chain(planted).collect()
    }
}

/// The agent asks for a run by a tool, in a trace of its own, and waits for its end.
async fn run(served: &Served, server: &str) -> Value {
    let message = json!({
        "jsonrpc": "2.0", "id": 1, "method": "tools/call",
        "params": {
            "name": "run_postgres_connections",
            "arguments": {"server": server, "stuck_after": "2s", "id": "planted"},
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "0"},
                "io.modelcontextprotocol/clientCapabilities": {},
                "traceparent": format!("00-{TRACE}-{CALLER}-01"),
            },
        },
    });
    let begun = Ask::mcp(message.to_string())
        .header("mcp-method: tools/call")
        .header("mcp-name: run_postgres_connections")
        .by(Asker::Agent)
        .to(served.port())
        .await
        .expect(200);
    // An answer that took a while comes as a stream of events, the last of which it is.
    let mut events = begun
        .body
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let last = events.next_back().unwrap_or(&begun.body);
    let answer: Value = serde_json::from_str(last).unwrap();
    let mut run = answer["result"]["structuredContent"].clone();
    let path = format!("/runs/{}", run["run"].as_str().unwrap());
    while run["state"] == "running" {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let asked = Ask::get(&path).by(Asker::Agent).to(served.port()).await;
        run = asked.expect(200).json();
    }
    run
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_nowhere_and_what_a_query_answered_is_in_the_record_only() {
    let told = Told::start().await;
    let world = &told.world;
    let client = world
        .postgres()
        .connect("postgres", "postgres", IN_AN_ANSWER);
    let _client = client.await.unwrap();
    let mut served = told.serve().await;
    let port = served.port();

    let ran = run(&served, world.cast().server).await;
    let plan = ran["plan"]["plan"].as_str().unwrap().to_owned();
    let run = ran["run"].as_str().unwrap().to_owned();
    let waits = told.message("waits for approval");
    assert!(
        waits.contains(&format!("```interlock approve {plan}```")),
        "{waits}"
    );
    assert!(waits.contains("database.terminate"), "{waits}");
    assert!(waits.contains("alice"), "{waits}");

    let key = world.people.key(Person::Alice).display().to_string();
    let word = ran["plan"]["confirm"].as_str().unwrap();
    let approve = [
        "approve",
        &plan,
        "--key",
        &key,
        "--confirm",
        word,
        "--reason",
        "read c2",
    ];
    bob(world, &approve).await.expect(0);
    let approved = told.message("every approval");
    assert!(
        approved.contains(&format!("```interlock apply {plan}```")),
        "{approved}"
    );

    let apply = Ask::post(&format!("/plans/{plan}/apply"), &json!({})).by(Asker::Agent);
    let applied = apply.to(port).await.expect(200).json();
    assert_eq!(applied["result"], "done", "{applied:#}");
    told.message("was carried out");

    // Everything that can be read over the doors, but the calls' answers themselves.
    let mut outputs = Vec::new();
    for path in [
        "/healthz",
        "/readyz",
        "/metrics",
        "/openapi.json",
        "/runbooks",
        "/grants",
        "/runs",
        "/plans",
        "/incidents",
        &format!("/runs/{run}"),
        &format!("/plans/{plan}"),
        "/",
        &format!("/page/runs/{run}"),
        &format!("/page/plans/{plan}"),
    ] {
        for asker in [Asker::Agent, Asker::Page] {
            let answer = Ask::get(path).by(asker).to(port).await;
            outputs.push((path.to_owned(), format!("{answer:?}")));
        }
    }
    assert_eq!(served.stop().await.unwrap(), 0);

    let log = text(world, "log");
    assert!(
        log.contains(&run) && log.contains("approvers were told"),
        "{log}"
    );
    let metrics = outputs.iter().find(|(path, _)| path == "/metrics").unwrap();
    let metrics = metrics.1.clone();
    let (sent, messages) = (told.traces.received(), told.hook.received());
    let spans = otlp::spans(&sent);
    let bodies = |all: &[Received]| -> String {
        let texts = all.iter().map(|one| String::from_utf8_lossy(&one.body));
        texts.collect::<Vec<_>>().join("\n")
    };
    let tells = [
        ("the log", log),
        ("metrics", metrics),
        ("traces", bodies(&sent)),
        ("notifications", bodies(&messages)),
        ("spans", format!("{spans:?}")),
    ];

    // What a query answered.
    for (what, text) in &tells {
        assert!(!text.contains(IN_AN_ANSWER), "{what}: {text}");
    }
    assert!(
        world.state_holds(IN_AN_ANSWER).unwrap(),
        "the record holds what was answered"
    );

    // What must be nowhere.
    for command in [
        &["runs", "show", &run, "--calls", "--json"][..],
        &["plan", "show", &plan],
        &["journal", "export", "--out", "exported"],
        &["replay", &run, "--json"],
        &["doctor"],
    ] {
        let ran = bob(world, command).await;
        outputs.push((command.join(" "), ran.everything()));
    }
    outputs.push(("the export".to_owned(), text(world, "exported")));
    let tells = tells.iter().map(|(what, text)| (*what, text.as_str()));
    let outputs = outputs
        .iter()
        .map(|(what, text)| (what.as_str(), text.as_str()));
    for (what, text) in tells.chain(outputs) {
        for secret in told.secrets() {
            assert!(!text.contains(&secret), "{what} holds {secret}: {text}");
        }
    }
    for secret in told.secrets() {
        assert!(
            !world.state_holds(&secret).unwrap(),
            "the state holds {secret}"
        );
    }

    one_trace(&spans, world.cast().server, &run, &plan);
}

/// From the tool's call through run and step to each call; and the change below its own request.
fn one_trace(spans: &[otlp::Span], server: &str, run: &str, plan: &str) {
    let named = |name: &str| {
        let found: Vec<_> = spans.iter().filter(|one| one.name == name).collect();
        assert_eq!(found.len(), 1, "{name}: {spans:#?}");
        found[0]
    };
    let tool = named("tools/call run_postgres_connections");
    assert_eq!((tool.trace.as_str(), tool.parent.as_str()), (TRACE, CALLER));
    assert_eq!(tool.get("interlock.caller"), Asker::Agent.name());
    assert_eq!(tool.get("network.transport"), "tcp");
    let whole = named("run");
    assert_eq!(whole.get("interlock.runbook"), "postgres-connections");
    assert_eq!(whole.parent, tool.id);
    assert_eq!(whole.get("interlock.run"), run);
    assert_eq!(whole.get("interlock.outcome"), "planned");
    let below = |parent: &otlp::Span| -> Vec<&otlp::Span> {
        spans.iter().filter(|one| one.parent == parent.id).collect()
    };
    let steps = below(whole);
    let names: Vec<&str> = steps.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["step diagnose", "step remediate"]);
    let calls = below(steps[0]);
    assert!(
        calls
            .iter()
            .all(|one| one.kind == "client" && one.trace == TRACE)
    );
    let sessions = calls.iter().find(|one| one.name == "database.sessions");
    let sessions = sessions.unwrap_or_else(|| panic!("no sessions: {calls:#?}"));
    assert_eq!(sessions.get("interlock.target"), server);
    assert_eq!(sessions.get("db.system.name"), "postgresql");
    assert_eq!(sessions.get("error.type"), "");
    // Nothing watches this world: a call that had no source says so, and not what it asked.
    let gap = calls.iter().find(|one| one.name.starts_with("metrics."));
    let gap = gap.unwrap_or_else(|| panic!("no metrics: {calls:#?}"));
    assert_eq!(gap.get("error.type"), "no_source");
    assert!(gap.failed);

    let route = named("POST /plans/{plan}/apply");
    assert_eq!(route.kind, "server");
    assert_eq!(route.get("http.response.status_code"), "200");
    let change = named("apply");
    assert_eq!(change.parent, route.id);
    assert_eq!(change.get("interlock.plan"), plan);
    let acts = below(change);
    let acts: Vec<_> = acts.iter().filter(|one| one.kind == "client").collect();
    assert!(!acts.is_empty());
    assert!(acts.iter().all(|one| one.name == "database.terminate"));
    assert_eq!(acts[0].get("interlock.outcome"), "done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_tells_nothing_twice_and_a_dead_receiver_holds_nothing_up() {
    let mut told = Told::start().await;
    let mut served = told.serve().await;
    let ran = run(&served, told.world.cast().server).await;
    let plan = ran["plan"]["plan"].as_str().unwrap().to_owned();
    told.message("waits for approval");
    assert_eq!(served.stop().await.unwrap(), 0);

    // The receiver of traces is gone, and the login that would act fails.
    drop(std::mem::replace(
        &mut told.traces,
        Receiver::start().unwrap(),
    ));
    let nowhere = format!("postgresql://u:{IN_THE_DSN}@127.0.0.1:1/postgres?sslmode=disable");
    let write = told.world.write("secrets/write.dsn", &nowhere, 0o600);
    write.unwrap();
    let mut served = told.serve().await;
    let shown = Ask::get(&format!("/plans/{plan}")).by(Asker::Agent);
    shown.to(served.port()).await.expect(200);
    let key = told.world.people.key(Person::Alice).display().to_string();
    let word = ran["plan"]["confirm"].as_str().unwrap();
    let decides = |decision: &'static str| {
        let reason = ["--reason", "<now> is @here"];
        let line = [decision, plan.as_str(), "--key", &key, "--confirm", word];
        [&line[..], &reason].concat()
    };
    bob(&told.world, &decides("approve")).await.expect(0);
    told.message("every approval");
    let apply = Ask::post(&format!("/plans/{plan}/apply"), &json!({})).by(Asker::Agent);
    let refused = apply.to(served.port()).await;
    assert!(refused.status >= 400, "{refused:?}");
    assert!(!format!("{refused:?}").contains(IN_THE_DSN), "{refused:?}");
    bob(&told.world, &decides("revoke")).await.expect(0);
    let withdrawn = told.message("is withdrawn");
    assert!(withdrawn.contains("By alice"), "{withdrawn}");
    assert!(
        withdrawn.contains("&lt;now&gt; is \\u{40}here"),
        "{withdrawn}"
    );
    let waits = told.hook.received();
    let waits = waits
        .iter()
        .filter(|one| String::from_utf8_lossy(&one.body).contains("waits for approval"));
    assert_eq!(waits.count(), 1, "told once");
    let began = std::time::Instant::now();
    assert_eq!(served.stop().await.unwrap(), 0);
    assert!(
        began.elapsed() < Duration::from_secs(15),
        "{:?}",
        began.elapsed()
    );
    let log = text(&told.world, "log");
    assert!(log.contains("traces are not delivered"), "{log}");
    assert!(!log.contains(IN_THE_DSN), "{log}");
}
