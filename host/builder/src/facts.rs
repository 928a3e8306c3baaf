//! What a component's bytes say about it: its imported functions, and the tier they put it in.

use serde::Serialize;
use wasmparser::component_types::{ComponentEntityType, ComponentInstanceTypeId};
use wasmparser::{Parser, Payload, Validator};

/// The interfaces whose functions only observe, with their exact versions.
const READS: &[&str] = &[
    "interlock:read/alerts@0.1.0",
    "interlock:read/changes@0.1.0",
    "interlock:read/database@0.1.0",
    "interlock:read/http-probe@0.1.0",
    "interlock:read/incidents@0.1.0",
    "interlock:read/logs@0.1.0",
    "interlock:read/metrics@0.1.0",
    "interlock:read/topology@0.1.0",
    "interlock:read/workloads@0.1.0",
];

/// The interfaces that reach nothing outside the run.
const NEUTRAL: &[&str] = &["interlock:step/clock@0.1.0", "interlock:step/log@0.1.0"];

/// Whether a component could change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Every imported function observes.
    Read,
    /// Some imported function changes something, or is of an unknown kind.
    Write,
}

impl std::fmt::Display for Tier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Tier::Read => "read",
            Tier::Write => "write",
        })
    }
}

/// Which kind of step a component is, from the interface it exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Observes and concludes.
    Diagnose,
    /// Proposes a change.
    Remediate,
    /// Observes whether a change has helped.
    Verify,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Kind::Diagnose => "diagnose",
            Kind::Remediate => "remediate",
            Kind::Verify => "verify",
        })
    }
}

/// One function that a component imports.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ImportedFunction {
    /// The interface with package and version; empty for a bare import.
    pub interface: String,
    /// The function's name there.
    pub function: String,
}

/// What a component's bytes say about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The tier, by imported functions alone.
    pub tier: Tier,
    /// The step interface it exports; absent for any other component.
    pub kind: Option<Kind>,
    /// What it may ask for, sorted, as policies name it: `database.sessions`. An import that has
    /// no such name stands as it is written in the component.
    pub capabilities: Vec<String>,
    /// Those of `capabilities` that make it a write.
    pub writes: Vec<String>,
    /// Every imported function, sorted.
    pub imports: Vec<ImportedFunction>,
}

/// Reads the facts from a component's bytes. The error says what the bytes are instead.
pub(crate) fn read(bytes: &[u8]) -> Result<Facts, String> {
    if !Parser::is_component(bytes) {
        let why = if Parser::is_core_wasm(bytes) {
            "it is a core module; `interlock build` makes components"
        } else {
            "it is not WebAssembly"
        };
        return Err(why.to_owned());
    }
    let types = Validator::new()
        .validate_all(bytes)
        .map_err(|e| e.to_string())?;
    let (imports, exports) = names(bytes).map_err(|e| e.to_string())?;

    let mut found = Found::default();
    for name in imports {
        let item = types
            .component_item_for_import(name)
            .ok_or("an import has no type")?;
        match &item.ty {
            ComponentEntityType::Instance(id) => found.instance(name, *id, &types),
            ComponentEntityType::Func(_) => found.function("", name),
            // A type is a name for a shape; it can do nothing.
            ComponentEntityType::Type { .. } => {}
            // Code or values from outside: what they do cannot be known here.
            ComponentEntityType::Module(_)
            | ComponentEntityType::Component(_)
            | ComponentEntityType::Value(_) => found.unknown(name),
        }
    }
    let kind = exports.into_iter().find_map(|name| match name {
        "interlock:step/diagnose@0.1.0" => Some(Kind::Diagnose),
        "interlock:step/remediate@0.1.0" => Some(Kind::Remediate),
        "interlock:step/verify@0.1.0" => Some(Kind::Verify),
        _ => None,
    });
    Ok(found.into_facts(kind))
}

/// Names of the outermost component's imports and exports.
fn names(bytes: &[u8]) -> Result<(Vec<&str>, Vec<&str>), wasmparser::BinaryReaderError> {
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut depth = 0_u32;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    imports.push(import?.name.name);
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    exports.push(export?.name.name);
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}

#[derive(Default)]
struct Found {
    functions: Vec<ImportedFunction>,
    unknown: Vec<String>,
}

impl Found {
    fn function(&mut self, interface: &str, function: &str) {
        self.functions.push(ImportedFunction {
            interface: interface.to_owned(),
            function: function.to_owned(),
        });
    }

    fn unknown(&mut self, name: &str) {
        self.unknown.push(name.to_owned());
    }

    fn instance(
        &mut self,
        name: &str,
        id: ComponentInstanceTypeId,
        types: &wasmparser::types::Types,
    ) {
        for (export, item) in &types[id].exports {
            match &item.ty {
                ComponentEntityType::Func(_) => self.function(name, export),
                ComponentEntityType::Type { .. } => {}
                ComponentEntityType::Instance(_)
                | ComponentEntityType::Module(_)
                | ComponentEntityType::Component(_)
                | ComponentEntityType::Value(_) => self.unknown(&format!("{name}#{export}")),
            }
        }
    }

    fn into_facts(mut self, kind: Option<Kind>) -> Facts {
        self.functions.sort();
        let mut capabilities = self.unknown.clone();
        let mut writes = self.unknown;
        for import in &self.functions {
            let interface = import.interface.as_str();
            if READS.contains(&interface) {
                // Methods read the answer of a call that is itself an import.
                if !import.function.starts_with('[') {
                    capabilities.push(short(import));
                }
            } else if !NEUTRAL.contains(&interface) && !interface.starts_with("wasi:") {
                let name = short(import);
                capabilities.push(name.clone());
                writes.push(name);
            }
        }
        for names in [&mut capabilities, &mut writes] {
            names.sort();
            names.dedup();
        }
        let tier = if writes.is_empty() {
            Tier::Read
        } else {
            Tier::Write
        };
        Facts {
            tier,
            kind,
            capabilities,
            writes,
            imports: self.functions,
        }
    }
}

/// `interlock:read/http-probe@0.1.0` and `probe` make `http_probe.probe`; whatever is not ours is
/// written out, so that no foreign import can pass under one of our names.
fn short(import: &ImportedFunction) -> String {
    let ImportedFunction {
        interface,
        function,
    } = import;
    let known = ["interlock:read/", "interlock:write/"]
        .iter()
        .find_map(|package| interface.strip_prefix(package)?.strip_suffix("@0.1.0"));
    match known {
        Some(name) => format!("{name}.{function}").replace('-', "_"),
        None if interface.is_empty() => function.clone(),
        None => format!("{interface}#{function}"),
    }
}

#[cfg(test)]
mod tests {
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
                "shell.run",
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
}
