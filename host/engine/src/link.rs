//! A linker per step, built from the policy: what is not granted is not there.

use std::{fmt, sync::Arc};

use interlock_capabilities::report::{Failure, Input, Report, Verification};
use wasmtime::component::{
    ComponentExportIndex, InstancePre, Linker,
    types::{ComponentFunc, ComponentItem},
};

use crate::{
    bind,
    component::{Engine, Loaded, Step},
    grants::Grants,
    session::Session,
    tier::{self, Gives, Kind},
    wasi,
};

/// A step with exactly what its policy grants. Made once, run often; cheap to clone.
#[derive(Clone)]
pub struct Linked {
    pub(crate) engine: Engine,
    pub(crate) loaded: Arc<Loaded>,
    pub(crate) grants: Grants,
    pub(crate) kind: Kind,
    pub(crate) run: ComponentExportIndex,
    pub(crate) pre: InstancePre<Session>,
}

impl fmt::Debug for Linked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Linked")
            .field("digest", &self.loaded.digest)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// Everything that keeps a step from being linked; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("denied by policy: {}", list(.missing))]
pub struct NotGranted {
    /// In the order of the component's imports.
    pub missing: Vec<Missing>,
}

/// One thing that a step needs and does not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// As policies name it, such as `database.terminate`; by its full name where it is not known.
    pub capability: String,
    /// What would grant it.
    pub why: Why,
}

/// Why a capability is not linked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// No rule grants it; this one would.
    NoRule {
        /// The rule, in the policy's words, on one line.
        rule: String,
    },
    /// It is not of the contract: no rule can grant it.
    Unknown,
    /// Only a remediate step may propose changes.
    NotRemediate,
    /// The component exports no single kind of step that this host knows.
    NotAStep,
    /// It has the right name and another type.
    Mismatch {
        /// wasmtime's word for it.
        why: String,
    },
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Missing { capability, why } = self;
        match why {
            Why::NoRule { rule } => write!(
                f,
                "`{capability}` is granted by no rule; this one would: {rule}"
            ),
            Why::Unknown => write!(
                f,
                "`{capability}` is unknown here, so it counts as a write, and no rule can grant it"
            ),
            Why::NotRemediate => write!(
                f,
                "`{capability}` is a change, and only a remediate step may propose changes"
            ),
            Why::NotAStep => write!(
                f,
                "`{capability}` exports no single diagnose, remediate or verify of this contract"
            ),
            Why::Mismatch { why } => write!(
                f,
                "`{capability}` has another type than the contract's: {why}"
            ),
        }
    }
}

