//! Every command that README and docs show is run, in their order, in a working place as they assume it.

use std::fs;
use std::path::Path;

use interlock_system_tests::{Person, Ran, Served, World, interlock_binary};
use interlock_test_servers::repository;

use crate::seen::alive;
use crate::waiting::{Waiting, bob, full, ssh_keygen, started};

/// Where the docs say that a server listens.
const SHOWN_URL: &str = "http://127.0.0.1:7433";
/// The plan and the word that the docs show.
const SHOWN_PLAN: &str = "9f3ac2e1b704";
const SHOWN_WORD: &str = "orders-db 2";

/// One `$` line, and where it stands.
#[derive(Debug)]
struct Shown {
    place: String,
    words: Vec<String>,
}

/// The words of a line; double quotes hold one together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (number, part) in line.split('"').enumerate() {
        if number % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// The `$` lines of a document's console blocks.
fn shown(file: &str) -> Vec<Shown> {
    let text = fs::read_to_string(repository().join(file)).unwrap();
    let mut inside = false;
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if let Some(fence) = line.strip_prefix("```") {
            inside = fence == "console";
        } else if inside && let Some(command) = line.strip_prefix("$ ") {
            found.push(Shown {
                place: format!("{file}:{}", number + 1),
                words: words(command),
            });
        }
    }
    found
}

/// Runs a shown line with what it shows replaced by what there is.
async fn run(world: &World, waiting: &Waiting, served: Option<&Served>, shown: &Shown) -> Ran {
    let line: Vec<String> = shown
        .words
        .iter()
        .map(|word| {
            word.replace(SHOWN_PLAN, waiting.short())
                .replace(SHOWN_WORD, &waiting.word)
                .replace(SHOWN_URL, served.map_or(SHOWN_URL, |served| &served.url))
        })
        .collect();
    let (program, arguments) = line.split_first().unwrap();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match program.as_str() {
        "interlock" => bob(world, &arguments).await,
        "ssh-keygen" => ssh_keygen(&world.path(""), &arguments),
        other => panic!("{}: `{other}` is not for a document", shown.place),
    }
}

/// The shown proxy, with a client behind it that says what it can and asks for the tools.
async fn asks_for_tools(world: &World, served: &Served, shown: &Shown) {
    use std::process::Stdio;
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    let line: Vec<String> = shown
        .words
        .iter()
        .skip(1)
        .map(|word| word.replace(SHOWN_URL, &served.url))
        .collect();
    let mut command = world.command(Person::Bob, &world.path("bin/interlock"));
    let mut proxy = command
        .args(&line)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut to = proxy.stdin.take().unwrap();
    let mut from = BufReader::new(proxy.stdout.take().unwrap()).lines();
    let hello = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"docs","version":"1"}}}"#;
    let initialized = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    let list = r#"{"jsonrpc":"2.0","id":2,"method":"tools/list","params":{}}"#;
    for message in [&[hello][..], &[initialized, list]] {
        to.write_all(format!("{}\n", message.join("\n")).as_bytes())
            .await
            .unwrap();
        let answer = loop {
            let line = from.next_line().await.unwrap().unwrap();
            let answer: serde_json::Value = serde_json::from_str(&line).unwrap();
            if answer.get("id").is_some() {
                break answer;
            }
        };
        assert!(answer.get("error").is_none(), "{}: {answer}", shown.place);
        if answer["id"] == 2 {
            let tools = answer["result"]["tools"].as_array().unwrap();
            let has = |name: &str| tools.iter().any(|tool| tool["name"] == name);
            assert!(
                has("run_postgres_connections") && has("apply_plan"),
                "{tools:#?}"
            );
        }
    }
    drop(to);
    assert!(proxy.wait().await.unwrap().success(), "{}", shown.place);
}

/// Pastes the lines that `keygen --bearer` prints into the policy, as it says.
fn paste(world: &World, printed: &Ran) {
    let at = printed.stdout.find("[[caller]]").unwrap();
    let policy = world.path("policies/postgres.toml");
    let policy = fs::read_to_string(policy).unwrap();
    let policy = format!("{policy}\n{}", &printed.stdout[at..]);
    world
        .write("policies/postgres.toml", &policy, 0o644)
        .unwrap();
}

