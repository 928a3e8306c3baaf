//! The protocol's own conformance suite, for what it covers of a server that is a product: scenarios
//! that ask for tools of the suite's own names cannot be.

use std::process::Stdio;

use interlock_system_tests::{ALERTS_ONCE, Asker, Doorstep, node_tool};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// The suite's scenarios that ask nothing of a server but the protocol.
const COVERED: [&str; 8] = [
    "server-initialize",
    "ping",
    "tools-list",
    "resources-list",
    "prompts-list",
    "server-sse-polling",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_conformance_suite_passes_for_what_it_covers() {
    let doorstep = Doorstep::new(ALERTS_ONCE, "", "").unwrap();
    let served = doorstep.serve().await.unwrap();
    let (node, suite) = node_tool("@modelcontextprotocol/conformance/dist/index.js").unwrap();

    // The suite has no way to send a token: a proxy of ours adds it.
    let bearer = concat!(env!("CARGO_MANIFEST_DIR"), "/../agents/bearer.mjs");
    let mut proxy = Command::new(&node)
        .args([bearer, &served.port().to_string(), Asker::Agent.token()])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(proxy.stdout.take().unwrap()).lines();
    let url = format!("{}/mcp", lines.next_line().await.unwrap().unwrap());

    let output = Command::new(&node)
        .arg(&suite)
        .args(["server", "--url", &url, "--suite", "all"])
        .current_dir(doorstep.path(""))
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, summary) = said.split_once("=== SUMMARY ===").unwrap_or(("", &said));
    // `✓ ping: 1 passed, 0 failed`, with the colours of a terminal or without.
    let report: Vec<&str> = summary
        .lines()
        .filter(|line| line.contains(" passed, "))
        .filter_map(|line| line.split_once(['✓', '✗']))
        .map(|(_, line)| line.trim_start_matches("\u{1b}[0m").trim())
        .collect();
    for scenario in COVERED {
        let line = report
            .iter()
            .find(|line| line.starts_with(&format!("{scenario}: ")));
        assert!(
            line.is_some_and(|line| line.ends_with(", 0 failed")),
            "{scenario}: {line:?} in {said}"
        );
    }
    // The others ask for fixtures by name: a tool `test_simple_text`, a resource
    // `test://static-text`, a prompt `test_simple_prompt`; three ask the model behind the client,
    // which this server never does.
    insta::assert_snapshot!("conformance", report.join("\n"));
}
