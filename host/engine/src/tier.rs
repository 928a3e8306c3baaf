//! What a component could do, read from its imported functions.
//!
//! The list of what counts as a read is exact: package, interface, version, function. What is not
//! on it, and is neither WASI nor types alone, counts as a write.

use std::fmt;

use interlock_capabilities::ReadCall;
use interlock_gate::action::Capability;
use serde::Serialize;
use wasmtime::{
    Engine,
    component::types::{Component, ComponentItem},
};

/// What a component could do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// It can only observe: it runs at once.
    Read,
    /// It can propose changes, or what it can do is not known.
    Write,
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Tier::Read => "read",
            Tier::Write => "write",
        })
    }
}

/// What a step is for: the one interface of `interlock:step` that it exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `diagnose`: observes and concludes.
    Diagnose,
    /// `remediate`: proposes changes.
    Remediate,
    /// `verify`: observes whether a change has helped.
    Verify,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 3] = [Kind::Diagnose, Kind::Remediate, Kind::Verify];

    /// The interface's name, without package and version.
    pub const fn interface(self) -> &'static str {
        match self {
            Kind::Diagnose => "diagnose",
            Kind::Remediate => "remediate",
            Kind::Verify => "verify",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.interface())
    }
}

/// Versions of the contract that this host speaks: a component that was built against any of
/// them keeps running.
pub const CONTRACT_VERSIONS: &[&str] = &["0.1.0"];

/// One import of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// As the component names it, such as `interlock:read/database@0.1.0`.
    pub name: String,
    /// What it gives.
    pub gives: Gives,
}

/// What an import gives to a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gives {
    /// Functions of `interlock:read`.
    Reads(Vec<ReadCall>),
    /// Functions of `interlock:write`.
    Writes(Vec<Capability>),
    /// The run's recorded clock, or its log.
    Neutral,
    /// WASI: a world with nothing in it.
    Wasi,
    /// Types, no functions.
    Types,
    /// Something that is not on the list: counts as a write, and no rule can grant it.
    Unknown,
}

impl Import {
    fn of(engine: &Engine, name: &str, item: &ComponentItem) -> Import {
        let gives = match item {
            ComponentItem::ComponentInstance(instance) => {
                let mut functions = Vec::new();
                let mut plain = true;
                for (item_name, item) in instance.exports(engine) {
                    match item.ty {
                        ComponentItem::ComponentFunc(_) => functions.push(item_name.to_owned()),
                        ComponentItem::Type(_) | ComponentItem::Resource(_) => {}
                        ComponentItem::CoreFunc(_)
                        | ComponentItem::Module(_)
                        | ComponentItem::Component(_)
                        | ComponentItem::ComponentInstance(_) => plain = false,
                    }
                }
                if plain {
                    gives(name, &functions)
                } else {
                    Gives::Unknown
                }
            }
            ComponentItem::Type(_) => Gives::Types,
            ComponentItem::ComponentFunc(_)
            | ComponentItem::CoreFunc(_)
            | ComponentItem::Module(_)
            | ComponentItem::Component(_)
            | ComponentItem::Resource(_) => Gives::Unknown,
        };
        Import {
            name: name.to_owned(),
            gives,
        }
    }

    /// What a policy calls the things it gives; nothing where it needs no grant.
    pub fn capabilities(&self) -> Vec<String> {
        match &self.gives {
            Gives::Reads(calls) => calls.iter().map(|call| call.name().to_owned()).collect(),
            Gives::Writes(capabilities) => {
                capabilities.iter().map(|c| c.name().to_owned()).collect()
            }
            Gives::Unknown => vec![self.name.clone()],
            Gives::Neutral | Gives::Wasi | Gives::Types => Vec::new(),
        }
    }
}

/// The imports of a component, by name.
pub(crate) fn imports(engine: &Engine, component: &Component) -> Vec<Import> {
    let mut imports: Vec<Import> = component
        .imports(engine)
        .map(|(name, item)| Import::of(engine, name, &item.ty))
        .collect();
    imports.sort_by(|a, b| a.name.cmp(&b.name));
    imports
}

/// The tier that these imports make.
pub(crate) fn tier(imports: &[Import]) -> Tier {
    let reads_only = imports.iter().all(|import| match &import.gives {
        Gives::Reads(_) | Gives::Neutral | Gives::Wasi | Gives::Types => true,
        Gives::Writes(_) | Gives::Unknown => false,
    });
    if reads_only { Tier::Read } else { Tier::Write }
}

/// `package/interface@version` taken apart; the package keeps its namespace.
pub(crate) fn split(name: &str) -> Option<(&str, &str, &str)> {
    let (path, version) = name.split_once('@')?;
    let (package, interface) = path.split_once('/')?;
    Some((package, interface, version))
}

