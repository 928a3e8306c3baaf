//! Who may ask: one identity each, their runbooks, their limits.

use interlock_gate::policy::{CallerLimits, Identity, Policy};
use proptest::prelude::*;

use super::{check, complaints, full};

/// The full policy with one more caller, of these lines, from line 81 on.
fn with_caller(lines: &str) -> String {
    format!("{}\n[[caller]]\nname = \"page\"\n{lines}\n", full())
}

#[track_caller]
fn check_caller(lines: &str, expected: &[&str]) {
    assert_eq!(complaints(&with_caller(lines)), expected);
}

#[test]
fn a_caller_says_what_it_may_use_and_how_much() {
    let text = with_caller(&format!(
        "certificate_sha256 = \"{}\"\nowner = \"bob\"\nread_only = true\n\
         runbooks = [\"postgres-*\", \"kafka\"]\n\
         limits = {{ calls_per_minute = 30, runs_at_once = 1, runs_per_minute = 2 }}",
        "0f".repeat(32)
    ));
    let policy = Policy::parse(&text).unwrap();
    let page = policy.caller_by_certificate(&[0x0f; 32]).unwrap();
    assert_eq!(page.name, "page");
    assert!(page.read_only);
    assert!(page.may_use("postgres-connections") && page.may_use("kafka"));
    assert!(!page.may_use("kafka-lag") && !page.may_use("postgres/x") && !page.may_use(""));
    let limits = CallerLimits {
        calls_per_minute: 30,
        runs_at_once: 1,
        runs_per_minute: 2,
    };
    assert_eq!(page.limits, limits);
}

#[test]
fn without_a_word_a_caller_may_use_every_runbook_within_the_usual_limits() {
    let policy = Policy::parse(&full()).unwrap();
    let agent = policy.caller("triage-agent").unwrap();
    assert!(!agent.read_only);
    assert!(agent.may_use("anything"));
    let limits = agent.limits;
    assert_eq!(
        (
            limits.calls_per_minute,
            limits.runs_at_once,
            limits.runs_per_minute
        ),
        (600, 8, 60)
    );
}

#[test]
fn a_token_is_no_certificate_and_a_certificate_no_token() {
    let policy = Policy::parse(&with_caller(&format!(
        "certificate_sha256 = \"{}\"\nowner = \"bob\"",
        "0".repeat(64)
    )))
    .unwrap();
    assert_eq!(
        policy.caller_by_bearer(&[0; 32]).unwrap().name,
        "triage-agent"
    );
    assert_eq!(policy.caller_by_certificate(&[0; 32]).unwrap().name, "page");
    let mut near = [0; 32];
    near[31] = 1;
    assert_eq!(policy.caller_by_bearer(&near), None);
    assert_eq!(policy.caller_by_certificate(&near), None);
    let named = policy.caller("alertmanager").unwrap();
    assert_eq!(named.identity, Identity::Named);
}

#[test]
fn one_identity_each_and_each_identity_once() {
    let zeros = "0".repeat(64);
    check_caller(
        &format!("bearer_sha256 = \"{zeros}\"\nowner = \"bob\""),
        &["line 82, column 17: the identity of `triage-agent` stands here twice"],
    );
    check_caller(
        "uid = 1000\nowner = \"bob\"",
        &["line 82, column 7: the identity of `bob` stands here twice"],
    );
    check_caller(
        &format!("uid = 7\ncertificate_sha256 = \"{zeros}\"\nowner = \"bob\""),
        &[
            "line 80, column 1: [[caller]] needs one of `uid`, `bearer_sha256` and `certificate_sha256`",
        ],
    );
    check_caller(
        "read_only = true\nowner = \"bob\"",
        &[
            "line 80, column 1: [[caller]] needs a `uid`, a `bearer_sha256` or a `certificate_sha256`",
        ],
    );
}

#[test]
fn a_caller_that_may_only_look_still_needs_somebody_behind_it() {
    check_caller(
        "uid = 7\nread_only = true",
        &["line 80, column 1: [[caller]] needs an `owner`, or else `unattended = true`"],
    );
}

