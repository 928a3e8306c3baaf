//! What a write step would do, in the exact bytes that a person signs.
//!
//! Not a place for prose: what people read is rendered from these fields, see `screen`.
//! Start at [`Plan::new`] (the host made it) and [`Plan::read`] (somebody brought it).
//! Invariant: a [`Plan`] owns its canonical bytes, and its id is their SHA-256.

mod action_text;
mod check;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    action::{AnyAction, Arguments, BadAction, Capability, read_revision},
    canonical::{self, NotCanonical},
    ids::{
        CallDigest, CallId, CassetteDigest, ComponentDigest, HostId, PersonName, PlanDigest,
        ReportDigest, RuleDigest, RunId,
    },
    revision::Revision,
    target::Target,
    time::Time,
};

pub use self::action_text::ActionText;

/// The schema that a plan's bytes name.
pub const PLAN_SCHEMA: &str = "interlock.plan.v1";
/// Actions of one plan: more cannot be read by a person, so they are not asked to.
pub const ACTIONS_MAX: usize = 100;
/// One argument, in bytes of its canonical form.
pub const ARGUMENT_BYTES_MAX: usize = 1024;

/// A plan and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    bytes: Vec<u8>,
    id: PlanDigest,
    body: PlanBody,
    /// The acts as tokens say them: each decision compares them with every token.
    act_texts: Vec<ActionText>,
}

/// The fields of a plan; `contracts` in docs/formats.md says what each holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanBody {
    /// Always [`PLAN_SCHEMA`].
    pub schema: String,
    /// Only this host applies it.
    pub host: HostId,
    /// The run that made it.
    pub run: RunId,
    /// The incident's id.
    pub incident: String,
    /// When it was made.
    pub created_at: Time,
    /// From then on it is refused.
    pub expires_at: Time,
    /// Who asked.
    pub requester: Requester,
    /// Every person who stands behind the run, what it narrows and the diagnoses it cites;
    /// sorted, no one twice.
    pub owners: Vec<PersonName>,
    /// The runbook's bytes.
    pub components: Components,
    /// What the write step was given: strings, integers, booleans.
    pub inputs: BTreeMap<String, Value>,
    /// What the step before handed on; null without.
    pub findings: Value,
    /// The report that was shown.
    pub report: ReportDigest,
    /// The record of the write step's run, for conformance.
    pub cassette: CassetteDigest,
    /// Every recorded call that the report or an action cites, by id.
    pub calls: Vec<CitedCall>,
    /// The host's last signed checkpoint when the plan was made.
    pub checkpoint: CheckpointRef,
    /// In the order they would be carried out.
    pub actions: Vec<PlannedAction>,
    /// The plan that this one narrows.
    pub parent: Option<PlanDigest>,
}

/// Who asked for a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    /// The `[[caller]]` of the policy that maps them; null where none does.
    pub caller: Option<String>,
    /// How they came, such as `uid:1000`, `bearer:triage-agent`, `webhook`.
    pub via: String,
    /// The policy says that no person stands behind this caller.
    pub unattended: bool,
}

/// The runbook and its steps' bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Components {
    /// The runbook's name.
    pub runbook: String,
    /// The version that its manifest says.
    pub version: String,
    /// The write step's name: whose writes these are.
    pub step: String,
    /// Every step in the manifest's order.
    pub steps: Vec<StepBytes>,
}

/// One step's bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepBytes {
    /// The step's name.
    pub step: String,
    /// Its component's digest.
    pub digest: ComponentDigest,
}

/// A recorded call that is cited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CitedCall {
    /// Its id in the run.
    pub id: CallId,
    /// Of the call's canonical form, answer and times included.
    pub digest: CallDigest,
}

/// A checkpoint of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointRef {
    /// Entries of the tree.
    pub size: u64,
    /// The tree's root hash, 64 lower-case hex digits.
    pub root: String,
}

/// One action of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PlannedActionText", into = "PlannedActionText")]
pub struct PlannedAction {
    /// The change.
    pub action: AnyAction,
    /// The state it expects to find.
    pub seen: Revision,
    /// The observed item that it was computed from.
    pub cites: CitedItem,
    /// The write rule that permits it.
    pub rule: RuleRef,
    /// What takes it back.
    pub undo: Option<AnyAction>,
    /// Narrowing turns `act` into `skip`.
    pub r#do: Do,
}

/// An item of a recorded answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CitedItem {
    /// The call.
    pub call: CallId,
    /// The item's place in its answer, from 0.
    pub item: u32,
}

/// A write rule of the policy, word for word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleRef {
    /// Its name.
    pub name: String,
    /// Its digest.
    pub digest: RuleDigest,
}

/// Whether a plan's action is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Do {
    /// It is.
    Act,
    /// It was taken out when the plan was narrowed.
    Skip,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlannedActionText {
    capability: Capability,
    target: Target,
    arguments: Arguments,
    seen: Value,
    cites: CitedItem,
    rule: RuleRef,
    undo: Option<ActionText>,
    r#do: Do,
}

