//! Every file that the guide for agents shows is one that its program takes.

use std::fs;
use std::path::Path;
use std::process::Command;

use interlock_gate::policy::Policy;
use interlock_system_tests::interlock_binary;
use interlock_test_servers::repository;
use serde_json::Value;

const GUIDE: &str = "docs/agents.md";

/// The blocks of one language, in their order.
fn blocks(language: &str) -> Vec<String> {
    let text = fs::read_to_string(repository().join(GUIDE)).unwrap();
    let mut found = Vec::new();
    let mut inside: Option<String> = None;
    for line in text.lines() {
        match (&mut inside, line.strip_prefix("```")) {
            (None, Some(fence)) if fence == language => inside = Some(String::new()),
            (Some(_), Some(_)) => found.extend(inside.take()),
            (Some(block), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, _) => {}
        }
    }
    assert!(!found.is_empty(), "no {language} in {GUIDE}");
    found
}

/// Runs a checker of somebody else's on a file.
fn checks(program: &str, arguments: &[&str], file: &Path) {
    let done = Command::new(program)
        .args(arguments)
        .arg(file)
        .output()
        .unwrap();
    assert!(done.status.success(), "{program}: {done:#?}");
}

#[test]
fn what_a_client_is_configured_with_starts_the_proxy() {
    let mut seen = 0;
    for block in blocks("json") {
        let file: Value = serde_json::from_str(&block).unwrap();
        let servers = file.get("mcpServers").or(file.get("servers")).unwrap();
        let server = &servers["interlock"];
        assert_eq!(server["command"], "interlock");
        assert_eq!(server["args"][0], "mcp");
        assert_eq!(server["args"][1], "--connect");
        seen += 1;
    }
    assert_eq!(seen, 2);
}

#[test]
fn the_policy_and_the_configuration_that_it_shows_are_taken() {
    let (callers, sections): (Vec<_>, Vec<_>) = blocks("toml")
        .into_iter()
        .partition(|block| block.contains("[[caller]]"));
    let policy = format!("version = 1\n{}", callers.concat());
    let policy = Policy::parse(&policy).unwrap();
    assert_eq!(policy.callers().len(), callers.len());

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("interlock.toml");
    let config = format!(
        "version = 1\npolicy = \"policy.toml\"\nstate_dir = \"state\"\n{}",
        sections.concat()
    );
    fs::write(&file, config).unwrap();
    let done = Command::new(interlock_binary().unwrap())
        .args(["doctor", "--json", "--config"])
        .arg(&file)
        .env_clear()
        .output()
        .unwrap();
    let said: Value = serde_json::from_slice(&done.stdout).unwrap();
    let config = &said["checks"][0];
    assert_eq!(config["name"], "config", "{said:#}");
    assert_eq!(config["standing"], "good", "{said:#}");
}

#[test]
fn alertmanager_and_prometheus_take_what_it_shows() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let of = |key: &str| {
        let mut yaml = blocks("yaml").into_iter();
        yaml.find(|block| block.starts_with(key)).unwrap()
    };
    let file = write("alertmanager.yml", &of("route:"));
    checks("amtool", &["check-config"], &file);
    let file = write("prometheus.yml", &of("scrape_configs:"));
    checks("promtool", &["check", "config", "--syntax-only"], &file);
}

#[test]
fn the_unit_runs_it_as_its_own_user_with_nothing_else_in_reach() {
    let unit = blocks("ini").concat();
    let has = |line: &str| unit.lines().any(|one| one == line);
    for line in [
        "User=interlock",
        "DynamicUser=no",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "ProtectHome=yes",
        "PrivateTmp=yes",
        "ReadWritePaths=/var/lib/interlock",
        "CapabilityBoundingSet=",
        "SystemCallFilter=@system-service",
        // The sandbox compiles: with `yes` it would not start.
        "MemoryDenyWriteExecute=no",
    ] {
        assert!(has(line), "{line}");
    }
    let stays = unit.lines().all(|line| {
        line.is_empty() || line.starts_with(['#', '[']) || line.split_once('=').is_some()
    });
    assert!(stays, "{unit}");
}
