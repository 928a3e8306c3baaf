//! The closed list of changes that Interlock can make.
//!
//! Start at [`AnyAction`]; [`Capability`] says what holds for every action of a kind.
//! Invariant: an action's fields are its text in a plan and back, with nothing added or lost.

use std::{collections::BTreeMap, fmt};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{revision::Revision, target::Target};

mod arguments;
mod bad;
mod capability;

pub use self::bad::BadAction;

pub use self::arguments::{
    ExpireArguments, NotifyArguments, RestartArguments, RollbackArguments, ScaleArguments,
    SessionArguments, SilenceArguments,
};

mod sealed {
    pub trait Sealed {}
}

/// One kind of change. Sealed: a new one is a line of `actions!` below, and then every `match` on
/// [`AnyAction`] asks for it.
pub trait Action: sealed::Sealed + Clone + fmt::Debug + Send + Sync + Into<AnyAction> {
    /// Its name in a policy and on a screen.
    const CAPABILITY: Capability;

    /// What it touches.
    fn target(&self) -> &Target;
}

/// An argument of an action: what a policy may limit and an approver reads.
pub type Arguments = BTreeMap<String, Value>;

/// Calls a macro with every action: `Name "capability" Arguments`.
#[macro_export]
macro_rules! for_each_action {
    ($then:ident) => {
        $then! {
            Cancel "database.cancel" SessionArguments,
            Terminate "database.terminate" SessionArguments,
            Restart "workload.restart" RestartArguments,
            Scale "workload.scale" ScaleArguments,
            Rollback "workload.rollback" RollbackArguments,
            Silence "alerts.silence" SilenceArguments,
            Expire "alerts.expire" ExpireArguments,
            Notify "notify.notify" NotifyArguments,
        }
    };
}

macro_rules! actions {
    ($($Name:ident $capability:literal $Arguments:ident),* $(,)?) => {
        $(
            #[doc = concat!("`", $capability, "`: one change, with the exact target and arguments.")]
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $Name {
                /// What it touches.
                pub target: Target,
                /// What it does there.
                pub arguments: $Arguments,
            }

            impl sealed::Sealed for $Name {}

            impl Action for $Name {
                const CAPABILITY: Capability = Capability::$Name;

                fn target(&self) -> &Target {
                    &self.target
                }
            }

            impl From<$Name> for AnyAction {
                fn from(action: $Name) -> AnyAction {
                    AnyAction::$Name(action)
                }
            }
        )*

        /// The kinds of change; a write capability each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Capability {
            $(#[doc = concat!("`", $capability, "`")] $Name,)*
        }

        impl Capability {
            /// Every kind, in the order of the list.
            pub const ALL: &[Capability] = &[$(Capability::$Name),*];

            /// Its name in a policy and on a screen.
            pub fn name(self) -> &'static str {
                match self { $(Capability::$Name => $capability),* }
            }
        }

        /// Any one change.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum AnyAction {
            $(#[doc = concat!("`", $capability, "`")] $Name($Name),)*
        }

        impl AnyAction {
            /// Its kind.
            pub fn capability(&self) -> Capability {
                match self { $(AnyAction::$Name(_) => Capability::$Name),* }
            }

            /// What it touches.
            pub fn target(&self) -> &Target {
                match self { $(AnyAction::$Name(action) => &action.target),* }
            }

            /// Its arguments by name.
            pub fn arguments(&self) -> Arguments {
                match self { $(AnyAction::$Name(action) => to_arguments(&action.arguments)),* }
            }

            /// The action that these texts of a plan say; every argument must be there and known.
            pub fn from_parts(
                capability: Capability,
                target: Target,
                arguments: Arguments,
            ) -> Result<AnyAction, BadAction> {
                check_class(capability, &target)?;
                Ok(match capability {
                    $(Capability::$Name => AnyAction::$Name($Name {
                        target,
                        arguments: from_arguments(capability, arguments)?,
                    }),)*
                })
            }
        }
    };
}

for_each_action!(actions);

impl AnyAction {
    /// What takes it back, from what was observed before it; `None` where nothing can.
    pub fn undo(&self) -> Option<AnyAction> {
        match self {
            AnyAction::Scale(scale) => Some(AnyAction::Scale(Scale {
                target: scale.target.clone(),
                arguments: ScaleArguments {
                    replicas: scale.arguments.observed_replicas,
                    observed_replicas: scale.arguments.replicas,
                    ..scale.arguments.clone()
                },
            })),
            AnyAction::Rollback(rollback) => Some(AnyAction::Rollback(Rollback {
                target: rollback.target.clone(),
                arguments: RollbackArguments {
                    from_revision: rollback.arguments.to_revision.clone(),
                    to_revision: rollback.arguments.from_revision.clone(),
                    ..rollback.arguments.clone()
                },
            })),
            AnyAction::Silence(silence) => Some(AnyAction::Expire(Expire {
                target: silence.target.clone(),
                arguments: ExpireArguments {
                    labels: silence.arguments.labels.clone(),
                },
            })),
            // A session, a restart, a message cannot be taken back; what takes an act back is
            // never taken back itself.
            AnyAction::Cancel(_)
            | AnyAction::Terminate(_)
            | AnyAction::Restart(_)
            | AnyAction::Expire(_)
            | AnyAction::Notify(_) => None,
        }
    }
}