fn list(missing: &[Missing]) -> String {
    missing
        .iter()
        .map(Missing::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}

impl Step {
    /// Links what `grants` grants, or says everything that is missing. Nothing runs.
    pub fn link(&self, grants: &Grants) -> Result<Linked, NotGranted> {
        let loaded = &self.loaded;
        let mut missing: Vec<Missing> = loaded
            .imports
            .iter()
            .flat_map(|import| judge(import, grants, self.kind()))
            .collect();
        let Some((kind, run)) = loaded.run else {
            missing.push(Missing {
                capability: loaded.digest.to_string(),
                why: Why::NotAStep,
            });
            return Err(NotGranted { missing });
        };
        if !missing.is_empty() {
            return Err(NotGranted { missing });
        }
        let pre = match loaded.pre.get() {
            Some(pre) => pre.clone(),
            None => {
                let pre = self.instance_pre(kind, &run).map_err(|error| NotGranted {
                    missing: vec![Missing {
                        capability: loaded.digest.to_string(),
                        why: Why::Mismatch {
                            why: format!("{error:#}"),
                        },
                    }],
                })?;
                loaded.pre.get_or_init(|| pre).clone()
            }
        };
        let (engine, loaded) = (self.engine.clone(), Arc::clone(loaded));
        Ok(Linked {
            engine,
            loaded,
            grants: grants.clone(),
            kind,
            run,
            pre,
        })
    }

    fn instance_pre(
        &self,
        kind: Kind,
        run: &ComponentExportIndex,
    ) -> wasmtime::Result<InstancePre<Session>> {
        let loaded = &self.loaded;
        let mut linker = Linker::new(&self.engine.0.wasm);
        if self.uses_wasi() {
            wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        }
        for import in &loaded.imports {
            match &import.gives {
                Gives::Reads(_) | Gives::Writes(_) | Gives::Neutral => {
                    let name = tier::split(&import.name);
                    let linked = match name {
                        Some((package, interface, _version)) => {
                            bind::link(&mut linker, package, interface)?
                        }
                        None => false,
                    };
                    if !linked {
                        wasmtime::bail!("no host function serves `{}`", import.name);
                    }
                }
                Gives::Wasi | Gives::Types | Gives::Unknown => {}
            }
        }
        let pre = linker.instantiate_pre(&loaded.component)?;
        check_run(&pre, kind, run)?;
        Ok(pre)
    }
}

/// What one import lacks.
fn judge(import: &tier::Import, grants: &Grants, kind: Option<Kind>) -> Vec<Missing> {
    let unknown = || {
        vec![Missing {
            capability: import.name.clone(),
            why: Why::Unknown,
        }]
    };
    match &import.gives {
        Gives::Reads(calls) => {
            let lacking = calls.iter().filter(|call| !grants.links_read(**call));
            let missing = |call: &interlock_capabilities::ReadCall| Missing {
                capability: call.name().to_owned(),
                why: Why::NoRule {
                    rule: grants.read_rule(*call),
                },
            };
            lacking.map(missing).collect()
        }
        Gives::Writes(capabilities) => {
            let judge = |capability: &interlock_gate::action::Capability| {
                let why = if kind != Some(Kind::Remediate) {
                    Why::NotRemediate
                } else if !grants.links_write(*capability) {
                    Why::NoRule {
                        rule: grants.write_rule(*capability),
                    }
                } else {
                    return None;
                };
                Some(Missing {
                    capability: capability.name().to_owned(),
                    why,
                })
            };
            capabilities.iter().filter_map(judge).collect()
        }
        Gives::Wasi => {
            let served = tier::split(&import.name).is_some_and(|(package, _, version)| {
                wasi::PACKAGES.contains(&package) && version.starts_with("0.2.")
            });
            if served { Vec::new() } else { unknown() }
        }
        Gives::Unknown => unknown(),
        Gives::Neutral | Gives::Types => Vec::new(),
    }
}

/// The step's `run` takes and returns what the contract says.
fn check_run(
    pre: &InstancePre<Session>,
    kind: Kind,
    run: &ComponentExportIndex,
) -> wasmtime::Result<()> {
    let component = pre.component();
    let name = |version: &&str| format!("interlock:step/{}@{version}", kind.interface());
    let instance = tier::CONTRACT_VERSIONS
        .iter()
        .find_map(|version| component.get_export_index(None, name(version)));
    let found = instance.and_then(|instance| component.get_export(Some(&instance), "run"));
    let Some((ComponentItem::ComponentFunc(function), index)) = found else {
        wasmtime::bail!("it exports no `run`");
    };
    if index != *run {
        wasmtime::bail!("it exports more than one `run`");
    }
    check_type(&function, pre, kind)
}

fn check_type(
    function: &ComponentFunc,
    pre: &InstancePre<Session>,
    kind: Kind,
) -> wasmtime::Result<()> {
    let types = pre.instance_type();
    match kind {
        Kind::Diagnose => function.typecheck::<(Input,), (Result<Report, Failure>,)>(&types),
        Kind::Remediate => function.typecheck::<(Input,), (Result<(), Failure>,)>(&types),
        Kind::Verify => function.typecheck::<(Input,), (Result<Verification, Failure>,)>(&types),
    }
}
