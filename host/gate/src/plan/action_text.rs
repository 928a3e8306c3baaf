//! An action as documents say it: in a plan's undo, and in a token.
//! Not an action: nothing is known of its arguments before it becomes one.

use serde::{Deserialize, Serialize};

use crate::action::{AnyAction, Arguments, BadAction, Capability};
use crate::target::Target;

/// An action as JSON: capability, target, arguments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionText {
    /// The capability.
    pub capability: Capability,
    /// What it touches.
    pub target: Target,
    /// What it does there.
    pub arguments: Arguments,
}

impl From<&AnyAction> for ActionText {
    fn from(action: &AnyAction) -> ActionText {
        ActionText {
            capability: action.capability(),
            target: action.target().clone(),
            arguments: action.arguments(),
        }
    }
}

impl TryFrom<ActionText> for AnyAction {
    type Error = BadAction;

    fn try_from(text: ActionText) -> Result<AnyAction, BadAction> {
        AnyAction::from_parts(text.capability, text.target, text.arguments)
    }
}