fn check_class(capability: Capability, target: &Target) -> Result<(), BadAction> {
    let right_length = target.segments().count() == capability.target_segments();
    let class = target.segments().last().unwrap_or_default();
    let right_class = capability
        .target_classes()
        .is_none_or(|classes| classes.contains(&class));
    if right_length && right_class {
        Ok(())
    } else {
        Err(BadAction::Target {
            capability,
            target: target.clone(),
        })
    }
}

fn to_arguments<T: Serialize>(arguments: &T) -> Arguments {
    match serde_json::to_value(arguments) {
        Ok(Value::Object(map)) => map.into_iter().collect(),
        // Structs of integers and strings: they always serialise to an object.
        _ => Arguments::new(),
    }
}

fn from_arguments<T: DeserializeOwned>(
    capability: Capability,
    arguments: Arguments,
) -> Result<T, BadAction> {
    // A missing key must not read as null: the bytes signed name every argument.
    let names = capability.argument_names();
    if let Some(missing) = names.iter().find(|name| !arguments.contains_key(**name)) {
        let source = serde::de::Error::missing_field(missing);
        return Err(BadAction::Arguments { capability, source });
    }
    serde_json::from_value(Value::Object(arguments.into_iter().collect()))
        .map_err(|source| BadAction::Arguments { capability, source })
}

/// The revision that the plan entry of `action` holds.
pub(crate) fn read_revision(action: &AnyAction, seen: Value) -> Result<Revision, BadAction> {
    let capability = action.capability();
    let read = Revision::read(capability, seen)
        .map_err(|source| BadAction::Revision { capability, source })?;
    if let (
        AnyAction::Cancel(Cancel { arguments, .. })
        | AnyAction::Terminate(Terminate { arguments, .. }),
        Revision::Session(session),
    ) = (action, &read)
        && arguments.pid != session.pid
    {
        return Err(BadAction::OtherSession {
            seen: session.pid,
            named: arguments.pid,
        });
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminate() -> AnyAction {
        AnyAction::Terminate(Terminate {
            target: "orders-db/client".parse().unwrap(),
            arguments: SessionArguments {
                pid: 210_411,
                role: Some("checkout".to_owned()),
                database: None,
                only_if_state: Some("idle in transaction".to_owned()),
                transaction_age_s: Some(842),
            },
        })
    }

    #[test]
    fn an_action_survives_its_parts() {
        let action = terminate();
        let back = AnyAction::from_parts(
            action.capability(),
            action.target().clone(),
            action.arguments(),
        );
        assert_eq!(back.unwrap(), action);
    }

    #[test]
    fn what_takes_back_is_never_taken_back_and_names_the_same_target() {
        let silence = AnyAction::Silence(Silence {
            target: "alertmanager/High".parse().unwrap(),
            arguments: SilenceArguments {
                labels: BTreeMap::from([("alertname".to_owned(), "High".to_owned())]),
                minutes: 30,
                reason: "seen".to_owned(),
            },
        });
        let undo = silence.undo().unwrap();
        assert!(undo.capability().only_undo());
        assert_eq!(undo.target(), silence.target());
        assert_eq!(undo.arguments()["labels"], silence.arguments()["labels"]);
        assert_eq!(undo.undo(), None);
    }

    #[test]
    fn a_missing_or_unknown_argument_is_refused() {
        let action = terminate();
        let target = action.target().clone();
        let mut missing = action.arguments();
        missing.remove("database");
        assert!(AnyAction::from_parts(Capability::Terminate, target.clone(), missing).is_err());
        let mut more = action.arguments();
        more.insert("force".to_owned(), Value::Bool(true));
        assert!(AnyAction::from_parts(Capability::Terminate, target, more).is_err());
    }

    #[test]
    fn a_target_of_another_grammar_is_refused() {
        for bad in ["orders-db", "orders-db/clients", "orders-db/client/1"] {
            let target: Target = bad.parse().unwrap();
            let arguments = terminate().arguments();
            assert!(AnyAction::from_parts(Capability::Terminate, target, arguments).is_err());
        }
    }

    #[test]
    fn the_argument_names_are_the_fields() {
        let names: Vec<String> = terminate().arguments().into_keys().collect();
        assert_eq!(names, Capability::Terminate.argument_names());
    }
}
