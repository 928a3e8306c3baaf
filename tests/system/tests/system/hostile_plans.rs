//! Plans under attack: somebody else's id, a state that a client made up, a token touched on its way,
//! other code in the folder, a server killed at work.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use interlock_system_tests::{Asker, Person, Served, World, WorldBuilder};
use interlock_test_servers::Plot;
use serde_json::{Value, json};

use crate::seen::{alive, sorted};
use crate::waiting::{Waiting, bob};
use crate::wire::{Answer, Ask, Wire};

/// Limits that are not what these tests are about.
const WIDE: &str =
    "limits = { calls_per_minute = 100000, runs_per_minute = 1000, runs_at_once = 64 }";

fn full() -> WorldBuilder {
    World::build(Plot::IdleInTransaction)
        .unwatched()
        .served(WIDE)
}

fn ask_for_a_run(world: &World) -> Ask {
    let inputs = json!({"server": world.cast().server, "stuck_after": "2s"});
    Ask::post(
        "/runs",
        &json!({"runbook": "postgres-connections", "inputs": inputs}),
    )
}

/// The plan that waits after the agent's run.
async fn waiting(world: &World, served: &Served) -> Waiting {
    let port = served.port();
    let begun = ask_for_a_run(world).by(Asker::Agent).to(port).await.json();
    let run = begun["run"].as_str().unwrap().to_owned();
    let asked = Instant::now();
    let plan = loop {
        let shown = Ask::get(&format!("/runs/{run}"))
            .by(Asker::Agent)
            .to(port)
            .await;
        let shown = shown.expect(200).json();
        if shown["state"] != "running" {
            break shown["plan"].clone();
        }
        assert!(asked.elapsed() < Duration::from_secs(60), "{shown:#}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    Waiting {
        run,
        plan: plan["plan"].as_str().unwrap().to_owned(),
        word: plan["confirm"].as_str().unwrap().to_owned(),
    }
}

async fn apply(served: &Served, plan: &str, asker: Asker) -> Value {
    let ask = Ask::tool("apply_plan", &json!({"plan": plan})).by(asker);
    ask.to(served.port()).await.expect(200).result()
}

async fn state(served: &Served, plan: &str) -> String {
    let ask = Ask::get(&format!("/plans/{plan}")).by(Asker::Agent);
    let shown = ask.to(served.port()).await.expect(200).json();
    shown["state"].as_str().unwrap().to_owned()
}

/// Alice's approval as a file that anyone could carry.
async fn token(world: &World, waiting: &Waiting) -> Value {
    let folder = world.path("carried");
    if !folder.exists() {
        world.make_folder("carried", Person::Bob).unwrap();
    }
    let file = folder.join("token.json");
    let key = world.people.key(Person::Alice).display().to_string();
    let out = file.display().to_string();
    let sign = [
        "approve",
        &waiting.plan,
        "--key",
        &key,
        "--confirm",
        &waiting.word,
    ];
    let sign = [&sign[..], &["--reason", "read c2", "--out", &out]].concat();
    bob(world, &sign).await.expect(0);
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

async fn upload(served: &Served, plan: &str, token: &Value, asker: Asker) -> Answer {
    let ask = Ask::post(&format!("/plans/{plan}/tokens"), token).by(asker);
    ask.to(served.port()).await
}

/// Entries of the journal, which must hold.
async fn entries(world: &World) -> u64 {
    let verified = bob(world, &["journal", "verify", "--json"]).await.expect(0);
    verified.json()["entries"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_word_of_a_client_approves_and_no_other_caller_carries_out() {
    let world = full().start().await.unwrap();
    let served = world.serve().await.unwrap();
    let port = served.port();
    let guilty = sorted(&world.incident.guilty);
    let waits = waiting(&world, &served).await;
    let plan = waits.plan.as_str();

    // A state that the client made up.
    for extra in [
        json!({"state": "approved"}),
        json!({"state": "pending", "approved": true}),
        json!({"approved_by": ["alice"], "tokens": [{"decision": "approve"}]}),
        json!({"force": true}),
        json!({"plan": plan, "decision": "approve"}),
    ] {
        let ask = Ask::post(&format!("/plans/{plan}/apply"), &extra).by(Asker::Agent);
        let refused = ask.to(port).await;
        assert!((400..500).contains(&refused.status), "{extra}: {refused:?}");
        let mut arguments = extra.clone();
        arguments["plan"] = json!(plan);
        let asked = Ask::tool("apply_plan", &arguments)
            .by(Asker::Agent)
            .to(port)
            .await;
        let done = asked.body.contains("\"result\":\"done\"");
        assert!(
            !done && state(&served, plan).await == "waiting",
            "{extra}: {asked:?}"
        );
    }
    // An answer to a question that nobody asked, and methods that do not exist.
    for message in [
        json!({"jsonrpc": "2.0", "id": 1, "result": {"action": "accept", "content": {"approve": true}}}),
        json!({"jsonrpc": "2.0", "method": "notifications/plan/approved", "params": {"plan": plan}}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "plan/approve", "params": {"plan": plan}}),
        json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": {"name": "approve_plan", "arguments": {"plan": plan}}}),
    ] {
        Ask::mcp(message.to_string())
            .by(Asker::Agent)
            .to(port)
            .await;
        assert_eq!(state(&served, plan).await, "waiting", "{message}");
    }
    for (method, path) in [("approve", "plans"), ("reject", "plans"), ("sign", "plans")] {
        let ask = Ask::post(&format!("/{path}/{plan}/{method}"), &json!({})).by(Asker::Agent);
        assert_eq!(ask.to(port).await.status, 404, "{method}");
    }

    // A thousand times: each a finished answer, and the journal does not grow by them.
    let before = entries(&world).await;
    let tasks: Vec<_> = (0..10)
        .map(|_| {
            let ask = Ask::tool("apply_plan", &json!({"plan": plan})).by(Asker::Agent);
            tokio::spawn(async move {
                let mut wire = Wire::open(port).await;
                for _ in 0..100 {
                    let result = wire.ask(&ask).await.expect(200).result();
                    let document = &result["structuredContent"];
                    assert_eq!(document["result"], "approval_required", "{result:#}");
                    assert_eq!(result["resultType"], "complete", "{result:#}");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(
        entries(&world).await,
        before,
        "a refusal each would flood the journal"
    );

    // A token edited in transit is not kept; the one that was signed is, whoever carries it.
    let signed = token(&world, &waits).await;
    let payload = STANDARD
        .decode(signed["payload"].as_str().unwrap())
        .unwrap();
    let text = String::from_utf8(payload).unwrap();
    let with = |text: String| {
        let mut edited = signed.clone();
        edited["payload"] = json!(STANDARD.encode(text));
        edited
    };
    let other_plan = format!("sha256:{}", "0".repeat(64));
    let mut edited = vec![
        with(text.replace("\"alice\"", "\"carol\"")),
        with(text.replace(plan, &other_plan)),
        with(text.replace("read c2", "read c3")),
        with(text.replacen("pid\":", "pid\":1", 1)),
        with(text.replace("\"approve\"", "\"undo\"")),
        json!({"payload": signed["payload"], "signature": ""}),
        json!({"payload": signed["payload"]}),
        json!({}),
        json!([signed]),
    ];
    let armored = signed["signature"].as_str().unwrap();
    let mut flipped = signed.clone();
    flipped["signature"] = json!(armored.replacen('A', "B", 3));
    edited.push(flipped);
    for token in edited {
        let refused = upload(&served, plan, &token, Asker::Agent).await;
        assert!((400..500).contains(&refused.status), "{token}: {refused:?}");
        let waits = apply(&served, plan, Asker::Agent).await;
        assert_eq!(
            waits["structuredContent"]["result"], "approval_required",
            "{token}"
        );
    }
    upload(&served, plan, &signed, Asker::Other)
        .await
        .expect(200);

    // Approved, and still nobody else's to carry out.
    for asker in [Asker::Other, Asker::Page, Asker::Alerts] {
        let stolen = apply(&served, plan, asker).await;
        assert_eq!(stolen["isError"], true, "{asker:?}: {stolen:#}");
        let code = stolen["structuredContent"]["code"]
            .as_str()
            .unwrap_or_default();
        assert!(["not_allowed", "read_only"].contains(&code), "{stolen:#}");
    }
    assert_eq!(state(&served, plan).await, "waiting");
    assert_eq!(
        alive(&world, &guilty).await,
        guilty,
        "nothing was changed by any of it"
    );

    // Twenty at once: one carries it out.
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let ask = Ask::tool("apply_plan", &json!({"plan": plan})).by(Asker::Agent);
            tokio::spawn(async move { ask.to(port).await.expect(200).result() })
        })
        .collect();
    let mut done = 0;
    for task in tasks {
        let result = task.await.unwrap();
        done += usize::from(result["structuredContent"]["result"] == "done");
    }
    assert_eq!(done, 1);
    assert_eq!(alive(&world, &guilty).await, Vec::<i32>::new());
    let innocent = &world.incident.innocent;
    assert_eq!(alive(&world, innocent).await, sorted(innocent));
    acted_once(&world, &waits.run).await;
}

/// No action of a run was tried twice, in a journal that holds.
async fn acted_once(world: &World, run: &str) {
    entries(world).await;
    let out = world.path("journal.jsonl").display().to_string();
    let _ = std::fs::remove_file(&out);
    bob(world, &["journal", "export", "--out", &out])
        .await
        .expect(0);
    let mut intents: BTreeMap<String, usize> = BTreeMap::new();
    for line in std::fs::read_to_string(&out).unwrap().lines() {
        // An entry stands behind its hash.
        let json = line.split_once(' ').map_or("", |(_, json)| json);
        let entry: Value = serde_json::from_str(json).unwrap_or_default();
        if entry["kind"] == "intent" {
            let key = format!("{} {} {}", entry["plan"], entry["for"], entry["index"]);
            *intents.entry(key).or_default() += 1;
        }
    }
    assert!(!intents.is_empty(), "{run}: nothing was tried");
    assert!(
        intents.values().all(|count| *count == 1),
        "{run}: {intents:#?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runbook_replaced_between_plan_and_apply_carries_nothing_out() {
    let world = full().start().await.unwrap();
    let served = world.serve().await.unwrap();
    let guilty = sorted(&world.incident.guilty);
    let waits = waiting(&world, &served).await;
    let signed = token(&world, &waits).await;
    upload(&served, &waits.plan, &signed, Asker::Other)
        .await
        .expect(200);

    let folder = "runbooks/postgres-connections/components";
    let component = world.path(&format!("{folder}/remediate.wasm"));
    let was = std::fs::read(&component).unwrap();
    let verify = std::fs::read(world.path(&format!("{folder}/verify.wasm"))).unwrap();
    // The same code with another custom section at its end is other bytes already.
    let padded = [&was[..], &[0, 3, 1, b'x', b'y']].concat();
    for other in [&verify[..], &padded, b"no component at all"] {
        std::fs::write(&component, other).unwrap();
        let refused = apply(&served, &waits.plan, Asker::Agent).await;
        assert_eq!(refused["isError"], true, "{refused:#}");
        assert_eq!(alive(&world, &guilty).await, guilty, "nothing was changed");
    }
    // With the bytes that were approved back in place, so is the approval.
    std::fs::write(&component, was).unwrap();
    let applied = apply(&served, &waits.plan, Asker::Agent).await;
    assert_eq!(
        applied["structuredContent"]["result"], "done",
        "{applied:#}"
    );
    acted_once(&world, &waits.run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_under_load_goes_on_after_its_start_and_acts_no_act_twice() {
    let world = full().start().await.unwrap();
    let guilty = sorted(&world.incident.guilty);
    let mut served = world.serve().await.unwrap();
    let waits = waiting(&world, &served).await;
    let signed = token(&world, &waits).await;
    upload(&served, &waits.plan, &signed, Asker::Other)
        .await
        .expect(200);
    // Killed at different moments of the act and of many runs.
    for after_ms in [5_u64, 40, 120, 300] {
        let port = served.port();
        let mut load = Vec::new();
        for number in 0..24 {
            let ask = match number % 4 {
                0 => Ask::tool("apply_plan", &json!({"plan": waits.plan})),
                1 => ask_for_a_run(&world),
                2 => Ask::get("/plans"),
                _ => Ask::get("/runs"),
            };
            load.push(tokio::spawn(async move {
                answered(port, &ask.by(Asker::Agent)).await
            }));
        }
        tokio::time::sleep(Duration::from_millis(after_ms)).await;
        served.kill().await;
        for task in load {
            task.await.unwrap();
        }
        served = world.serve().await.unwrap();
        entries(&world).await;
        let listed = Ask::get("/runs").by(Asker::Agent).to(served.port()).await;
        for run in listed.expect(200).json()["runs"].as_array().unwrap() {
            let over = run["ended_at"].is_string() || run["state"] == "running";
            assert!(over, "neither over nor carried on: {run:#}");
        }
    }
    // The plan is carried out whole, or stands in a doubt that a person settles; never twice.
    let stands = state(&served, &waits.plan).await;
    if stands == "waiting" {
        let applied = apply(&served, &waits.plan, Asker::Agent).await;
        assert_eq!(
            applied["structuredContent"]["result"], "done",
            "{applied:#}"
        );
    } else {
        let again = apply(&served, &waits.plan, Asker::Agent).await;
        assert_eq!(again["isError"], true, "{stands}: {again:#}");
    }
    acted_once(&world, &waits.run).await;
    let left = alive(&world, &guilty).await;
    let after = state(&served, &waits.plan).await;
    assert!(left.is_empty() || after != "applied", "{after}: {left:?}");
    let innocent = &world.incident.innocent;
    assert_eq!(alive(&world, innocent).await, sorted(innocent));
    // And it works on.
    let ask = Ask::tool("list_runbooks", &json!({})).by(Asker::Agent);
    let listed = ask.to(served.port()).await.expect(200).result();
    assert_ne!(listed["isError"], true, "{listed:#}");
    assert_eq!(served.stop().await.unwrap(), 0);
}

/// An answer, if the server lives long enough to give one.
async fn answered(port: u16, ask: &Ask) -> Option<Answer> {
    let mut wire = Wire::try_open(port).await?;
    wire.try_send(ask).await.ok()?;
    wire.hear().await
}
