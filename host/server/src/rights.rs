//! Every tool and route stands in `tests/rights.txt`, and nothing else does; commands are held
//! against it by the tests of the whole system.

use std::collections::BTreeSet;

use crate::{http::ROUTES, mcp::TOOLS};

const RIGHTS: &str = include_str!("../../../tests/rights.txt");

/// The rows of the doors: what, and who may.
fn listed() -> BTreeSet<&'static str> {
    let rows = RIGHTS.lines().filter(|row| !row.starts_with('#'));
    let names = rows.filter_map(|row| row.split('|').next());
    names
        .map(str::trim)
        .filter(|name| name.starts_with("tool ") || name.contains(" /"))
        .collect()
}

#[test]
fn every_tool_and_route_stands_in_the_list_of_rights() {
    let mut there: BTreeSet<String> = TOOLS.iter().map(|tool| format!("tool {tool}")).collect();
    // One for each installed runbook.
    there.insert("tool run_*".to_owned());
    there.extend(
        ROUTES
            .iter()
            .map(|(method, path)| format!("{method} {path}")),
    );
    let listed: BTreeSet<String> = listed().into_iter().map(str::to_owned).collect();
    let unlisted: Vec<_> = there.difference(&listed).collect();
    assert!(unlisted.is_empty(), "not in tests/rights.txt: {unlisted:?}");
    let gone: Vec<_> = listed.difference(&there).collect();
    assert!(
        gone.is_empty(),
        "in tests/rights.txt, and nowhere else: {gone:?}"
    );
}
