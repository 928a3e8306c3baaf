//! The ways in which an entry cannot follow those in front of it.

use std::fmt;

use interlock_gate::history::Kind;
use interlock_gate::ids::{PlanDigest, PolicyDigest, RunId, TokenDigest};
use interlock_gate::state;
use interlock_gate::time::Time;

/// Why an entry cannot follow those in front of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    /// The journal must begin by saying whose it is, and says it once.
    #[error("a journal begins with `store_opened`, and has one")]
    Beginning,
    /// Its time is before the entry in front of it.
    #[error("it is of {at}, before the entry in front of it ({newest})")]
    TimeRunsBack {
        /// Its time.
        at: Time,
        /// The time of the entry in front.
        newest: Time,
    },
    /// The text is not the digest's.
    #[error("the policy's text is not that of `{digest}`")]
    PolicyText {
        /// The digest it claims.
        digest: PolicyDigest,
    },
    /// A store is bound to one policy file.
    #[error("this store is bound to the policy `{bound}`, not to `{given}`")]
    OtherPolicyPath {
        /// The path of its first policy.
        bound: String,
        /// The path given.
        given: String,
    },
    /// The policy has not changed.
    #[error("the policy `{digest}` is already in force")]
    SamePolicy {
        /// Its digest.
        digest: PolicyDigest,
    },
    /// No such run.
    #[error("no run `{0}` was opened")]
    NoRun(RunId),
    /// The run exists.
    #[error("the run `{0}` was opened before")]
    RunTwice(RunId),
    /// The caller's id is taken.
    #[error("the id `{key}` belongs to the run `{run}`")]
    IdTaken {
        /// The caller's id.
        key: String,
        /// The run that has it.
        run: RunId,
    },
    /// The run has ended.
    #[error("the run `{0}` has ended")]
    RunOver(RunId),
    /// No such incident.
    #[error("no incident `{0}` is known here")]
    NoIncident(String),
    /// The alerts are not this incident's.
    #[error("the incident `{incident}` takes no such alerts: {why}")]
    Incident {
        /// The incident.
        incident: String,
        /// Why not.
        why: &'static str,
    },
    /// Empty, or more than anybody reads.
    #[error("a note has 1 to {max} bytes, not {bytes}", max = crate::entry::NOTE_BYTES_MAX)]
    Note {
        /// Its length.
        bytes: usize,
    },
    /// Kept by nothing that has a name, empty, or more than is ever looked at.
    #[error("a timeline is of a named kind and has 1 to {max} lines, not {lines}", max = crate::entry::TIMELINE_LINES_MAX)]
    Timeline {
        /// Its lines.
        lines: u64,
    },
    /// Numbers that cannot be of one backtest.
    #[error("the numbers of the backtest contradict each other, or it ran no step")]
    Backtest,
    /// A verdict that says nothing, or in a word that nobody reads.
    #[error("feedback is `accepted`, `modified` or `rejected`, or a cause, in {max} bytes at most", max = crate::entry::CAUSE_BYTES_MAX)]
    Feedback,
    /// No such plan.
    #[error("no plan `{0}` was made here")]
    NoPlan(PlanDigest),
    /// The plan exists.
    #[error("the plan `{0}` was made before")]
    PlanTwice(PlanDigest),
    /// The plan cannot be in the state that this would bring about.
    #[error("plan `{plan}`: {source}")]
    Transition {
        /// The plan.
        plan: PlanDigest,
        /// What cannot happen.
        source: state::Illegal,
    },
    /// The token is about another plan than the entry says.
    #[error("the token is about the plan `{inside}`")]
    TokenOfAnotherPlan {
        /// What the token says.
        inside: PlanDigest,
    },
    /// This key has used this nonce.
    #[error("the token's nonce was used before, by the token `{0}`")]
    NonceUsed(TokenDigest),
    /// The redeemed tokens are not those it names.
    #[error("the tokens it redeems are not the tokens it names, or the journal lacks one")]
    Redeems,
    /// The tokens of a plan are redeemed once.
    #[error("{kind} of plan `{plan}` was redeemed before", kind = Word(*.kind))]
    RedeemedTwice {
        /// The plan.
        plan: PlanDigest,
        /// Forward or back.
        kind: Kind,
    },
    /// An action is carried out once.
    #[error("{kind} of action {index} was begun before", kind = Word(*.kind))]
    IntentTwice {
        /// The action's place.
        index: u16,
        /// Forward or back.
        kind: Kind,
    },
    /// It is not this action's turn.
    #[error("the step is {found}, the plan's next is {next}")]
    NotItsTurn {
        /// What it says.
        found: u16,
        /// Whose turn it is.
        next: u16,
    },
    /// The one before has no outcome yet.
    #[error("the intent before it has no outcome yet")]
    Unsettled,
    /// No intent, so no outcome.
    #[error("{kind} of action {index} was never begun", kind = Word(*.kind))]
    NoIntent {
        /// The action's place.
        index: u16,
        /// Forward or back.
        kind: Kind,
    },
    /// An outcome is said once.
    #[error("{kind} of action {index} has the outcome `{outcome}` already", kind = Word(*.kind))]
    SettledBefore {
        /// The action's place.
        index: u16,
        /// Forward or back.
        kind: Kind,
        /// What was said.
        outcome: String,
    },
    /// The outcome's revision is not of the action's kind.
    #[error("the revision after action {index} is not of its kind")]
    Revision {
        /// The action's place.
        index: u16,
    },
    /// A plan ends in its middle only for a reason.
    #[error("plan `{0}` is not through, and nothing says why it ends here")]
    Unexplained(PlanDigest),
    /// Nothing is in doubt.
    #[error("the outcome of action {index} is known: nothing to reconcile")]
    NoDoubt {
        /// The action's place.
        index: u16,
    },
}

/// A kind by its word.
struct Word(Kind);

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.word())
    }
}
