//! A runbook over incidents whose causes are known, and the policy that demands it.

use std::fs;

use interlock_system_tests::{ALERTS_ONCE, Doorstep, METRIC_ONCE, World};
use interlock_test_servers::{Plot, repository, step};
use serde_json::Value;

use crate::seen::RUN;
use crate::waiting::bob;

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

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_shown_to_be_right_proposes_nothing_until_it_is() {
    const LIMITS: &str = "limits = { per_run = 60, per_hour = 120 }";
    let demand = format!(
        "{LIMITS}\nbacktest = {{ cases = 1, top1_percent = 80, confident_wrong_percent = 2 }}"
    );
    let world = World::build(Plot::IdleInTransaction)
        .policy(LIMITS, &demand)
        .start()
        .await
        .unwrap();
    let refused = bob(&world, &RUN).await.expect(4).json();
    let why = refused["refused"][0].as_str().unwrap();
    assert!(
        why.contains("none is kept; missing: `interlock backtest postgres-connections"),
        "{why}"
    );
    let run = refused["run"].as_str().unwrap();
    let record = [
        "incidents",
        "record",
        "--run",
        run,
        "--out",
        "corpus",
        "--json",
    ];
    let recorded = bob(&world, &record).await.expect(0).json();
    let place = recorded["bundle"].as_str().unwrap();
    let truth = "schema = \"interlock.truth.v1\"\ncause = \"idle_in_transaction\"\n";
    world
        .write(&format!("{place}/truth.toml"), truth, 0o644)
        .unwrap();
    let keep = [
        "backtest",
        "postgres-connections",
        "--corpus",
        "corpus",
        "-i",
        "stuck_after=2s",
        "-i",
        "lookback=10m",
        "--keep",
    ];
    bob(&world, &keep).await.expect(0);
    let planned = bob(&world, &RUN).await.expect(3).json();
    let run = planned["run"].as_str().unwrap();
    // The same bytes on the record of their own run come to the same causes and the same changes.
    for name in ["diagnose", "remediate"] {
        let component = step(name).unwrap();
        let component = component.to_str().unwrap();
        let replay = ["replay", run, "--component", component, "--json"];
        let again = bob(&world, &replay).await.expect(0).json();
        assert_eq!(again["step"], name);
        assert_eq!(again["same_conclusion"], true, "{again:#}");
        assert_eq!(again["same_actions"], true, "{again:#}");
        let actions = again["would"]["actions"].as_array().unwrap();
        assert_eq!(
            actions.len(),
            planned["plan"]["actions"].as_u64().unwrap() as usize
        );
        assert_eq!(again["could_not_check"], serde_json::json!([]));
    }
    bob(&world, &["journal", "verify"]).await.expect(0);
}
