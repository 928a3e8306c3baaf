//! Who may do what: every command stands in `tests/rights.txt`, against agent, requester, approver.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use interlock_system_tests::interlock_binary;
use interlock_test_servers::repository;

/// The commands under `path`, from the program's own help; those that only lead on are left out.
fn commands(path: &[String], found: &mut Vec<String>) {
    let help = Command::new(interlock_binary().unwrap())
        .args(path)
        .arg("--help")
        .env_clear()
        .output()
        .unwrap();
    assert!(help.status.success(), "{path:?}");
    let help = String::from_utf8(help.stdout).unwrap();
    let list = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "));
    let names: Vec<String> = list
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    if names.is_empty() {
        found.push(path.join(" "));
    }
    for name in names {
        commands(&[path, &[name]].concat(), found);
    }
}

/// One line of the file: a command, and each one's right with its reason.
#[derive(Debug)]
struct Rights<'a> {
    agent: &'a str,
    requester: &'a str,
    approver: &'a str,
    why: &'a str,
}

fn listed(text: &str) -> BTreeMap<&str, Rights<'_>> {
    let mut listed = BTreeMap::new();
    for line in text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
    {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let [command, agent, requester, approver, why] = columns[..] else {
            panic!("not five columns: {line}");
        };
        for right in [agent, requester, approver] {
            assert!(["may", "may not"].contains(&right), "`{right}` in: {line}");
        }
        assert!(!why.is_empty(), "no reason: {line}");
        let rights = Rights {
            agent,
            requester,
            approver,
            why,
        };
        assert!(listed.insert(command, rights).is_none(), "twice: {command}");
    }
    listed
}

/// A tool or a route: those are held against the list where they are, in `host/server`.
fn is_of_a_door(row: &str) -> bool {
    let doors = ["tool ", "GET ", "POST ", "DELETE "];
    doors.iter().any(|door| row.starts_with(door))
}

#[test]
fn every_command_stands_in_the_list_of_rights() {
    let text = fs::read_to_string(repository().join("tests/rights.txt")).unwrap();
    let listed = listed(&text);
    let mut found = Vec::new();
    commands(&[], &mut found);
    assert!(found.len() > 25, "{found:?}");
    for command in &found {
        assert!(
            listed.contains_key(command.as_str()),
            "`interlock {command}` is not in tests/rights.txt"
        );
    }
    let commands = listed.keys().filter(|row| !is_of_a_door(row));
    for command in commands {
        let there = found.iter().any(|found| found == command);
        assert!(
            there,
            "tests/rights.txt lists `{command}`, which is no command"
        );
    }
}

#[test]
fn no_agent_signs_grants_or_changes_policy() {
    let text = fs::read_to_string(repository().join("tests/rights.txt")).unwrap();
    let listed = listed(&text);
    let decides = [
        "approve",
        "reject",
        "revoke",
        "apply",
        "undo",
        "runs reconcile",
        "runbooks trust",
        "keygen",
    ];
    for command in decides {
        let rights = &listed[command];
        assert_eq!(rights.agent, "may not", "{command}: {rights:?}");
    }
    for command in ["approve", "runs reconcile"] {
        let rights = &listed[command];
        assert_eq!(rights.requester, "may not", "{command}: {rights:?}");
        assert_eq!(rights.approver, "may", "{command}: {rights:?}");
    }
    assert!(listed.values().all(|rights| rights.why.len() > 4));
}
