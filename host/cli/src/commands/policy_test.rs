//! `policy test`: the cases beside a policy, each with its verdict and the rule that decides.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use interlock_connectors::files;
use interlock_gate::policy::{POLICY_BYTES_MAX, Table};
use interlock_screens::text::words::count;
use serde::Serialize;

use crate::{exit::Exit, failure::Failure, output::Output};

#[derive(Serialize)]
struct TestJson<'a> {
    schema: &'static str,
    exit: u8,
    policy: &'a Path,
    table: PathBuf,
    cases: Vec<CaseJson>,
}

#[derive(Serialize)]
struct CaseJson {
    name: String,
    line: usize,
    passed: bool,
    expected: &'static str,
    expected_rule: String,
    found: &'static str,
    found_rule: String,
}

pub(crate) fn test(file: &Path) -> Result<Output, Failure> {
    let policy = super::policy::read(file)?;
    let beside = beside(file);
    let text = files::read_plain_text(&beside, POLICY_BYTES_MAX).map_err(|error| {
        let failure = Failure::of(Exit::Usage, &error);
        if error.is_missing() {
            failure.help("a policy's cases lie beside it, as `<policy>.test.toml`")
        } else {
            failure
        }
    })?;
    let table =
        Table::parse(&text).map_err(|errors| super::policy::mistakes(&beside, &text, &errors))?;
    let cases: Vec<CaseJson> = table
        .run(&policy)
        .into_iter()
        .map(|case| CaseJson {
            passed: case.passed(),
            name: case.name,
            line: case.line,
            expected: case.expected.word(),
            expected_rule: case.expected_rule,
            found: case.found.word(),
            found_rule: case.found_rule,
        })
        .collect();
    let failed = cases.iter().filter(|case| !case.passed).count();
    let mut out = String::new();
    for case in cases.iter().filter(|case| !case.passed) {
        let _ = writeln!(
            out,
            "FAILED  {} ({}:{})",
            case.name,
            beside.display(),
            case.line
        );
        let _ = writeln!(
            out,
            "  expected  {} by {}",
            case.expected, case.expected_rule
        );
        let _ = writeln!(out, "  found     {} by {}", case.found, case.found_rule);
    }
    let verdict = if failed == 0 { "ok" } else { "failed" };
    let _ = writeln!(
        out,
        "{verdict}: {} of {} pass",
        cases.len() - failed,
        count(cases.len(), "case")
    );
    let exit = if failed == 0 {
        Exit::Done
    } else {
        Exit::Failed
    };
    let document = TestJson {
        schema: "interlock.policy-test.v1",
        exit: exit as u8,
        policy: file,
        table: beside,
        cases,
    };
    Ok(Output::new(exit, out, &document))
}

/// `postgres.toml` has `postgres.test.toml` beside it.
fn beside(policy: &Path) -> PathBuf {
    let name = policy.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.strip_suffix(".toml").unwrap_or(&name);
    policy.with_file_name(format!("{stem}.test.toml"))
}
