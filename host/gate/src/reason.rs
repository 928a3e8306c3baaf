//! Every way to be refused, one variant each, in the order in which they are reported.
//! Invariant: reasons are matched without a wildcard, here and everywhere.

mod text;

use crate::action::Capability;
use crate::history::Kind;
use crate::ids::{BlobDigest, PersonName};
use crate::sshsig::Presence;
use crate::state::PlanState;
use crate::target::Target;
use crate::time::Time;

/// One reason against a plan. Their order is the order of reporting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// The plan names another host.
    OtherHost {
        /// The origin that the plan names.
        named: String,
    },
    /// The clock is too far behind the journal's last entry.
    ClockBehind {
        /// By how many seconds.
        by_s: u64,
    },
    /// What the journal says of the plan contradicts itself.
    HistoryBroken,
    /// The plan stands where this cannot be done.
    State {
        /// Where it stands.
        state: PlanState,
    },
    /// The plan was redeemed for this before.
    Redeemed {
        /// For what.
        kind: Kind,
        /// When.
        at: Time,
    },
    /// No act that was done can be taken back.
    NothingToUndo,
    /// The plan was made later than now.
    PlanFromFuture {
        /// When it says it was made.
        created_at: Time,
    },
    /// The plan's time ran out.
    PlanExpired {
        /// When.
        at: Time,
        /// Seconds since.
        ago_s: u64,
    },
    /// The policy lists the plan under `[revoked]`.
    PlanRevoked,
    /// An approver rejected the plan.
    Rejected {
        /// Who.
        by: PersonName,
        /// When they signed.
        at: Time,
    },
    /// An approver took an approval back.
    Revoked {
        /// Who.
        by: PersonName,
        /// When they signed.
        at: Time,
    },
    /// A `[[never]]` forbids the action.
    Never {
        /// The action's place in the plan, from 0.
        action: u16,
        /// What it would do.
        capability: Capability,
        /// To what.
        target: Target,
        /// The pattern that forbids it.
        pattern: String,
    },
    /// The rule that the plan names is gone or says something else now.
    RuleChanged {
        /// The action's place in the plan, from 0.
        action: u16,
        /// The rule's name in the plan.
        rule: String,
    },
    /// The rule that the plan names does not permit the action.
    NoRule {
        /// The action's place in the plan, from 0.
        action: u16,
        /// What it would do.
        capability: Capability,
        /// To what.
        target: Target,
        /// The rule's name in the plan.
        rule: String,
    },
    /// More actions of one plan than the rule permits.
    PerRun {
        /// The rule.
        rule: String,
        /// How many it permits.
        limit: u32,
        /// How many the plan holds.
        asked: u32,
    },
    /// More actions within the hour than the rule permits.
    PerHour {
        /// The rule.
        rule: String,
        /// How many it permits.
        limit: u32,
        /// How many there were.
        had: u32,
        /// How many the plan would add.
        asked: u32,
    },
    /// The rule demands a backtest of these bytes, and none is kept.
    BacktestMissing {
        /// The rule.
        rule: String,
        /// The runbook.
        runbook: String,
        /// The one corpus that counts, where the rule names it.
        corpus: Option<BlobDigest>,
    },
    /// The newest backtest of these bytes ran on too few incidents whose cause is known.
    BacktestCases {
        /// The rule.
        rule: String,
        /// The runbook.
        runbook: String,
        /// How many the rule asks for.
        needs: u32,
        /// How many there were.
        has: u32,
    },
    /// The newest backtest of these bytes was right too seldom.
    BacktestRight {
        /// The rule.
        rule: String,
        /// The runbook.
        runbook: String,
        /// In how many of a hundred the rule asks the first cause named to be right.
        needs_percent: u32,
        /// In how many it was.
        right: u32,
        /// Of how many.
        cases: u32,
    },
    /// The newest backtest of these bytes was confident and wrong too often.
    BacktestWrong {
        /// The rule.
        rule: String,
        /// The runbook.
        runbook: String,
        /// How many of a hundred confident ones the rule lets be wrong.
        most_percent: u32,
        /// How many were.
        wrong: u32,
        /// Of how many.
        confident: u32,
    },
    /// Nobody knows who stands behind the request, so that no approver can be told from them.
    CallerUnmapped {
        /// How the caller came.
        via: String,
    },
    /// A token that is about another plan.
    TokenOfOtherPlan {
        /// Whose it says it is.
        approver: PersonName,
    },
    /// A token by a key that is no approver's.
    TokenByStranger {
        /// Whose it says it is.
        approver: PersonName,
        /// The key's fingerprint.
        fingerprint: String,
    },
    /// A token that names one person and is signed by another's key.
    TokenByAnother {
        /// Whose it says it is.
        approver: PersonName,
        /// Whose key signed it.
        signer: PersonName,
    },
    /// A token by a key that was taken back.
    TokenByRevokedKey {
        /// Whose.
        approver: PersonName,
    },
    /// A token that lists other acts than the plan's.
    TokenOfOtherActs {
        /// Whose.
        approver: PersonName,
    },
    /// A token that is older than the plan.
    TokenBeforePlan {
        /// Whose.
        approver: PersonName,
        /// When it was issued.
        issued_at: Time,
    },
    /// A token from the future.
    TokenFromFuture {
        /// Whose.
        approver: PersonName,
        /// When it says it was issued.
        issued_at: Time,
    },
    /// A token that does not count yet.
    TokenNotYet {
        /// Whose.
        approver: PersonName,
        /// From when on it counts.
        from: Time,
    },
    /// A token whose key and nonce were redeemed for something else.
    TokenSpent {
        /// Whose.
        approver: PersonName,
    },
    /// A token that counted once and does no more.
    TokenExpired {
        /// Whose.
        approver: PersonName,
        /// When it ended.
        at: Time,
        /// Seconds since.
        ago_s: u64,
        /// When it was issued.
        issued_at: Time,
        /// The rule's `max_age` in seconds, where that ended it and not its own end.
        max_age_s: Option<u64>,
    },
    /// A token that shows too little of a person.
    TokenPresence {
        /// Whose.
        approver: PersonName,
        /// What the rule asks for.
        needs: Presence,
    },
    /// A token of somebody who stands behind the request.
    TokenOfRequester {
        /// Whose.
        approver: PersonName,
    },
    /// A freeze is on.
    Frozen {
        /// The freeze.
        freeze: String,
        /// When it ends.
        until: Time,
        /// Who may give the one more approval; empty where nobody may.
        roles: Vec<String>,
    },
    /// Too few people signed for one group of a rule.
    Quorum {
        /// The rule.
        rule: String,
        /// Its group, from 0.
        group: u16,
        /// How many it needs.
        need: u32,
        /// Who they must be.
        roles: Vec<String>,
        /// Whether the requester's people are left out.
        not_requester: bool,
        /// What each signature must show.
        presence: Presence,
        /// How many signed.
        has: u32,
    },
    /// Each group has enough people, and yet some person would sit twice.
    Seats {
        /// The rule.
        rule: String,
        /// Seats of the rule and of the freezes that are on.
        seats: u32,
        /// How many can be filled by different people.
        filled: u32,
    },
}