fn gives(name: &str, functions: &[String]) -> Gives {
    if functions.is_empty() {
        return Gives::Types;
    }
    let Some((package, interface, version)) = split(name) else {
        return Gives::Unknown;
    };
    if package.starts_with("wasi:") {
        return Gives::Wasi;
    }
    if !CONTRACT_VERSIONS.contains(&version) {
        return Gives::Unknown;
    }
    match package {
        "interlock:read" => reads(interface, functions),
        "interlock:write" => writes(interface, functions),
        "interlock:step" => {
            let known = match interface {
                "clock" => "now",
                "log" => "log",
                _other => return Gives::Unknown,
            };
            if functions.iter().all(|f| f == known) {
                Gives::Neutral
            } else {
                Gives::Unknown
            }
        }
        _other => Gives::Unknown,
    }
}

fn reads(interface: &str, functions: &[String]) -> Gives {
    let of_interface = || {
        ReadCall::ALL
            .iter()
            .filter(|call| call.interface() == interface)
    };
    let mut calls = Vec::new();
    for function in functions {
        let method = function
            .strip_prefix("[method]pending-")
            .and_then(|rest| rest.split_once('.'));
        let (stem, asks) = match method {
            Some((stem, "get" | "call")) => (stem, false),
            Some(_) => return Gives::Unknown,
            None => (function.as_str(), true),
        };
        let Some(call) = of_interface().find(|call| wit_name(call.name()) == stem) else {
            return Gives::Unknown;
        };
        if asks {
            calls.push(*call);
        }
    }
    calls.sort_unstable();
    Gives::Reads(calls)
}

fn writes(interface: &str, functions: &[String]) -> Gives {
    let mut found = Vec::new();
    for function in functions {
        let capability = Capability::ALL.iter().find(|capability| {
            let name = capability.name();
            // What only takes another act back has no function: to ask for it is to ask for the
            // unknown.
            name.split_once('.').is_some_and(|(i, _)| i == interface)
                && wit_name(name) == *function
                && !capability.only_undo()
        });
        match capability {
            Some(capability) => found.push(*capability),
            None => return Gives::Unknown,
        }
    }
    found.sort_unstable();
    Gives::Writes(found)
}

/// `database.prepared_transactions` as WIT calls the function.
fn wit_name(capability: &str) -> String {
    capability
        .rsplit_once('.')
        .map_or(capability, |(_, function)| function)
        .replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str, functions: &[&str]) -> Gives {
        gives(
            name,
            &functions
                .iter()
                .map(|f| (*f).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn only_what_is_on_the_list_is_a_read() {
        let sessions = ["sessions", "[method]pending-sessions.get"];
        assert_eq!(
            of("interlock:read/database@0.1.0", &sessions),
            Gives::Reads(vec![ReadCall::DatabaseSessions])
        );
        assert_eq!(
            of("interlock:read/http-probe@0.1.0", &["probe"]),
            Gives::Reads(vec![ReadCall::HttpProbeProbe])
        );
        assert_eq!(
            of("interlock:read/database@0.1.0", &["prepared-transactions"]),
            Gives::Reads(vec![ReadCall::DatabasePreparedTransactions])
        );
        for (name, functions) in [
            ("interlock:read/database@0.1.1", &sessions[..]),
            ("interlock:read/database@0.2.0", &sessions[..]),
            ("interlock:read/database", &sessions[..]),
            ("interlock:reads/database@0.1.0", &sessions[..]),
            ("interlock:read/metrics@0.1.0", &sessions[..]),
            (
                "interlock:read/database@0.1.0",
                &["sessions", "drop-all"][..],
            ),
            (
                "interlock:read/database@0.1.0",
                &["[method]pending-sessions.kill"][..],
            ),
            ("interlock:read/types@0.1.0", &["now"][..]),
            ("interlock:write/types@0.1.0", &["now"][..]),
            ("interlock:step/clock@0.1.0", &["set"][..]),
            ("acme:read/database@0.1.0", &sessions[..]),
            ("wasix:cli/exit@0.1.0", &["exit"][..]),
        ] {
            assert_eq!(of(name, functions), Gives::Unknown, "{name} {functions:?}");
        }
    }

    #[test]
    fn types_alone_grant_nothing_and_wasi_is_inert() {
        assert_eq!(of("interlock:write/types@0.1.0", &[]), Gives::Types);
        assert_eq!(
            of("wasi:filesystem/types@0.2.9", &["[method]descriptor.write"]),
            Gives::Wasi
        );
        assert_eq!(of("interlock:step/clock@0.1.0", &["now"]), Gives::Neutral);
    }

    #[test]
    fn every_write_capability_has_its_function() {
        let writes = |interface: &str, function: &str| {
            of(&format!("interlock:write/{interface}@0.1.0"), &[function])
        };
        for capability in Capability::ALL {
            let (interface, function) = capability.name().split_once('.').unwrap();
            let given = match capability.only_undo() {
                true => Gives::Unknown,
                false => Gives::Writes(vec![*capability]),
            };
            assert_eq!(writes(interface, function), given);
        }
    }
}
