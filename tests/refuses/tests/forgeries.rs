//! Every forgery is refused, and for the reason that it is meant to show: its twin, which differs
//! in one line, compiles.

use std::{collections::BTreeSet, fs, path::Path};

fn names(folder: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = fs::read_dir(folder)
        .expect("the folder of cases")
        .map(|entry| entry.expect("an entry of it").file_name());
    files
        .filter_map(|name| name.to_str().map(str::to_owned))
        .filter(|name| name.ends_with(".rs"))
        .collect()
}

#[test]
fn every_forgery_is_refused_and_its_twin_compiles() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("forgeries/*.rs");
    cases.pass("twins/*.rs");
}

#[test]
fn a_forgery_and_its_twin_are_one_line_apart() {
    let forgeries = names("forgeries");
    assert!(!forgeries.is_empty());
    assert_eq!(forgeries, names("twins"));
    for name in forgeries {
        let text = |folder: &str| {
            fs::read_to_string(
                Path::new(env!("CARGO_MANIFEST_DIR"))
                    .join(folder)
                    .join(&name),
            )
            .unwrap()
        };
        let (forgery, twin) = (text("forgeries"), text("twins"));
        assert_eq!(forgery.lines().count(), twin.lines().count(), "{name}");
        let apart = forgery
            .lines()
            .zip(twin.lines())
            .filter(|(one, other)| one != other)
            .count();
        assert_eq!(apart, 1, "{name}");
    }
}
