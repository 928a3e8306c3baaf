//! Signed tokens: taken in, weighed, and kept where they are what they say.

use interlock_gate::{
    case::Case,
    explain::{Finding, explain},
    history::Kind,
    plan::Plan,
    reason::Reason,
    token::{BadToken, Decision, Token},
};
use interlock_store::entry::Entry;

use crate::{error::RunError, open::Runner};

/// What became of a token that somebody brought.
#[derive(Debug)]
pub enum TokenTaken {
    /// It is in the journal; it need not satisfy anything yet.
    Kept(Box<Token>),
    /// It is no word of an approver on this plan: every reason. It was not kept.
    Refused(Vec<Reason>),
    /// It is no token at all. It was not kept.
    Bad(BadToken),
}

/// A token that was brought along and not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Which of those that were brought, from 0.
    pub place: usize,
    /// What it lacks.
    pub lack: Lack,
    /// Why, with every cause.
    pub why: String,
}

/// What a token that is not kept lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It is no token file at all.
    Form,
    /// It is a token, and no approver's word on this plan.
    Standing,
}

impl SetAside {
    /// Of a file that is no token, as the one at `place`.
    pub fn bad(place: usize, bad: &BadToken) -> SetAside {
        let lack = match bad {
            BadToken::TooLarge | BadToken::Form(_) | BadToken::Base64 => Lack::Form,
            _ => Lack::Standing,
        };
        let mut why = bad.to_string();
        let mut cause = std::error::Error::source(bad);
        while let Some(error) = cause {
            why.push_str(&format!(": {error}"));
            cause = error.source();
        }
        SetAside { place, lack, why }
    }

    pub(crate) fn refused(place: usize, reasons: &[Reason]) -> SetAside {
        let why: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        SetAside {
            place,
            lack: Lack::Standing,
            why: why.join("; "),
        }
    }
}

impl Runner {
    /// Takes a token about `plan`. Only one that an approver of today's policy signed, about this
    /// plan and its acts, is kept; whatever else is wrong with it shows when the gate decides.
    pub async fn take_token(&self, plan: &Plan, bytes: &[u8]) -> Result<TokenTaken, RunError> {
        let policy = self.policy().await?;
        let token = match policy.verify(bytes) {
            Ok(token) => token,
            Err(bad) => return Ok(TokenTaken::Bad(bad)),
        };
        let kind = match token.payload().decision {
            Decision::Undo => Kind::Undo,
            Decision::Approve | Decision::Reject | Decision::Revoke => Kind::Apply,
        };
        let history = self.history(plan.id()).await?;
        let here = self.host();
        let tokens = [token.clone()];
        let case = Case {
            policy: &policy,
            plan,
            kind,
            tokens: &tokens,
            history: &history,
            here: &here,
            now: self.now(),
        };
        let against: Vec<Reason> = explain(&case)
            .into_iter()
            .filter_map(|finding| match finding {
                Finding::Ignored(reason) | Finding::Against(reason) => Some(reason),
                Finding::Rule { .. } | Finding::Filled { .. } | Finding::Empty { .. } => None,
            })
            .filter(is_no_word)
            .collect();
        let about_this = token.payload().plan == plan.id();
        if !against.is_empty() || !about_this || policy.approver_of(token.signer()).is_none() {
            return Ok(TokenTaken::Refused(if against.is_empty() {
                vec![Reason::TokenOfOtherPlan {
                    approver: token.payload().approver.clone(),
                }]
            } else {
                against
            }));
        }
        let entry = Entry::Token {
            plan: plan.id(),
            token: Box::new(token.clone()),
        };
        self.record(entry).await?;
        Ok(TokenTaken::Kept(Box::new(token)))
    }
}

/// A token against which this speaks is nobody's word on the plan. The others are an approver's
/// word that does not count, or not yet, or not any more.
fn is_no_word(reason: &Reason) -> bool {
    match reason {
        Reason::TokenOfOtherPlan { .. }
        | Reason::TokenByStranger { .. }
        | Reason::TokenByAnother { .. }
        | Reason::TokenByRevokedKey { .. }
        | Reason::TokenOfOtherActs { .. }
        | Reason::TokenBeforePlan { .. }
        | Reason::TokenFromFuture { .. }
        | Reason::TokenSpent { .. } => true,
        Reason::TokenNotYet { .. }
        | Reason::TokenExpired { .. }
        | Reason::TokenPresence { .. }
        | Reason::TokenOfRequester { .. }
        | Reason::OtherHost { .. }
        | Reason::ClockBehind { .. }
        | Reason::HistoryBroken
        | Reason::State { .. }
        | Reason::Redeemed { .. }
        | Reason::NothingToUndo
        | Reason::PlanFromFuture { .. }
        | Reason::PlanExpired { .. }
        | Reason::PlanRevoked
        | Reason::Rejected { .. }
        | Reason::Revoked { .. }
        | Reason::Never { .. }
        | Reason::RuleChanged { .. }
        | Reason::NoRule { .. }
        | Reason::PerRun { .. }
        | Reason::PerHour { .. }
        | Reason::BacktestMissing { .. }
        | Reason::BacktestCases { .. }
        | Reason::BacktestRight { .. }
        | Reason::BacktestWrong { .. }
        | Reason::CallerUnmapped { .. }
        | Reason::Frozen { .. }
        | Reason::Quorum { .. }
        | Reason::Seats { .. } => false,
    }
}
