//! A real incident is recorded from its live sources, and a run of the recording concludes as the
//! live run did.

use interlock_system_tests::World;
use interlock_test_servers::Plot;

use crate::seen::RUN;
use crate::waiting::bob;

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_incident_concludes_as_it_did_live() {
    let world = World::build(Plot::IdleInTransaction).start().await.unwrap();
    let live = bob(&world, &RUN).await.expect(3).json();
    let run = live["run"].as_str().unwrap();
    let recorded = bob(
        &world,
        &[
            "incidents",
            "record",
            "--run",
            run,
            "--out",
            "corpus",
            "--json",
        ],
    )
    .await
    .expect(0)
    .json();
    assert_eq!(recorded["schema"], "interlock.recorded.v1", "{recorded:#}");
    let some = |field: &str| recorded[field].as_u64().is_some_and(|count| count > 0);
    for field in ["series", "values", "alerts", "calls"] {
        assert!(some(field), "{field}: {recorded:#}");
    }
    // A second recording overwrites nothing.
    let again = bob(
        &world,
        &["incidents", "record", "--run", run, "--out", "corpus"],
    )
    .await;
    assert!(again.expect(1).stderr.contains("exists already"));
    let place = recorded["bundle"].as_str().unwrap();
    let truth = "schema = \"interlock.truth.v1\"\ncause = \"idle_in_transaction\"\n";
    world
        .write(&format!("{place}/truth.toml"), truth, 0o644)
        .unwrap();
    let backtest = [
        "backtest",
        "postgres-connections",
        "--corpus",
        "corpus",
        "-i",
        "stuck_after=2s",
        "-i",
        "lookback=10m",
        "--json",
    ];
    let tested = bob(&world, &backtest).await.expect(0).json();
    assert_eq!(tested["incidents"], 1, "{tested:#}");
    assert_eq!(tested["right_first"]["hits"], 1, "{tested:#}");
    let ranked = tested["cases"][0]["ranked"].as_array().unwrap();
    let kept: Vec<&str> = ranked
        .iter()
        .map(|it| it["cause"].as_str().unwrap())
        .collect();
    let report = live["steps"][0]["report"]["hypotheses"].as_array().unwrap();
    let said: Vec<&str> = report
        .iter()
        .map(|it| it["cause"].as_str().unwrap())
        .collect();
    assert_eq!(kept, said);
    // With no run, the window alone: what a database answered is nobody's to keep.
    let window = [
        "incidents",
        "record",
        "--from",
        "5m",
        "--out",
        "corpus",
        "--id",
        "window",
    ];
    let told = bob(&world, &window).await.expect(0);
    assert!(
        told.stdout.starts_with("recorded corpus/window "),
        "{}",
        told.stdout
    );
    assert!(!told.stdout.contains("calls"), "{}", told.stdout);
}
