//! A public data set becomes a corpus on the command line, and what a run can read of it does not
//! hold the causes.

use std::fs;
use std::path::Path;

use interlock_system_tests::{ALERTS_ONCE, Doorstep};
use interlock_test_servers::repository;
use serde_json::Value;

/// What of the sample gives the causes away.
const GIVEAWAYS: [&str; 3] = ["put-parameter", "root_cause", "metadata"];

fn texts(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(texts(&path));
        } else {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.display().to_string(), text));
        }
    }
    found
}

#[tokio::test]
async fn the_sample_of_petshop_becomes_a_corpus_whose_causes_stand_apart() {
    let host = Doorstep::new(ALERTS_ONCE, "", "").unwrap();
    let sample = repository().join("tests/corpus/petshop-sample");
    let sample = sample.to_str().unwrap();
    let import = [
        "incidents",
        "import",
        "--format",
        "petshop",
        sample,
        "--out",
        "corpus",
        "--json",
    ];
    let output = host.command(&import).output().await.unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let made: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(made["schema"], "interlock.imported.v1", "{made:#}");
    assert_eq!(made["bundles"].as_array().map(Vec::len), Some(6));
    assert_eq!(made["truths"], 6, "{made:#}");
    let texts = texts(&host.path("corpus"));
    let truths = texts
        .iter()
        .filter(|(path, _)| path.ends_with("truth.toml"));
    assert_eq!(truths.count(), 6);
    for (path, text) in texts
        .iter()
        .filter(|(path, _)| !path.ends_with("truth.toml"))
    {
        for word in GIVEAWAYS {
            assert!(!text.contains(word), "{path} holds `{word}`");
        }
    }
    // Nothing is overwritten.
    let again = host.command(&import).output().await.unwrap();
    assert_eq!(again.status.code(), Some(2), "{again:?}");
}
