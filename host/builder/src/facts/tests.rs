//! Components with exact imports, written as text.

use super::*;

fn facts(text: &str) -> Facts {
    read(&wat::parse_str(text).unwrap()).unwrap()
}

#[test]
fn a_read_and_its_methods_are_one_capability() {
    let facts = facts(
        r#"(component
            (import "interlock:read/database@0.1.0" (instance
                (export "pending-sessions" (type (sub resource)))
                (export "prepared-transactions" (func))
                (export "[method]pending-sessions.call" (func
                    (param "self" (borrow 0)) (result u64))))))"#,
    );
    assert_eq!(facts.tier, Tier::Read);
    assert_eq!(facts.capabilities, ["database.prepared_transactions"]);
    assert_eq!(facts.imports.len(), 2);
}

#[test]
fn a_write_makes_the_component_a_write() {
    let facts = facts(
        r#"(component
            (import "interlock:read/http-probe@0.1.0" (instance (export "probe" (func))))
            (import "interlock:write/database@0.1.0" (instance (export "terminate" (func)))))"#,
    );
    assert_eq!(facts.tier, Tier::Write);
    assert_eq!(
        facts.capabilities,
        ["database.terminate", "http_probe.probe"]
    );
    assert_eq!(facts.writes, ["database.terminate"]);
}

#[test]
fn types_alone_grant_nothing() {
    let facts = facts(
        r#"(component
            (import "interlock:write/types@0.1.0" (instance
                (type (record (field "call" u64)))
                (export "seen" (type (eq 0))))))"#,
    );
    assert_eq!((facts.tier, facts.capabilities), (Tier::Read, vec![]));
}

#[test]
fn clock_log_and_wasi_are_inert_and_no_capability() {
    let facts = facts(
        r#"(component
            (import "interlock:step/clock@0.1.0" (instance (export "now" (func))))
            (import "wasi:filesystem/preopens@0.2.0" (instance (export "f" (func)))))"#,
    );
    assert_eq!((facts.tier, facts.capabilities), (Tier::Read, vec![]));
}

#[test]
fn whatever_is_not_on_the_list_is_a_write_under_its_own_name() {
    for (text, name) in [
        (
            r#"(component (import "interlock:read/database@0.2.0" (instance (export "sessions" (func)))))"#,
            "interlock:read/database@0.2.0#sessions",
        ),
        (
            r#"(component (import "interlock:read/shell@0.1.0" (instance (export "run" (func)))))"#,
            "interlock:read/shell@0.1.0#run",
        ),
        (
            r#"(component (import "interlock:read/database@0.1.0" (instance (export "drop-all" (func)))))"#,
            "interlock:read/database@0.1.0#drop-all",
        ),
        (
            r#"(component (import "interlock:step/clock@0.1.0" (instance (export "set" (func)))))"#,
            "interlock:step/clock@0.1.0#set",
        ),
        (
            r#"(component (import "wasix:cli/exit@0.1.0" (instance (export "exit" (func)))))"#,
            "wasix:cli/exit@0.1.0#exit",
        ),
        (
            r#"(component (import "acme:read/database@0.1.0" (instance (export "sessions" (func)))))"#,
            "acme:read/database@0.1.0#sessions",
        ),
        (r#"(component (import "sessions" (func)))"#, "sessions"),
        (r#"(component (import "m" (core module)))"#, "m"),
        (r#"(component (import "c" (component)))"#, "c"),
        (
            r#"(component (import "interlock:read/logs@0.1.0" (instance (export "inner" (instance)))))"#,
            "interlock:read/logs@0.1.0#inner",
        ),
    ] {
        let facts = facts(text);
        assert_eq!(facts.tier, Tier::Write, "{text}");
        assert_eq!(facts.writes, [name], "{text}");
    }
}

#[test]
fn the_list_of_reads_is_the_contract_word_for_word() {
    let mut contract = wit_parser::Resolve::default();
    let wit = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../runbook-sdk/wit/read");
    let (package, _) = contract.push_dir(wit).unwrap();
    let mut found = Vec::new();
    for id in contract.packages[package].interfaces.values() {
        let interface = &contract.interfaces[*id];
        let calls: Vec<&str> = interface
            .functions
            .values()
            .filter(|function| matches!(function.kind, wit_parser::FunctionKind::Freestanding))
            .map(|function| function.name.as_str())
            .collect();
        if !calls.is_empty() {
            found.push((contract.id_of(*id).unwrap(), calls));
        }
    }
    let listed: Vec<_> = READS
        .iter()
        .map(|(n, c)| ((*n).to_owned(), c.to_vec()))
        .collect();
    for (_, calls) in &mut found {
        calls.sort_unstable();
    }
    found.sort();
    assert_eq!(found, listed);
}

#[test]
fn imports_of_a_component_within_are_not_the_outer_ones() {
    let facts = facts(
        r#"(component
            (component $inner
                (import "interlock:write/notify@0.1.0" (instance (export "notify" (func))))))"#,
    );
    assert_eq!(facts.tier, Tier::Read);
}

#[test]
fn the_exported_interface_is_the_kind() {
    let facts = facts(
        r#"(component
            (instance $none)
            (export "interlock:step/verify@0.1.0" (instance $none)))"#,
    );
    assert_eq!(facts.kind, Some(Kind::Verify));
}

#[test]
fn what_is_no_component_is_refused_with_what_it_is() {
    assert!(
        read(b"\0asm\x01\0\0\0")
            .unwrap_err()
            .contains("core module")
    );
    assert!(read(b"#!/bin/sh").unwrap_err().contains("not WebAssembly"));
    let whole = wat::parse_str(r#"(component (import "x" (func)))"#).unwrap();
    for cut in 9..whole.len() {
        // No prefix may panic; one that happens to be whole is fine.
        let _ = read(&whole[..cut]);
    }
}