#[test]
fn a_digest_has_one_form_and_is_of_a_token_that_not_everybody_has() {
    for (key, digest) in [
        ("bearer_sha256", "0F".repeat(32)),
        ("bearer_sha256", "0".repeat(63)),
        ("certificate_sha256", "0g".repeat(32)),
        ("certificate_sha256", String::new()),
    ] {
        let at = key.len() + 4;
        check_caller(
            &format!("{key} = \"{digest}\"\nowner = \"bob\""),
            &[&format!(
                "line 82, column {at}: `{key}` must be 64 lower-case hex digits"
            )],
        );
    }
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    check_caller(
        &format!("bearer_sha256 = \"{empty}\"\nowner = \"bob\""),
        &[
            "line 82, column 17: `bearer_sha256` is the digest of no token at all \
           (make a token of at least 32 random bytes, and digest that)",
        ],
    );
    let line = "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b";
    check_caller(
        &format!("bearer_sha256 = \"{line}\"\nowner = \"bob\""),
        &[
            "line 82, column 17: `bearer_sha256` is the digest of an empty line \
           (make a token of at least 32 random bytes, and digest that)",
        ],
    );
}

#[test]
fn what_a_caller_may_use_is_a_list_of_names_and_never_empty() {
    check_caller(
        "uid = 7\nowner = \"bob\"\nrunbooks = []",
        &[
            "line 84, column 12: `runbooks` is an empty list (leave the key out, or put something in)",
        ],
    );
    check_caller(
        "uid = 7\nowner = \"bob\"\nrunbooks = [\"a/b\"]",
        &[
            "line 84, column 13: the pattern `a/b` can match no target of `runbooks` \
           (its targets are runbook names, of one segment)",
        ],
    );
}

#[test]
fn limits_are_at_least_one_and_have_an_upper_bound() {
    for (key, number, max) in [
        ("calls_per_minute", "0", 1_000_000),
        ("calls_per_minute", "1_000_001", 1_000_000),
        ("runs_at_once", "-1", 10_000),
        ("runs_at_once", "10_001", 10_000),
        ("runs_per_minute", "0", 1_000_000),
        ("runs_per_minute", "9_223_372_036_854_775_807", 1_000_000),
    ] {
        let column = 15 + key.len();
        check_caller(
            &format!("uid = 7\nowner = \"bob\"\nlimits = {{ {key} = {number} }}"),
            &[&format!(
                "line 84, column {column}: `{key}` must be from 1 to {max}"
            )],
        );
    }
    check_caller(
        "uid = 7\nowner = \"bob\"\nlimits = { runs_at_one = 3 }",
        &[
            "line 84, column 12: `runs_at_one` is not a key of `limits` (did you mean `runs_at_once`?)",
        ],
    );
    check_caller(
        "uid = 7\nowner = \"bob\"\nlimits = 3",
        &["line 84, column 10: `limits` must be a table, not integer"],
    );
}

#[test]
fn misspelt_keys_are_met_with_the_nearest() {
    check(
        "bearer_sha256",
        "bearer_sha265",
        &[
            "line 20, column 1: [[caller]] needs a `uid`, a `bearer_sha256` or a `certificate_sha256`",
            "line 22, column 1: `bearer_sha265` is not a key of [[caller]] (did you mean `bearer_sha256`?)",
        ],
    );
    check_caller(
        "uid = 7\nowner = \"bob\"\nreadonly = true",
        &["line 84, column 1: `readonly` is not a key of [[caller]] (did you mean `read_only`?)"],
    );
}

#[test]
fn who_may_ask_says_nothing_of_what_a_rule_permits() {
    let digests = |text: &str| {
        let policy = Policy::parse(text).unwrap_or_else(|errors| panic!("{errors}"));
        policy
            .writes()
            .iter()
            .map(|rule| rule.digest)
            .collect::<Vec<_>>()
    };
    let before = digests(&full());
    let line = (
        any::<[u8; 32]>(),
        any::<bool>(),
        1_u32..1_000,
        any::<bool>(),
    );
    proptest!(|((digest, read_only, calls, certificate) in line)| {
        let key = if certificate { "certificate_sha256" } else { "bearer_sha256" };
        let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let text = with_caller(&format!(
            "{key} = \"{hex}\"\nunattended = true\nread_only = {read_only}\n\
             limits = {{ calls_per_minute = {calls} }}"
        ));
        prop_assert_eq!(digests(&text), before.clone());
        let policy = Policy::parse(&text).unwrap();
        let (token, cert) = (policy.caller_by_bearer(&digest), policy.caller_by_certificate(&digest));
        let found = if certificate { (cert, token) } else { (token, cert) };
        prop_assert_eq!(found.0.map(|caller| caller.name.as_str()), Some("page"));
        prop_assert!(found.1.is_none());
    });
}
