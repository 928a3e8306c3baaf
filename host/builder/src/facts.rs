//! What a component's bytes say about it: its imported functions, and the tier they put it in.

use serde::Serialize;
use wasmparser::component_types::{ComponentEntityType, ComponentInstanceTypeId};
use wasmparser::{Parser, Payload, Validator};

/// The functions that only observe: interfaces with their exact versions, and in each the calls.
/// An answer is read by `get` and named by `call` of the resource `pending-CALL`.
const READS: &[(&str, &[&str])] = &[
    ("interlock:read/alerts@0.1.0", &["list"]),
    ("interlock:read/changes@0.1.0", &["list"]),
    (
        "interlock:read/database@0.1.0",
        &[
            "locks",
            "prepared-transactions",
            "replication-slots",
            "sessions",
            "settings",
        ],
    ),
    ("interlock:read/http-probe@0.1.0", &["probe"]),
    ("interlock:read/incidents@0.1.0", &["similar"]),
    ("interlock:read/logs@0.1.0", &["search"]),
    ("interlock:read/metrics@0.1.0", &["instant", "range"]),
    ("interlock:read/topology@0.1.0", &["services"]),
    ("interlock:read/workloads@0.1.0", &["describe", "events"]),
];

/// The functions that reach nothing outside the run.
const NEUTRAL: &[(&str, &str)] = &[
    ("interlock:step/clock@0.1.0", "now"),
    ("interlock:step/log@0.1.0", "log"),
];

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
            match class(import) {
                Class::Call => capabilities.push(short(import)),
                Class::Answer | Class::Inert => {}
                Class::Write => {
                    capabilities.push(short(import));
                    writes.push(short(import));
                }
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

enum Class {
    /// Asks something.
    Call,
    /// Reads the answer of a call that is itself an import.
    Answer,
    /// Reaches nothing outside the run.
    Inert,
    /// Changes something, or cannot be known.
    Write,
}

fn class(import: &ImportedFunction) -> Class {
    let (interface, function) = (import.interface.as_str(), import.function.as_str());
    if NEUTRAL.contains(&(interface, function)) || interface.starts_with("wasi:") {
        return Class::Inert;
    }
    let Some((_, calls)) = READS.iter().find(|(name, _)| *name == interface) else {
        return Class::Write;
    };
    if calls.contains(&function) {
        return Class::Call;
    }
    let answer = function
        .strip_prefix("[method]pending-")
        .and_then(|rest| rest.split_once('.'));
    match answer {
        Some((call, "get" | "call")) if calls.contains(&call) => Class::Answer,
        _ => Class::Write,
    }
}

/// `interlock:read/http-probe@0.1.0` and `probe` make `http_probe.probe`; whatever is not ours is
/// written out, so that no foreign import can pass under one of our names.
fn short(import: &ImportedFunction) -> String {
    let ImportedFunction {
        interface,
        function,
    } = import;
    let known = match class(import) {
        Class::Call => interface.strip_prefix("interlock:read/"),
        _ => interface.strip_prefix("interlock:write/"),
    };
    match known.and_then(|rest| rest.strip_suffix("@0.1.0")) {
        Some(name) => format!("{name}.{function}").replace('-', "_"),
        None if interface.is_empty() => function.clone(),
        None => format!("{interface}#{function}"),
    }
}

#[cfg(test)]
mod tests;