impl TryFrom<PlannedActionText> for PlannedAction {
    type Error = BadAction;

    fn try_from(text: PlannedActionText) -> Result<PlannedAction, BadAction> {
        let action = AnyAction::from_parts(text.capability, text.target, text.arguments)?;
        Ok(PlannedAction {
            seen: read_revision(&action, text.seen)?,
            action,
            cites: text.cites,
            rule: text.rule,
            undo: text.undo.map(AnyAction::try_from).transpose()?,
            r#do: text.r#do,
        })
    }
}

impl From<PlannedAction> for PlannedActionText {
    fn from(planned: PlannedAction) -> PlannedActionText {
        PlannedActionText {
            capability: planned.action.capability(),
            target: planned.action.target().clone(),
            arguments: planned.action.arguments(),
            // A revision is a struct of integers and strings: it always serialises.
            seen: serde_json::to_value(&planned.seen).unwrap_or(Value::Null),
            cites: planned.cites,
            rule: planned.rule,
            undo: planned.undo.as_ref().map(ActionText::from),
            r#do: planned.r#do,
        }
    }
}

/// Why these are no plan.
#[derive(Debug, thiserror::Error)]
pub enum BadPlan {
    /// The bytes or fields are not canonical JSON of the schema.
    #[error("not a plan: {0}")]
    Form(#[from] NotCanonical),
    /// Another schema.
    #[error("`schema` is `{0}`, expected `{PLAN_SCHEMA}`")]
    Schema(String),
    /// Nothing to carry out.
    #[error("`actions` holds nothing to carry out")]
    NoAction,
    /// Too long for a person to read.
    #[error("`actions` holds {0}, at most {ACTIONS_MAX} can be read and signed")]
    TooManyActions(usize),
    /// An argument too long for a person to read.
    #[error("`actions[{action}].arguments.{name}` is longer than {ARGUMENT_BYTES_MAX} bytes")]
    LongArgument {
        /// The action, from 0.
        action: usize,
        /// The argument.
        name: String,
    },
    /// An action cites a call that `calls` does not list, or `calls` is not in order.
    #[error("`actions[{action}].cites` names {call}, which `calls` does not list")]
    NotCited {
        /// The action, from 0.
        action: usize,
        /// The call.
        call: CallId,
    },
    /// No evidence.
    #[error("`calls` is empty: a plan must cite evidence")]
    NoEvidence,
    /// A list that must be sorted, each once.
    #[error("`{0}` is not sorted, or holds something twice")]
    Unsorted(&'static str),
    /// It ends before it begins.
    #[error("`expires_at` is not after `created_at`")]
    EndsBeforeItBegins,
    /// What only takes another act back is asked for by itself.
    #[error("`actions[{action}]` is `{capability}`, which only takes another act back")]
    OnlyUndo {
        /// The action, from 0.
        action: usize,
        /// Its capability.
        capability: Capability,
    },
    /// The state that it expects is not of its kind.
    #[error("`actions[{action}].seen` is not a state that `{capability}` can find")]
    Seen {
        /// The action, from 0.
        action: usize,
        /// Its capability.
        capability: Capability,
    },
    /// The undo is not the one that the action has.
    #[error("`actions[{action}].undo` is not what takes the action back")]
    Undo {
        /// The action, from 0.
        action: usize,
    },
}

impl Plan {
    /// Makes the plan of these fields.
    pub fn new(body: PlanBody) -> Result<Plan, BadPlan> {
        check::check(&body)?;
        let bytes = canonical::to_bytes(&body)?;
        Ok(Plan::of(bytes, body))
    }

    /// Reads a plan; its bytes must be its canonical form.
    pub fn read(bytes: &[u8]) -> Result<Plan, BadPlan> {
        let body: PlanBody = canonical::from_bytes(bytes)?;
        check::check(&body)?;
        Ok(Plan::of(bytes.to_vec(), body))
    }

    fn of(bytes: Vec<u8>, body: PlanBody) -> Plan {
        let acts = body
            .actions
            .iter()
            .filter(|planned| planned.r#do == Do::Act);
        Plan {
            act_texts: acts.map(|planned| (&planned.action).into()).collect(),
            id: PlanDigest::of(&bytes),
            bytes,
            body,
        }
    }

    /// SHA-256 of its bytes.
    pub fn id(&self) -> PlanDigest {
        self.id
    }

    /// Its canonical bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its fields.
    pub fn body(&self) -> &PlanBody {
        &self.body
    }

    /// The texts of [`Plan::acts`], as a token carries them.
    pub(crate) fn act_texts(&self) -> &[ActionText] {
        &self.act_texts
    }

    /// The actions that are carried out, with their places in the whole list.
    pub fn acts(&self) -> impl DoubleEndedIterator<Item = (usize, &PlannedAction)> {
        self.body
            .actions
            .iter()
            .enumerate()
            .filter(|(_, planned)| planned.r#do == Do::Act)
    }
}
