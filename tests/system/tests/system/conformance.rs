//! The protocol's own conformance suite, for what it covers of a server that is a product: scenarios
//! that ask for tools of the suite's own names cannot be.

use std::collections::BTreeMap;
use std::process::Stdio;

use interlock_system_tests::{ALERTS_ONCE, Asker, Doorstep, node_tool};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

/// The suite's scenarios that ask nothing of a server but the protocol.
const COVERED: [&str; 7] = [
    "server-initialize",
    "ping",
    "tools-list",
    "resources-list",
    "prompts-list",
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

    let mut report = BTreeMap::new();
    for scenario in COVERED {
        let output = Command::new(&node)
            .arg(&suite)
            .args(["server", "--url", &url, "--scenario", scenario])
            .current_dir(doorstep.path(""))
            .stdin(Stdio::null())
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{scenario}: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let passed = said
            .lines()
            .find(|line| line.contains("passed"))
            .unwrap_or_default();
        report.insert(scenario, passed.trim().to_owned());
    }
    let report: String = report
        .iter()
        .map(|(scenario, passed)| format!("{scenario}: {passed}\n"))
        .collect();
    insta::assert_snapshot!("conformance", report);
}
