//! From a cited item and a step's arguments to one exact action.
//!
//! Pure. A step never names a target: this is the only maker of an action from
//! a write call, and everything that identifies the target comes from an answer
//! that the run recorded.

mod alert;
mod message;
mod session;
mod workload;

use interlock_gate::{
    action::{AnyAction, Capability},
    canonical,
    ids::CallId,
    plan::{ARGUMENT_BYTES_MAX, CitedItem},
    revision::Revision,
    target::{BadTarget, Target},
    time::Time,
};
use serde::{Deserialize, Serialize};

use crate::{
    call::{ReadCall, Recorded},
    write::Refusal,
};

/// What a step says in a write call, beside the item that it cites.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WriteArgs {
    /// `database.cancel`.
    Cancel {
        /// Act only while the session's state is this.
        only_if_state: Option<String>,
    },
    /// `database.terminate`.
    Terminate {
        /// Act only while the session's state is this.
        only_if_state: Option<String>,
    },
    /// `workload.restart`.
    Restart {},
    /// `workload.scale`.
    Scale {
        /// How many there shall be.
        replicas: u32,
    },
    /// `workload.rollback`.
    Rollback {},
    /// `alerts.silence`.
    Silence {
        /// For how long.
        minutes: u32,
        /// Why, in the step's words.
        reason: String,
    },
    /// `notify.notify`.
    Notify {
        /// A configured channel.
        channel: String,
        /// The step's words.
        message: String,
    },
}

impl WriteArgs {
    /// Which write they are for.
    pub fn capability(&self) -> Capability {
        match self {
            WriteArgs::Cancel { .. } => Capability::Cancel,
            WriteArgs::Terminate { .. } => Capability::Terminate,
            WriteArgs::Restart {} => Capability::Restart,
            WriteArgs::Scale { .. } => Capability::Scale,
            WriteArgs::Rollback {} => Capability::Rollback,
            WriteArgs::Silence { .. } => Capability::Silence,
            WriteArgs::Notify { .. } => Capability::Notify,
        }
    }
}

/// One action, the state it expects, and the item it was computed from. What
/// takes it back is [`AnyAction::undo`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aimed {
    /// The change.
    pub action: AnyAction,
    /// The state in which the target was observed.
    pub seen: Revision,
    /// The item.
    pub cites: CitedItem,
}

/// Why a cited item cannot be written to.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotAim {
    /// The cited call had no answer.
    #[error("{call} has no answer: {gap}")]
    NoAnswer {
        /// The call.
        call: CallId,
        /// Why.
        gap: crate::Gap,
    },
    /// The cited answer has no such item.
    #[error("{call} has no item {item}")]
    NoSuchItem {
        /// The call.
        call: CallId,
        /// The item.
        item: u32,
    },
    /// The capability does not write to items of that call.
    #[error("`{capability}` does not write to items of `{call}`")]
    WrongCall {
        /// The write.
        capability: Capability,
        /// The read.
        call: ReadCall,
    },
    /// The item is of the right call, but nothing to write to.
    #[error("`{capability}` does not write to {kind}")]
    WrongKind {
        /// The write.
        capability: Capability,
        /// What it is.
        kind: String,
    },
    /// The item lacks what its identity needs.
    #[error("the item cannot be identified: {missing}")]
    NotIdentified {
        /// What it lacks.
        missing: &'static str,
    },
    /// An argument is out of its bounds.
    #[error("`{name}` {why}")]
    BadArgument {
        /// The argument.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The item's names make no target.
    #[error("the item makes no target")]
    Target(#[from] BadTarget),
}

impl From<CannotAim> for Refusal {
    fn from(why: CannotAim) -> Refusal {
        let text = why.to_string();
        match why {
            CannotAim::NoAnswer { .. } | CannotAim::NoSuchItem { .. } => Refusal::NoSuchItem(text),
            CannotAim::WrongCall { .. } | CannotAim::WrongKind { .. } => Refusal::WrongKind(text),
            CannotAim::NotIdentified { .. } | CannotAim::Target(_) => Refusal::NotIdentified(text),
            CannotAim::BadArgument { .. } => Refusal::BadArgument(text),
        }
    }
}

/// Computes target, arguments and expected state of the write `args` to item
/// `item` of `cited`.
pub fn aim(cited: &Recorded, item: u32, args: WriteArgs) -> Result<Aimed, CannotAim> {
    let at = At {
        cited,
        item,
        capability: args.capability(),
    };
    let (action, seen) = match args {
        WriteArgs::Cancel { only_if_state } => session::cancel(&at, only_if_state)?,
        WriteArgs::Terminate { only_if_state } => session::terminate(&at, only_if_state)?,
        WriteArgs::Restart {} => workload::restart(&at)?,
        WriteArgs::Scale { replicas } => workload::scale(&at, replicas)?,
        WriteArgs::Rollback {} => workload::rollback(&at)?,
        WriteArgs::Silence { minutes, reason } => alert::silence(&at, minutes, reason)?,
        WriteArgs::Notify { channel, message } => message::notify(&at, &channel, message)?,
    };
    for name in action.capability().argument_names() {
        let long = action.arguments().get(*name).is_none_or(|value| {
            canonical::to_bytes(value).map_or(true, |bytes| bytes.len() > ARGUMENT_BYTES_MAX)
        });
        if long {
            return Err(bad_argument(
                name,
                format!("is longer than {ARGUMENT_BYTES_MAX} bytes"),
            ));
        }
    }
    Ok(Aimed {
        action,
        seen,
        cites: CitedItem {
            call: cited.id,
            item,
        },
    })
}

type Found = (AnyAction, Revision);

/// The cited item, and for which write.
struct At<'a> {
    cited: &'a Recorded,
    item: u32,
    capability: Capability,
}

impl At<'_> {
    fn answer(&self) -> Result<&crate::Answer, CannotAim> {
        let gap = |gap: &crate::Gap| CannotAim::NoAnswer {
            call: self.cited.id,
            gap: gap.clone(),
        };
        self.cited.answer.as_ref().map_err(gap)
    }

    fn pick<'i, T>(&self, items: &'i [T]) -> Result<&'i T, CannotAim> {
        let index = usize::try_from(self.item).ok();
        index
            .and_then(|index| items.get(index))
            .ok_or_else(|| self.no_such_item())
    }

    fn no_such_item(&self) -> CannotAim {
        CannotAim::NoSuchItem {
            call: self.cited.id,
            item: self.item,
        }
    }

    fn wrong_call(&self) -> CannotAim {
        CannotAim::WrongCall {
            capability: self.capability,
            call: self.cited.call(),
        }
    }

    fn wrong_kind(&self, kind: impl Into<String>) -> CannotAim {
        CannotAim::WrongKind {
            capability: self.capability,
            kind: kind.into(),
        }
    }
}

fn not_identified(missing: &'static str) -> CannotAim {
    CannotAim::NotIdentified { missing }
}

fn bad_argument(name: &'static str, why: impl Into<String>) -> CannotAim {
    CannotAim::BadArgument {
        name,
        why: why.into(),
    }
}

fn time(micros: u64, missing: &'static str) -> Result<Time, CannotAim> {
    Time::from_micros(micros).ok_or(not_identified(missing))
}

fn target(source: &str, segment: &str) -> Result<Target, CannotAim> {
    Ok(Target::new(&[source, segment])?)
}
