//! What a caller is not told: where things lie, and what is not theirs.

use super::*;

#[tokio::test]
async fn a_broken_runbook_is_named_without_its_place_and_only_to_who_may_run_it() {
    let world = World::with_limits("runbooks = [\"mine-*\"]");
    for name in ["mine-a", "other-b"] {
        let folder = world.folder.path().join("runbooks").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        // The reason names the file.
        std::fs::write(folder.join("runbook.toml"), "no manifest").unwrap();
    }
    let answer = world.get("/runbooks", AGENT).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let place = world.folder.path().canonicalize().unwrap();
    let place = place.to_string_lossy().into_owned();
    assert!(!answer.text.contains(&place), "{}", answer.text);
    let document = answer.json();
    let names: Vec<&str> = document["runbooks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["mine-a"], "{document}");
}
