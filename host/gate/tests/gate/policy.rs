//! A policy is read whole or not at all, and every complaint has its place.

mod callers;
mod mistakes;

use interlock_gate::policy::{Identity, Policy, RevokedKey};
use interlock_gate::sshsig::Presence;

const ALICE: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGTpUGTg2i5IxnVPx1QaCd9theElwjbJHf4/mACCD2jR alice";
const BOB: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl bob";

/// The policy that documents every section.
fn full() -> String {
    format!(
        r#"version = 1
plan_max_age = "1h"
undo_window = "30m"

[[approver]]
name = "alice"
keys = ["{ALICE}"]
roles = ["sre"]

[[approver]]
name = "bob"
keys = ["{BOB}"]
roles = ["sre", "owner"]

[[caller]]
name = "bob"
uid = 1000
owner = "bob"

[[caller]]
name = "triage-agent"
bearer_sha256 = "{bearer}"
owner = "bob"

[[caller]]
name = "alertmanager"
unattended = true

[[read]]
runbooks = ["*"]
capabilities = ["metrics", "logs", "alerts", "changes", "topology", "database", "incidents"]
targets = ["*"]

[[write]]
name = "end stuck sessions"
runbooks = ["postgres-connections"]
capability = "database.terminate"
targets = ["orders-db/client"]
arguments = {{ role = {{ one_of = ["checkout"] }}, only_if_state = {{ one_of = ["idle in transaction"] }}, transaction_age_s = {{ min = 60 }} }}
approvals = {{ need = 1, roles = ["sre"], max_age = "15m", presence = "any", not_requester = true }}
limits = {{ per_run = 40, per_hour = 80 }}

[[write]]
name = "scale"
runbooks = ["*"]
capability = "workload.scale"
targets = ["prod/*"]
arguments = {{ replicas = {{ max = 20, max_change_percent = 100 }} }}
approvals = {{ all = [{{ need = 1, roles = ["sre"] }}, {{ need = 1, roles = ["owner"], presence = "touch" }}] }}

[[write]]
name = "tell people"
runbooks = ["*"]
capability = "notify.notify"
targets = ["pager/*"]
unconditional = true
approvals = {{ need = 1, roles = ["sre"] }}

[[never]]
capability = "database.terminate"
targets = ["*/replication"]

[[freeze]]
name = "quarter end"
from = 2026-12-28T00:00:00Z
until = 2027-01-02T00:00:00+02:00
except_roles = ["incident-commander"]

[revoked]
keys = []
plans = []

[sandbox]
memory = "64MiB"
wall_time = "30s"
host_calls = 10_000
answer = "4MiB"
output = "1MiB"
"#,
        bearer = "0".repeat(64)
    )
}

/// The complaints about a text, as people read them.
#[track_caller]
fn complaints(text: &str) -> Vec<String> {
    match Policy::parse(text) {
        Ok(_) => Vec::new(),
        Err(errors) => errors.iter().map(ToString::to_string).collect(),
    }
}

/// The full policy with one text put in place of another has exactly these complaints.
#[track_caller]
fn check(old: &str, new: &str, expected: &[&str]) {
    let text = full();
    assert!(text.contains(old), "`{old}` does not stand in the policy");
    assert_eq!(complaints(&text.replacen(old, new, 1)), expected);
}

