//! A policy is read whole or not at all, and every complaint has its place.

use interlock_gate::policy::{Identity, Policy, Problem, RevokedKey};
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
        policy.caller_by_bearer(&"0".repeat(64)).unwrap().name,
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
fn an_unknown_key_is_refused_with_its_place_and_the_nearest_one() {
    check(
        "approvals = { need = 1, roles = [\"sre\"], max_age",
        "approval = { need = 1, roles = [\"sre\"], max_age",
        &[
            "line 34, column 1: [[write]] has no `approvals`",
            "line 40, column 1: `approval` is not a key of [[write]] (did you mean `approvals`?)",
        ],
    );
}

#[test]
fn unknown_keys_are_refused_in_every_section() {
    for (old, expected) in [
        ("version = 1", "a policy"),
        ("name = \"alice\"", "[[approver]]"),
        ("uid = 1000", "[[caller]]"),
        ("capabilities = [\"metrics\"", "[[read]]"),
        ("limits = { per_run = 40, per_hour = 80 }", "[[write]]"),
        ("targets = [\"*/replication\"]", "[[never]]"),
        ("from = 2026", "[[freeze]]"),
        ("plans = []", "[revoked]"),
        ("memory = \"64MiB\"", "[sandbox]"),
    ] {
        let text = full().replacen(old, &format!("zzz = 1\n{old}"), 1);
        let found = complaints(&text);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains(&format!("`zzz` is not a key of {expected}")),
            "{found:?}"
        );
    }
    check(
        "per_run = 40",
        "per_rum = 40",
        &["line 41, column 12: `per_rum` is not a key of `limits` (did you mean `per_run`?)"],
    );
    check(
        "{ one_of = [\"checkout\"] }",
        "{ oneof = [\"checkout\"] }",
        &[
            "line 39, column 24: `oneof` is not a key of an argument's limits (did you mean `one_of`?)",
        ],
    );
}

#[test]
fn an_empty_list_is_refused() {
    check(
        "roles = [\"sre\"]\n",
        "roles = []\n",
        &["line 8, column 9: `roles` is an empty list (leave the key out, or put something in)"],
    );
    check(
        "{ one_of = [\"checkout\"] }",
        "{ one_of = [] }",
        &["line 39, column 33: `one_of` is an empty list (leave the key out, or put something in)"],
    );
    for key in [
        "runbooks",
        "targets",
        "capabilities",
        "keys",
        "all",
        "except_roles",
    ] {
        let text = full();
        let at = text.find(&format!("{key} = [")).unwrap();
        let end = at + text[at..].find('\n').unwrap();
        let mut line = text[at..end].to_owned();
        let from = line.find('[').unwrap();
        line.truncate(from);
        line.push_str(if key == "all" { "[] }" } else { "[]" });
        let found = complaints(&format!("{}{line}{}", &text[..at], &text[end..]));
        assert!(
            found.iter().any(|f| f.contains("is an empty list")),
            "{key}: {found:?}"
        );
    }
}

#[test]
fn a_quorum_is_at_least_one_human() {
    check(
        "approvals = { need = 1, roles = [\"sre\"], max",
        "approvals = { need = 0, roles = [\"sre\"], max",
        &["line 40, column 22: `need` must be from 1 to 20"],
    );
    check(
        "approvals = { all = [",
        "approvals = { need = 1, all = [",
        &["line 49, column 22: `approvals` needs `all` alone, or `need` and `roles`"],
    );
}

#[test]
fn a_key_belongs_to_one_person_once() {
    check(
        BOB,
        ALICE,
        &[
            "line 12, column 9: a key of `bob` already stands under `alice` \
         (a person counts once, and a key is one person's)",
        ],
    );
    let twice = format!("{ALICE}\", \"{ALICE}");
    check(
        ALICE,
        &twice,
        &[
            "line 7, column 99: a key of `alice` already stands under `alice` \
         (a person counts once, and a key is one person's)",
        ],
    );
}

#[test]
fn weak_and_foreign_keys_are_refused() {
    let weak = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    check(
        ALICE,
        weak,
        &["line 7, column 9: a key of `alice` cannot be used (the key is weak)"],
    );
    check(
        ALICE,
        "ssh-rsa AAAAB3NzaC1yc2E= alice",
        &[
            "line 7, column 9: a key of `alice` cannot be used (keys of type `ssh-rsa` are not accepted)",
        ],
    );
}

#[test]
fn the_hosts_own_key_is_no_approvers() {
    use base64::Engine as _;
    let key = interlock_gate::key::SignerKey::from_line(ALICE).unwrap();
    let host = interlock_gate::ids::HostId {
        origin: "interlock.demo".to_owned(),
        key: base64::engine::general_purpose::STANDARD.encode(key.point()),
    };
    let errors = Policy::parse_for_host(&full(), &host).unwrap_err();
    let found: Vec<String> = errors.iter().map(|e| e.message()).collect();
    assert_eq!(found, ["a key of `alice` is the key of this host"]);
}