impl Reason {
    /// Whether one more approval, by somebody, would take it away.
    pub fn is_missing_approval(&self) -> bool {
        match self {
            Self::Quorum { .. } | Self::Seats { .. } => true,
            Self::Frozen { roles, .. } => !roles.is_empty(),
            Self::OtherHost { .. }
            | Self::ClockBehind { .. }
            | Self::HistoryBroken
            | Self::State { .. }
            | Self::Redeemed { .. }
            | Self::NothingToUndo
            | Self::PlanFromFuture { .. }
            | Self::PlanExpired { .. }
            | Self::PlanRevoked
            | Self::Rejected { .. }
            | Self::Revoked { .. }
            | Self::Never { .. }
            | Self::RuleChanged { .. }
            | Self::NoRule { .. }
            | Self::PerRun { .. }
            | Self::PerHour { .. }
            | Self::BacktestMissing { .. }
            | Self::BacktestCases { .. }
            | Self::BacktestRight { .. }
            | Self::BacktestWrong { .. }
            | Self::CallerUnmapped { .. }
            | Self::TokenOfOtherPlan { .. }
            | Self::TokenByStranger { .. }
            | Self::TokenByAnother { .. }
            | Self::TokenByRevokedKey { .. }
            | Self::TokenOfOtherActs { .. }
            | Self::TokenBeforePlan { .. }
            | Self::TokenFromFuture { .. }
            | Self::TokenNotYet { .. }
            | Self::TokenSpent { .. }
            | Self::TokenExpired { .. }
            | Self::TokenPresence { .. }
            | Self::TokenOfRequester { .. } => false,
        }
    }

    /// The name of its kind, for programs: it never changes once released.
    pub fn code(&self) -> &'static str {
        match self {
            Self::OtherHost { .. } => "other_host",
            Self::ClockBehind { .. } => "clock_behind",
            Self::HistoryBroken => "history_broken",
            Self::State { .. } => "state",
            Self::Redeemed { .. } => "redeemed",
            Self::NothingToUndo => "nothing_to_undo",
            Self::PlanFromFuture { .. } => "plan_from_future",
            Self::PlanExpired { .. } => "plan_expired",
            Self::PlanRevoked => "plan_revoked",
            Self::Rejected { .. } => "rejected",
            Self::Revoked { .. } => "revoked",
            Self::Never { .. } => "never",
            Self::RuleChanged { .. } => "rule_changed",
            Self::NoRule { .. } => "no_rule",
            Self::PerRun { .. } => "per_run",
            Self::PerHour { .. } => "per_hour",
            Self::BacktestMissing { .. } => "backtest_missing",
            Self::BacktestCases { .. } => "backtest_cases",
            Self::BacktestRight { .. } => "backtest_right",
            Self::BacktestWrong { .. } => "backtest_wrong",
            Self::CallerUnmapped { .. } => "caller_unmapped",
            Self::TokenOfOtherPlan { .. } => "token_of_other_plan",
            Self::TokenByStranger { .. } => "token_by_stranger",
            Self::TokenByAnother { .. } => "token_by_another",
            Self::TokenByRevokedKey { .. } => "token_by_revoked_key",
            Self::TokenOfOtherActs { .. } => "token_of_other_acts",
            Self::TokenBeforePlan { .. } => "token_before_plan",
            Self::TokenFromFuture { .. } => "token_from_future",
            Self::TokenNotYet { .. } => "token_not_yet",
            Self::TokenSpent { .. } => "token_spent",
            Self::TokenExpired { .. } => "token_expired",
            Self::TokenPresence { .. } => "token_presence",
            Self::TokenOfRequester { .. } => "token_of_requester",
            Self::Frozen { .. } => "frozen",
            Self::Quorum { .. } => "quorum",
            Self::Seats { .. } => "seats",
        }
    }
}