#[test]
fn the_whole_policy_is_read() {
    let text = full();
    let policy = Policy::parse(&text).unwrap();
    assert_eq!(policy.text(), text);
    assert_eq!(policy.plan_max_age_s(), 3_600);
    assert_eq!(policy.undo_window_s(), 1_800);
    assert_eq!(policy.approvers().len(), 2);
    assert_eq!(policy.caller_by_uid(1000).unwrap().name, "bob");
    assert_eq!(
        policy.caller_by_bearer(&[0; 32]).unwrap().name,
        "triage-agent"
    );
    assert_eq!(
        policy.caller("alertmanager").unwrap().identity,
        Identity::Named
    );
    assert!(policy.caller("alertmanager").unwrap().owner.is_none());
    let rule = policy.write("end stuck sessions").unwrap();
    assert_eq!(rule.groups[0].max_age_s, 900);
    assert_eq!(rule.limits.per_hour, Some(80));
    let scale = policy.write("scale").unwrap();
    assert_eq!(scale.groups.len(), 2);
    assert!(
        scale.groups[0].not_requester,
        "the default leaves the requester out"
    );
    assert_eq!(scale.groups[0].presence, Presence::Unproven);
    assert_eq!(scale.groups[1].presence, Presence::Touch);
    assert_eq!(
        policy.freezes()[0].until.to_string(),
        "2027-01-01T22:00:00.000000Z"
    );
    assert_eq!(policy.sandbox().answer_bytes_max, 4 << 20);
    assert!(policy.permits_read("anything", "metrics", "prometheus"));
    assert!(!policy.permits_read("anything", "http-probe", "prometheus"));
}

#[test]
fn the_least_policy_is_one_line() {
    let policy = Policy::parse("version = 1").unwrap();
    assert!(policy.writes().is_empty());
    assert_eq!(policy.plan_max_age_s(), 3_600);
}

#[test]
fn revoked_keys_are_read_as_lines_and_as_fingerprints() {
    let key = interlock_gate::key::SignerKey::from_line(ALICE).unwrap();
    let list = format!("keys = [\"{ALICE}\", \"{}\"]", key.fingerprint());
    let policy = Policy::parse(&full().replacen("keys = []", &list, 1)).unwrap();
    assert!(policy.revoked().keys.iter().all(|revoked| revoked.is(&key)));
    assert!(matches!(
        policy.revoked().keys[1],
        RevokedKey::Fingerprint(_)
    ));
    check(
        "keys = []",
        "keys = [\"alice\"]",
        &[
            "line 70, column 9: a revoked key is written as a public key or as `SHA256:` and its fingerprint",
        ],
    );
}

#[test]
fn a_rules_digest_follows_its_meaning_and_not_its_limits() {
    let digest = |text: &str| {
        Policy::parse(text)
            .unwrap()
            .write("end stuck sessions")
            .unwrap()
            .digest
    };
    let text = full();
    let original = digest(&text);
    assert_eq!(
        digest(&text.replace("per_run = 40", "per_run = 41")),
        original
    );
    assert_eq!(digest(&format!("# a comment\n{text}")), original);
    for (old, new) in [
        ("min = 60", "min = 61"),
        ("max_age = \"15m\"", "max_age = \"16m\""),
        ("presence = \"any\"", "presence = \"touch\""),
        ("not_requester = true", "not_requester = false"),
        ("orders-db/client", "orders-*/client"),
        ("[\"checkout\"]", "[\"checkout\", \"orders\"]"),
        (
            "runbooks = [\"postgres-connections\"]",
            "runbooks = [\"postgres-*\"]",
        ),
    ] {
        assert_ne!(digest(&text.replacen(old, new, 1)), original, "{new}");
    }
}

#[test]
fn a_deeply_nested_policy_is_refused_and_exhausts_nothing() {
    for open in ["[", "{ a = ", "[[", "a."] {
        let text = format!("version = {}", open.repeat(100_000 / open.len()));
        assert!(Policy::parse(&text).is_err());
        let text = format!("{}x = 1", open.repeat(100_000 / open.len()));
        assert!(Policy::parse(&text).is_err());
    }
}

#[test]
fn no_text_panics() {
    use proptest::prelude::*;
    let text = full();
    let words: Vec<String> = text
        .split_inclusive([' ', '\n'])
        .map(str::to_owned)
        .collect();
    let mutation = (0..words.len(), 0..words.len(), any::<char>());
    proptest!(|((from, to, extra) in mutation)| {
        let mut words = words.clone();
        words[to] = words[from].clone() + &extra.to_string();
        if let Err(errors) = Policy::parse(&words.concat()) {
            prop_assert!(errors.iter().all(|e| e.span.end <= words.concat().len()));
        }
    });
}
