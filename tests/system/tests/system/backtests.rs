//! A runbook over incidents whose causes are known, and the policy that demands it.

use std::fs;

use interlock_system_tests::{ALERTS_ONCE, Doorstep, METRIC_ONCE};
use interlock_test_servers::repository;
use serde_json::Value;

const RUNBOOK: &str = "locate-root-cause";

async fn json(host: &Doorstep, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = host
        .command(arguments)
        .arg("--json")
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    (output.status.code(), document)
}

/// A host with the sample as its corpus, and the built runbook's folder.
async fn with_corpus() -> (Doorstep, String) {
    let host = Doorstep::new(ALERTS_ONCE, "", "").unwrap();
    let sample = repository().join("tests/corpus/petshop-sample");
    let sample = sample.to_str().unwrap();
    let (code, _) = json(
        &host,
        &[
            "incidents",
            "import",
            "--format",
            "petshop",
            sample,
            "--out",
            "corpus",
        ],
    )
    .await;
    assert_eq!(code, Some(0));
    interlock_test_servers::runbook(RUNBOOK).unwrap();
    let runbook = repository().join("runbooks").join(RUNBOOK);
    let runbook = runbook.to_str().unwrap().to_owned();
    (host, runbook)
}

#[tokio::test]
async fn a_backtest_counts_repeats_compares_and_keeps() {
    let (host, runbook) = with_corpus().await;
    let (code, first) = json(&host, &["backtest", &runbook, "--corpus", "corpus"]).await;
    assert_eq!(code, Some(0), "{first:#}");
    assert_eq!(first["schema"], "interlock.backtest.v1");
    assert_eq!(
        (&first["incidents"], &first["right_first"]["of"]),
        (&6.into(), &6.into())
    );
    let cases = first["cases"].as_array().unwrap();
    for case in cases {
        assert!(
            case["failed"].is_null() && case["verdict"] != "failed",
            "{case:#}"
        );
    }
    let right = cases
        .iter()
        .filter(|case| case["verdict"] == "right")
        .count();
    assert_eq!(first["right_first"]["hits"], right);
    // The same build over the same corpus.
    fs::write(
        host.path("before.json"),
        serde_json::to_vec(&first).unwrap(),
    )
    .unwrap();
    let against = [
        "backtest",
        &runbook,
        "--corpus",
        "corpus",
        "--against",
        "before.json",
    ];
    let (_, again) = json(&host, &against).await;
    assert_eq!(again["against"]["same"], 6, "{again:#}");
    assert_eq!(again["against"]["same_corpus"], true);
    let (_, built) = json(
        &host,
        &[
            "backtest",
            &runbook,
            "--corpus",
            "corpus",
            "--against",
            &runbook,
            "--jobs",
            "1",
        ],
    )
    .await;
    assert_eq!(built["against"]["same"], 6, "{built:#}");
    // Nothing was journalled until it is asked for.
    let (_, kept) = json(
        &host,
        &[
            "backtest", &runbook, "--corpus", "corpus", "--keep", "--svg", "plot.svg",
        ],
    )
    .await;
    assert_eq!(kept["kept"], true, "{kept:#}");
    let plot = fs::read_to_string(host.path("plot.svg")).unwrap();
    assert!(plot.starts_with("<svg") && plot.ends_with("</svg>\n"));
    let (code, verified) = json(&host, &["journal", "verify"]).await;
    assert_eq!(code, Some(0), "{verified:#}");
}

#[tokio::test]
async fn what_cannot_be_run_over_says_what_to_do() {
    let (host, runbook) = with_corpus().await;
    for (arguments, said) in [
        (
            vec!["backtest", &runbook, "--corpus", "nowhere"],
            "incidents import",
        ),
        (
            vec!["backtest", "./nowhere/", "--corpus", "corpus"],
            "nowhere",
        ),
        (
            vec![
                "backtest",
                &runbook,
                "--corpus",
                "corpus",
                "--against",
                "interlock.toml",
            ],
            "--json",
        ),
    ] {
        let output = host.command(&arguments).output().await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(said), "{text}");
    }
}

#[tokio::test]
async fn a_changed_step_on_an_old_record_invents_no_answer() {
    let host = Doorstep::new(ALERTS_ONCE, "", "").unwrap();
    host.install("changed", METRIC_ONCE).unwrap();
    let (_, run) = json(&host, &["run", Doorstep::RUNBOOK]).await;
    let run = run["run"].as_str().unwrap();
    let same = format!("runbooks/{}/components/diagnose.wasm", Doorstep::RUNBOOK);
    let (code, again) = json(&host, &["replay", run, "--component", &same]).await;
    assert_eq!(code, Some(0), "{again:#}");
    assert_eq!(again["same_conclusion"], true);
    assert_eq!(again["could_not_check"], serde_json::json!([]));
    let changed = "runbooks/changed/components/diagnose.wasm";
    let (code, other) = json(&host, &["replay", run, "--component", changed]).await;
    assert!(matches!(code, Some(0 | 5)), "{other:#}");
    assert_eq!(other["schema"], "interlock.replay-changed.v1");
    let missed = other["could_not_check"].as_array().unwrap();
    assert_eq!(missed.len(), 1, "{other:#}");
    assert_eq!(missed[0]["capability"], "metrics.instant");
    // Nothing of it is in the journal, and the run is as it was.
    let (code, plain) = json(&host, &["replay", run]).await;
    assert_eq!((code, &plain["same"]), (Some(0), &true.into()));
    let output = host
        .command(&["replay", run, "--component", "interlock.toml"])
        .output()
        .await
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
}
