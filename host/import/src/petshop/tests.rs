use std::fs;

use interlock_bundle::Corpus;

use super::*;

fn petshop(dir: &Path, out: &Path) -> Result<Vec<String>, ImportError> {
    let mut told = 0;
    let made = import(dir, out, &mut |done, _, _| told = done)?;
    assert_eq!(
        (told, made.truths),
        (made.bundles.len(), made.bundles.len())
    );
    Ok(made.bundles)
}

const GRAPH_CSV: &str = ",front,\"a,b\"\nfront,0.0,1.0\n\"a,b\",0.0,0.0\n";
const TARGET_JSON: &str = r#"{"target": {"node": "front", "metric": "availability",
    "agg": "Average", "timestamp": 1681855803},
    "root_cause": {"node": "a,b", "metric": null},
    "metadata": {"reproducibility": {"command": "give-it-away --fault 1"}}}"#;

fn metrics(rows: &[&str]) -> String {
    let head = "microservice,front,\"a,b\"\nmetric,availability,requests\nstatistic,Average,Sum\n";
    format!("{head}unix_timestamp,,\n{}\n", rows.join("\n"))
}

fn level(root: &Path, name: &str) {
    let level = root.join(name);
    let issue = level.join("train/issue_3");
    fs::create_dir_all(&issue).expect("made");
    fs::create_dir_all(level.join(NORMAL)).expect("made");
    fs::write(level.join(GRAPH), GRAPH_CSV).expect("written");
    fs::write(
        level.join(NORMAL).join(METRICS),
        metrics(&["1692608400.0,100.0,5"]),
    )
    .expect("written");
    let rows = ["1681855320.0,98.0,7.0", "1681855620.0,,8.0"];
    fs::write(issue.join(METRICS), metrics(&rows)).expect("written");
    fs::write(issue.join(TARGET), TARGET_JSON).expect("written");
}

#[test]
fn the_whole_set_and_one_level_are_read_alike() {
    let place = tempfile::tempdir().expect("a folder");
    level(place.path(), "low_traffic");
    level(place.path(), "other");
    let both = petshop(place.path(), &place.path().join("out")).expect("imported");
    assert_eq!(
        both,
        ["petshop-low_traffic-train-03", "petshop-other-train-03"]
    );
    let one = petshop(&place.path().join("other"), &place.path().join("one")).expect("imported");
    assert_eq!(one, ["petshop-other-train-03"]);
}

#[test]
fn nothing_that_a_run_can_read_holds_the_cause() {
    let place = tempfile::tempdir().expect("a folder");
    level(place.path(), "low_traffic");
    let out = place.path().join("out");
    let names = petshop(place.path(), &out).expect("imported");
    let corpus = Corpus::open(&out).expect("a corpus");
    let truth = corpus.truth(&names[0]).expect("readable").expect("told");
    assert_eq!(truth.subjects, ["a,b"]);
    let mut files = vec![out];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                fs::read_dir(&path)
                    .expect("listed")
                    .map(|e| e.expect("an entry").path()),
            );
        } else if !path.ends_with("truth.toml") {
            let text = fs::read_to_string(&path).expect("text");
            for word in ["give-it-away", "root_cause", "metadata"] {
                assert!(!text.contains(word), "{} holds `{word}`", path.display());
            }
        }
    }
}

#[test]
fn an_empty_cell_is_no_sample_and_percent_become_a_ratio() {
    let place = tempfile::tempdir().expect("a folder");
    level(place.path(), "low_traffic");
    let out = place.path().join("out");
    let names = petshop(place.path(), &out).expect("imported");
    let bundle = Corpus::open(&out)
        .expect("a corpus")
        .bundle(&names[0])
        .expect("a bundle");
    let series = bundle.observed().metrics.as_ref().expect("metrics");
    let of = |name: &str| {
        let named = |series: &&Series| series.labels.iter().any(|label| label.value == name);
        let series = series.iter().find(named).expect("there");
        series
            .points
            .iter()
            .map(|point| point.value)
            .collect::<Vec<_>>()
    };
    assert_eq!(of("availability_ratio"), [1.0, 0.98]);
    assert_eq!(of("requests"), [5.0, 7.0, 8.0]);
    let incident = bundle.incident();
    assert_eq!(incident.service.as_deref(), Some("front"));
    assert_eq!(incident.alerts.len(), 1);
}

#[test]
fn a_cell_that_is_no_number_is_told_with_its_line() {
    let place = tempfile::tempdir().expect("a folder");
    level(place.path(), "low_traffic");
    let issue = place.path().join("low_traffic/train/issue_3").join(METRICS);
    fs::write(&issue, metrics(&["1681855320.0,98.0,many"])).expect("written");
    let error = petshop(place.path(), &place.path().join("out")).expect_err("refused");
    assert!(
        error
            .to_string()
            .ends_with("metrics.csv:5: `many` is no number"),
        "{error}"
    );
}

#[test]
fn a_folder_without_the_set_is_told_what_is_missing() {
    let place = tempfile::tempdir().expect("a folder");
    let error = petshop(place.path(), &place.path().join("out")).expect_err("refused");
    assert!(error.to_string().contains("graph.csv"), "{error}");
}

#[test]
fn a_normal_period_of_later_is_moved_before_the_first_incident_by_whole_weeks() {
    let place = tempfile::tempdir().expect("a folder");
    level(place.path(), "low_traffic");
    let out = place.path().join("out");
    let made = import(place.path(), &out, &mut |_, _, _| {}).expect("imported");
    assert!(
        made.notes[0].contains("moved back by 18 weeks"),
        "{:?}",
        made.notes
    );
    let bundle = Corpus::open(&out)
        .expect("a corpus")
        .bundle(&made.bundles[0])
        .expect("a bundle");
    let label = |name: &str| -> u64 {
        let incident = bundle.incident();
        let label = incident.alerts[0]
            .labels
            .iter()
            .find(|label| label.name == name);
        label.expect("told").value.parse().expect("a number")
    };
    assert_eq!((1_692_608_400 - label("usual_from")) % (7 * 24 * 3600), 0);
    assert!(label("usual_until") * 1_000_000 <= bundle.incident().begin);
}
