//! What `GET /openapi.json` promises, held against the server by a program that is not ours.

use std::process::Stdio;

use interlock_system_tests::{ALERTS_ONCE, Asker, Doorstep, python_program};
use tokio::process::Command;

/// Enough that limits do not answer in the routes' place.
const LIMITS: &str =
    "limits = { calls_per_minute = 1000000, runs_per_minute = 100000, runs_at_once = 1000 }\n";

/// The runbook of the document's example.
const EXAMPLE: &str = "postgres-connections";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_one_that_the_openapi_document_names() {
    let host = Doorstep::new(ALERTS_ONCE, LIMITS, "").unwrap();
    // The document's own example runs it, so that there are runs and calls to ask for.
    host.install(EXAMPLE, ALERTS_ONCE).unwrap();
    let manifest = format!("runbooks/{EXAMPLE}/runbook.toml");
    let text = std::fs::read_to_string(host.path(&manifest)).unwrap();
    let text = text.replace(
        "[causes]",
        "[inputs]\nserver = { type = \"string\" }\n\n[causes]",
    );
    host.write(&manifest, text).unwrap();
    let served = host.serve().await.unwrap();
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../agents/schemathesis.toml");
    let output = Command::new(python_program("schemathesis").unwrap())
        .args(["--config-file", config, "run"])
        .arg(format!("{}/openapi.json", served.url))
        .args([
            "--header",
            &format!("Authorization: Bearer {}", Asker::Agent.token()),
        ])
        // The same cases each time; a failure names its own.
        .args(["--seed", "1", "--max-examples", "20", "--no-color"])
        .current_dir(host.path(""))
        .env("HOME", host.path(""))
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    // That it asked at all: every operation of the document, and each of them for real.
    let counted = |label: &str| {
        let line = said
            .lines()
            .find_map(|line| line.trim().strip_prefix(label));
        line.unwrap_or_default().trim().to_owned()
    };
    let tested = counted("Tested:");
    assert_eq!(counted("Selected:"), format!("{tested}/{tested}"), "{said}");
    assert!(
        tested.parse::<usize>().is_ok_and(|count| count >= 20),
        "{said}"
    );
}
