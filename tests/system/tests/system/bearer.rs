//! Tokens of callers: how one is made, and what `doctor` says of the doors they open.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use interlock_gate::policy::Policy;
use interlock_system_tests::interlock_binary;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

fn interlock(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(interlock_binary().unwrap())
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .output()
        .unwrap()
}

#[test]
fn a_token_is_written_once_for_its_owner_alone_and_only_its_digest_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let make = |more: &[&str]| {
        let line = [
            "keygen",
            "--bearer",
            "agent.token",
            "--name",
            "triage-agent",
        ];
        interlock(folder.path(), &[&line[..], more].concat())
    };
    let made = make(&["--owner", "bob"]);
    assert!(made.status.success(), "{made:#?}");
    let file = folder.path().join("agent.token");
    let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let token = fs::read_to_string(&file).unwrap();
    assert_eq!(token.len(), 43, "256 bits, base64url, no padding");
    let printed = String::from_utf8(made.stdout).unwrap();
    assert!(!printed.contains(&token), "the token itself is printed");

    // What is printed is a policy's text, of this token and no other.
    let lines = &printed[printed.find("[[caller]]").unwrap()..];
    let policy = Policy::parse(&format!("version = 1\n{lines}")).unwrap();
    let digest: [u8; 32] = Sha256::digest(&token).into();
    let caller = policy.caller_by_bearer(&digest).unwrap();
    assert_eq!(caller.name, "triage-agent");
    assert_eq!(caller.owner.as_ref().unwrap().as_str(), "bob");

    let again = make(&[]);
    assert_eq!(again.status.code(), Some(2), "{again:#?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), token);
}

#[test]
fn a_token_needs_a_name_that_a_policy_takes() {
    let folder = tempfile::tempdir().unwrap();
    for line in [
        &["keygen", "--bearer", "t"][..],
        &["keygen", "--bearer", "t", "--name", "Not A Name"],
        &["keygen", "--bearer", "t", "--name", "a", "--owner", "\"\nb"],
        &["keygen", "--bearer", "t", "--name", "a", "key"],
        &["keygen"],
    ] {
        let done = interlock(folder.path(), line);
        assert_eq!(done.status.code(), Some(2), "{line:?}: {done:#?}");
    }
    assert!(!folder.path().join("t").exists());
}

/// What `doctor` says of a configuration and a policy, check by check.
fn doctor(config: &str, policy: &str) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    };
    let top = "version = 1\npolicy = \"policy.toml\"\nstate_dir = \"state\"\n";
    write("interlock.toml", &format!("{top}{config}"));
    write("policy.toml", &format!("version = 1\n{policy}"));
    write("secret", "hush");
    let done = interlock(folder.path(), &["doctor", "--json"]);
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    said["checks"].as_array().unwrap().clone()
}

fn standing<'a>(checks: &'a [Value], name: &str) -> Vec<&'a str> {
    let of_name = checks.iter().filter(|check| check["name"] == name);
    of_name
        .map(|check| check["standing"].as_str().unwrap())
        .collect()
}

#[test]
fn the_doctor_says_where_the_doors_stand_open() {
    let hash = |word: &str| hex::encode(Sha256::digest(word));
    let policy = format!(
        "[[caller]]\nname = \"agent\"\nbearer_sha256 = \"{}\"\nunattended = true\n\
         [[caller]]\nname = \"owned\"\nbearer_sha256 = \"{}\"\nowner = \"bob\"\n\
         [[write]]\nname = \"w\"\nrunbooks = [\"*\"]\ncapability = \"database.terminate\"\n\
         targets = [\"orders-db/client\"]\n\
         approvals = {{ need = 1, roles = [\"sre\"], not_requester = false }}\n",
        hash("a"),
        hash("b"),
    );
    let config = "[source.prometheus]\nurl = \"http://127.0.0.1:1\"\nbearer_file = \"secret\"\n\
                  [notify]\nwebhook_file = \"secret\"\n";
    let checks = doctor(config, &policy);
    assert_eq!(standing(&checks, "server"), ["good"]);
    assert_eq!(standing(&checks, "secret prometheus"), ["warn"]);
    assert_eq!(standing(&checks, "secret notify"), ["warn"]);
    assert_eq!(standing(&checks, "caller `agent`"), ["warn"]);
    assert_eq!(standing(&checks, "caller `owned`"), ["good"]);
    let rule: Vec<&Value> = checks
        .iter()
        .filter(|check| check["name"] == "rule `w`")
        .collect();
    assert!(
        rule.iter().any(|check| {
            let found = check["found"].as_str().unwrap();
            found.contains("may approve what it asked for")
        }),
        "{rule:#?}"
    );
}

#[test]
fn a_host_whose_name_is_not_known_is_said_to_be_so() {
    let config = "[[source.postgres]]\nname = \"orders-db\"\nread = { dsn_file = \"dsn\" }\n";
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    };
    let top = "version = 1\npolicy = \"policy.toml\"\nstate_dir = \"state\"\n";
    write("interlock.toml", &format!("{top}{config}"), 0o644);
    write("policy.toml", "version = 1\n", 0o644);
    // A name that no resolver may know, by RFC 6761.
    write("dsn", "host=db.invalid user=u dbname=d", 0o600);
    let done = interlock(folder.path(), &["doctor", "--json"]);
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    let checks = said["checks"].as_array().unwrap();
    let source = checks
        .iter()
        .find(|check| check["name"] == "source orders-db")
        .unwrap();
    let found = source["found"].as_str().unwrap();
    assert!(found.contains("name is not known here"), "{source:#}");
}