#[test]
fn dates_say_their_offset_and_run_forwards() {
    check(
        "from = 2026-12-28T00:00:00Z",
        "from = 2026-12-28T00:00:00",
        &["line 65, column 8: `from` has no offset (write `Z` or `+02:00` after it)"],
    );
    check(
        "from = 2026-12-28T00:00:00Z",
        "from = 2026-12-28",
        &["line 65, column 8: `from` has no offset (write `Z` or `+02:00` after it)"],
    );
    check(
        "from = 2026-12-28T00:00:00Z",
        "from = 2027-12-28T00:00:00Z",
        &["line 66, column 9: `from` is not before `until`"],
    );
    check(
        "from = 2026-12-28T00:00:00Z",
        "from = 2027-01-01T22:00:00Z",
        &["line 66, column 9: `from` is not before `until`"],
    );
}

#[test]
fn names_are_used_once_and_hold_what_names_may() {
    check(
        "name = \"scale\"",
        "name = \"end stuck sessions\"",
        &["line 44, column 8: the write rule `end stuck sessions` stands here twice"],
    );
    check(
        "name = \"alice\"",
        "name = \"bob\"",
        &["line 11, column 8: the approver `bob` stands here twice"],
    );
    for bad in ["Alice", "", "-a", "a b", "al\\u00efce", "a/b"] {
        let found = complaints(&full().replacen("\"alice\"", &format!("\"{bad}\""), 1));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("is not a name"), "{found:?}");
    }
    check(
        "name = \"triage-agent\"",
        "name = \"bob\"",
        &["line 21, column 8: the caller `bob` stands here twice"],
    );
}

#[test]
fn a_caller_has_one_identity_and_one_owner_or_none() {
    check(
        "owner = \"bob\"\n\n[[caller]]",
        "\n\n[[caller]]",
        &["line 15, column 1: [[caller]] needs an `owner`, or else `unattended = true`"],
    );
    check(
        "uid = 1000\n",
        "\n",
        &["line 15, column 1: [[caller]] needs a `uid` or a `bearer_sha256`"],
    );
    check(
        "unattended = true",
        "unattended = true\nowner = \"bob\"",
        &["line 25, column 1: [[caller]] needs an `owner`, or else `unattended = true`"],
    );
}

#[test]
fn a_pattern_that_can_match_nothing_is_refused_in_never_too() {
    let grammar = "(its targets are `<server>/<class>`, class one of client, replication, autovacuum, internal)";
    check(
        "targets = [\"*/replication\"]",
        "targets = [\"*/replicas\"]",
        &[&format!(
            "line 61, column 12: the pattern `*/replicas` can match no target of `database.terminate` {grammar}"
        )],
    );
    check(
        "targets = [\"orders-db/client\"]",
        "targets = [\"*\"]",
        &[&format!(
            "line 38, column 12: the pattern `*` can match no target of `database.terminate` {grammar}"
        )],
    );
    check(
        "targets = [\"prod/*\"]",
        "targets = [\"prod/**\"]",
        &[
            "line 47, column 12: the pattern `prod/**` can match nothing (`**` does not exist: `*` stays within its segment)",
        ],
    );
    assert!(Policy::parse(&full().replace("*/replication", "*/repl*")).is_ok());
}

#[test]
fn an_argument_must_be_one_and_its_limits_must_fit_it() {
    check(
        "{ role = {",
        "{ rolle = {",
        &[
            "line 39, column 15: `rolle` is not an argument of `database.terminate` (did you mean `role`?)",
        ],
    );
    check(
        "transaction_age_s = { min = 60 }",
        "role = { min = 60 }",
        &[
            // TOML itself refuses one key twice.
            "line 39, column 103: duplicate key",
        ],
    );
    check(
        "{ one_of = [\"checkout\"] }",
        "{ max = 3 }",
        &["line 39, column 30: `max` does not apply to `role`, which is text"],
    );
    check(
        "{ min = 60 }",
        "{ max_change_percent = 60 }",
        &[
            "line 39, column 146: `max_change_percent` does not apply to `transaction_age_s`, which is not observed",
        ],
    );
    check(
        "{ min = 60 }",
        "{ min = 60, max = 59 }",
        &["line 39, column 123: no value of `transaction_age_s` can meet this"],
    );
}

#[test]
fn an_act_that_observes_nothing_must_be_said_to() {
    check(
        "unconditional = true\n",
        "",
        &[
            "line 54, column 14: `notify.notify` observes no target: the rule must say `unconditional = true`",
        ],
    );
    check(
        "targets = [\"prod/*\"]",
        "targets = [\"prod/*\"]\nunconditional = true",
        &[
            "line 48, column 17: `workload.scale` acts only on what it observed: `unconditional` does not apply",
        ],
    );
}

#[test]
fn trust_is_refused_and_not_passed_over() {
    let text = full() + "\n[[trust]]\nwrite = \"scale\"\nconfirmed = 20\n";
    let errors = Policy::parse(&text).unwrap_err();
    let found: Vec<&Problem> = errors.iter().map(|error| &error.problem).collect();
    assert_eq!(found, [&Problem::Trust]);
    assert_eq!(
        errors.to_string(),
        "line 80, column 1: [[trust]] is not supported yet \
         (remove it: every approval is asked for until then)"
    );
}

#[test]
fn several_mistakes_are_reported_at_once_in_the_order_of_the_text() {
    let text = full()
        .replacen("need = 1", "need = 0", 1)
        .replacen("uid = 1000", "uid = -1", 1)
        .replacen("memory", "memmory", 1);
    let found = complaints(&text);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("line 17,"), "{found:?}");
    assert!(found[1].starts_with("line 40,"), "{found:?}");
    assert!(found[2].contains("did you mean `memory`?"), "{found:?}");
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