/// Whether a line is about a new runbook: it needs a toolchain, and a home that has one.
fn builds(shown: &Shown) -> bool {
    let [program, command, rest @ ..] = &shown.words[..] else {
        return false;
    };
    let runbook = rest.first().is_some_and(|word| word == "disk-full");
    program == "interlock" && runbook && ["new", "build", "inspect"].contains(&command.as_str())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_that_the_docs_show_works_as_shown() {
    let world = started(full()).await;
    let config = fs::read_to_string(world.path("interlock.toml")).unwrap();
    let config = format!("{config}\n[server]\nlisten = \"127.0.0.1:0\"\n");
    world.write("interlock.toml", &config, 0o644).unwrap();
    // The place that the docs speak of: Alice's key here, and the policy with its table of tests.
    let key = fs::read_to_string(world.people.key(Person::Alice)).unwrap();
    world.write("alice", &key, 0o600).unwrap();
    let table = TABLE
        .replace("ROLE", world.cast().suspect.role)
        .replace("DATABASE", world.cast().database)
        .replace("SERVER", world.cast().server);
    world
        .write("policies/postgres.test.toml", &table, 0o644)
        .unwrap();
    let whole = Waiting::of(&world).await;
    let guilty = world.incident.guilty.clone();

    let mut ran = 0;
    // Approving comes last: after it the plan is carried out.
    let order = [
        "README.md",
        "docs/authors.md",
        "docs/policy.md",
        "docs/agents.md",
        "docs/approvers.md",
        "docs/formats.md",
    ];
    let mut waiting = whole.narrowed(&world, "1-2").await;
    for file in order {
        // As long as the document is about it.
        let mut served = None;
        for shown in shown(file) {
            if builds(&shown) {
                continue;
            }
            ran += 1;
            let is = |word: &str| shown.words.get(1).is_some_and(|second| second == word);
            if is("serve") {
                served = Some(world.serve().await.unwrap());
                continue;
            }
            if is("mcp") {
                asks_for_tools(&world, served.as_ref().unwrap(), &shown).await;
                continue;
            }
            let done = run(&world, &waiting, served.as_ref(), &shown).await;
            assert_eq!(done.code, 0, "{}: {done:#?}", shown.place);
            if shown.words.iter().any(|word| word == "--bearer") {
                paste(&world, &done);
            }
            if is("reject") {
                // What follows is about a plan that was not rejected.
                waiting = Waiting::of(&world).await;
            }
        }
    }
    assert!(ran > 15, "the docs show less than they did: {ran}");
    let left = alive(&world, &guilty).await;
    assert_eq!(
        left,
        Vec::<i32>::new(),
        "what the docs apply is carried out"
    );
}

/// Runs a file's lines about a new runbook in an empty folder.
fn built(file: &str) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let binary = interlock_binary().unwrap();
    // What every other step was built with is not built again.
    let target = binary.ancestors().nth(2).unwrap();
    let lines: Vec<Shown> = shown(file).into_iter().filter(builds).collect();
    for line in &lines {
        let done = std::process::Command::new(&binary)
            .args(&line.words[1..])
            .current_dir(folder.path())
            .env("CARGO_TARGET_DIR", target)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}: {done:#?}", line.place);
    }
    lines.len()
}

#[test]
fn a_new_runbook_is_written_and_built_as_the_docs_show() {
    assert_eq!(built("README.md"), 2);
    assert_eq!(built("docs/authors.md"), 3);
}

/// A table of the world's own policy.
const TABLE: &str = r#"version = 1

[[case]]
name = "a stuck session waits for one sre"
runbook = "postgres-connections"
capability = "database.terminate"
target = "SERVER/client"
arguments = { role = "ROLE", database = "DATABASE", only_if_state = "idle in transaction", transaction_age_s = 842 }
requester = "bob"
verdict = "approval_required"
rule = "end stuck sessions"
"#;

#[test]
fn every_file_and_heading_that_the_docs_link_to_exists() {
    let root = repository();
    let mut files = vec![
        "README.md".to_owned(),
        "ARCHITECTURE.md".into(),
        "SECURITY.md".into(),
    ];
    for entry in fs::read_dir(root.join("docs")).unwrap() {
        let name = entry.unwrap().file_name();
        files.push(format!("docs/{}", name.to_string_lossy()));
    }
    let mut links = 0;
    for file in files {
        let text = fs::read_to_string(root.join(&file)).unwrap();
        let folder = Path::new(&file).parent().unwrap().to_owned();
        for part in text.split("](").skip(1) {
            let target = part.split(')').next().unwrap_or_default();
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") {
                continue;
            }
            links += 1;
            assert!(
                root.join(&folder).join(path).exists(),
                "{file} links to {target}"
            );
        }
    }
    assert!(links > 5);
}
