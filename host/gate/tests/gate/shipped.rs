//! The policies that are shipped say what their test tables say.

use interlock_gate::policy::{Policy, Table};

const POSTGRES: &str = include_str!("../../../../policies/postgres.toml");
const POSTGRES_TABLE: &str = include_str!("../../../../policies/postgres.test.toml");

#[test]
fn every_case_of_every_shipped_table_holds() {
    let policy = Policy::parse(POSTGRES).unwrap_or_else(|errors| panic!("{errors}"));
    let table = Table::parse(POSTGRES_TABLE).unwrap_or_else(|errors| panic!("{errors}"));
    let results = table.run(&policy);
    assert!(results.len() >= 16);
    let failed: Vec<_> = results.iter().filter(|result| !result.passed()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn a_table_fails_where_the_verdict_is_right_and_the_rule_is_not() {
    let policy = Policy::parse(POSTGRES).unwrap();
    let text = POSTGRES_TABLE.replace("never */replication", "never */autovacuum");
    let failed: Vec<_> = Table::parse(&text)
        .unwrap()
        .run(&policy)
        .into_iter()
        .filter(|result| !result.passed())
        .collect();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].expected, failed[0].found);
    assert_eq!(failed[0].found_rule, "never */replication");
}

#[test]
fn a_table_without_cases_or_with_a_mistyped_one_is_refused() {
    for (text, expected) in [
        (
            "version = 1",
            "line 1, column 1: a policy table has no `case`",
        ),
        (
            "version = 1\n[[case]]\nname = \"a\"\nrunbook = \"b\"\ncapability = \"database.kill\"\n\
             target = \"a/client\"\nverdict = \"denied\"\nrule = \"none\"",
            "line 5, column 14: `database.kill` is not a capability (did you mean `database`?)",
        ),
        (
            "version = 1\n[[case]]\nname = \"a\"\nrunbook = \"b\"\ncapability = \"metrics\"\n\
             target = \"a\"\nverdict = \"permit\"\nrule = \"none\"",
            "line 7, column 11: `permit` is not `permitted`, `approval_required` or `denied` \
             (did you mean `permitted`?)",
        ),
    ] {
        assert_eq!(Table::parse(text).unwrap_err().to_string(), expected);
    }
}
