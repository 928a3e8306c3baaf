//! Every mistake that a policy is refused for, with the words that people read.

use interlock_gate::policy::{Policy, Problem};

use super::{ALICE, BOB, check, complaints, full};

#[test]
fn an_unknown_key_is_refused_with_its_place_and_the_nearest_one() {
    check(
        "approvals = { need = 1, roles = [\"sre\"], max_age",
        "approval = { need = 1, roles = [\"sre\"], max_age",
        &[
            // That it has no `approvals` needs no saying: this key was meant to be that.
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
        &[
            "line 15, column 1: [[caller]] needs a `uid`, a `bearer_sha256` or a `certificate_sha256`",
        ],
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
fn a_state_that_no_session_is_ever_in_is_a_mistake() {
    check(
        "only_if_state = { one_of = [\"idle in transaction\"] }",
        "only_if_state = { one_of = [\"idle in transacton\"] }",
        &[
            "line 39, column 77: `idle in transacton` is not a state of a PostgreSQL session: \
             `active`, `disabled`, `fastpath function call`, `idle`, `idle in transaction`, \
             `idle in transaction (aborted)`, `starting` (did you mean `idle in transaction`?)",
        ],
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
