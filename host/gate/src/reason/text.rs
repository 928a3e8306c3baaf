//! Reasons as people read them: lower case, no full stop, foreign text escaped.

use std::fmt;

use super::Reason;
use crate::escape;
use crate::history::Kind;
use crate::policy::duration_text;
use crate::sshsig::Presence;
use crate::state::PlanState;

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherHost { named } => {
                write!(f, "the plan is for host `{}`", escape::strict(named))
            }
            Self::ClockBehind { by_s } => {
                let by = duration_text(by_s.saturating_mul(1_000));
                write!(f, "the clock is {by} behind the journal's last entry")
            }
            Self::HistoryBroken => f.write_str("the journal contradicts itself about this plan"),
            Self::State {
                state: PlanState::Unknown { .. },
            } => f.write_str("the outcome of one of the plan's acts is not known"),
            Self::State { state } => write!(f, "the plan is {state}"),
            Self::Redeemed { kind, at } => {
                let what = match kind {
                    Kind::Apply => "applied",
                    Kind::Undo => "undone",
                };
                write!(f, "the plan was {what} once, at {}", at.clock())
            }
            Self::NothingToUndo => f.write_str("no act that was done can be taken back"),
            Self::PlanFromFuture { created_at } => {
                write!(
                    f,
                    "the plan was made at {}, which is yet to come",
                    created_at.clock()
                )
            }
            Self::PlanExpired { at, ago_s } => {
                write!(f, "the plan ended at {}, {} ago", at.clock(), ago(*ago_s))
            }
            Self::PlanRevoked => f.write_str("the policy revokes this plan"),
            Self::Rejected { by, at } => {
                write!(f, "`{by}` rejected the plan at {}", at.clock())
            }
            Self::Revoked { by, at } => {
                write!(f, "`{by}` revoked the plan at {}", at.clock())
            }
            Self::Never {
                action,
                capability,
                target,
                pattern,
            } => write!(
                f,
                "action {} ({capability} on {target}) is forbidden: [[never]] `{pattern}`",
                number(*action)
            ),
            Self::RuleChanged { action, rule } => write!(
                f,
                "rule changed since planned: `{}` of action {}",
                escape::strict(rule),
                number(*action)
            ),
            Self::NoRule {
                action,
                capability,
                target,
                rule,
            } => write!(
                f,
                "rule `{}` does not permit action {} ({capability} on {target})",
                escape::strict(rule),
                number(*action)
            ),
            Self::PerRun { rule, limit, asked } => write!(
                f,
                "rule `{}` permits {} a run, the plan holds {asked}",
                escape::strict(rule),
                actions(*limit)
            ),
            Self::PerHour {
                rule,
                limit,
                had,
                asked,
            } => write!(
                f,
                "rule `{}` permits {} an hour, had {had}, the plan adds {asked}",
                escape::strict(rule),
                actions(*limit)
            ),
            Self::BacktestMissing {
                rule,
                runbook,
                corpus,
            } => {
                write!(f, "rule `{}` demands a backtest", escape::strict(rule))?;
                if let Some(corpus) = corpus {
                    write!(f, " over the corpus {corpus}")?;
                }
                write!(
                    f,
                    " of the bytes that read for this plan, and none is kept; missing: {}",
                    missing_backtest(runbook)
                )
            }
            Self::BacktestCases {
                rule,
                runbook,
                needs,
                has,
            } => write!(
                f,
                "rule `{}` demands a backtest on {needs} incidents whose cause is known, the \
                 newest of these bytes has {has}; missing: {}",
                escape::strict(rule),
                missing_backtest(runbook)
            ),
            Self::BacktestRight {
                rule,
                runbook,
                needs_percent,
                right,
                cases,
            } => write!(
                f,
                "rule `{}` demands a backtest whose first cause is right in {needs_percent} %, in \
                 the newest of these bytes it is in {right} of {cases}; missing: {}",
                escape::strict(rule),
                missing_backtest(runbook)
            ),
            Self::BacktestWrong {
                rule,
                runbook,
                most_percent,
                wrong,
                confident,
            } => write!(
                f,
                "rule `{}` demands a backtest with at most {most_percent} % of the confident \
                 diagnoses wrong, in the newest of these bytes {wrong} of {confident} are; \
                 missing: {}",
                escape::strict(rule),
                missing_backtest(runbook)
            ),
            Self::CallerUnmapped { via } => write!(
                f,
                "no [[caller]] says who stands behind `{}`; missing: {}",
                escape::strict(via),
                missing_caller(via)
            ),
            Self::TokenOfOtherPlan { approver } => {
                write!(f, "token of `{approver}` is for another plan")
            }
            Self::TokenByStranger {
                approver,
                fingerprint,
            } => {
                write!(
                    f,
                    "token of `{approver}` is signed by {fingerprint}, no approver's key"
                )
            }
            Self::TokenByAnother { approver, signer } => {
                write!(f, "token of `{approver}` is signed by a key of `{signer}`")
            }
            Self::TokenByRevokedKey { approver } => {
                write!(f, "token of `{approver}` is signed by a revoked key")
            }
            Self::TokenOfOtherActs { approver } => {
                write!(f, "token of `{approver}` lists other acts than the plan")
            }
            Self::TokenBeforePlan {
                approver,
                issued_at,
            } => {
                let at = issued_at.clock();
                write!(
                    f,
                    "token of `{approver}` is older than the plan (issued {at})"
                )
            }
            Self::TokenFromFuture {
                approver,
                issued_at,
            } => {
                let at = issued_at.clock();
                write!(
                    f,
                    "token of `{approver}` was issued at {at}, which is yet to come"
                )
            }
            Self::TokenNotYet { approver, from } => {
                write!(f, "token of `{approver}` counts from {} on", from.clock())
            }
            Self::TokenSpent { approver } => {
                write!(f, "token of `{approver}` was redeemed before")
            }
            Self::TokenExpired {
                approver,
                at,
                ago_s,
                issued_at,
                max_age_s,
            } => {
                write!(
                    f,
                    "token of `{approver}` expired at {}, {} ago (issued {}",
                    at.clock(),
                    ago(*ago_s),
                    issued_at.clock()
                )?;
                match max_age_s {
                    Some(s) => {
                        write!(f, " + max_age {})", duration_text(s.saturating_mul(1_000)))
                    }
                    None => f.write_str(")"),
                }
            }
            Self::TokenPresence { approver, needs } => {
                write!(
                    f,
                    "token of `{approver}` is not {}",
                    presence_clause(*needs)
                )
            }
            Self::TokenOfRequester { approver } => {
                write!(
                    f,
                    "token of `{approver}` does not count: they stand behind the request"
                )
            }
            Self::Frozen {
                freeze,
                until,
                roles,
            } => {
                write!(
                    f,
                    "freeze `{freeze}` is on until {}",
                    until.to_seconds_text()
                )?;
                if roles.is_empty() {
                    f.write_str(", and nobody may lift it")
                } else {
                    write!(f, ": needs 1 more by {}, has 0", either(roles))
                }
            }
            Self::Quorum {
                rule,
                need,
                roles,
                not_requester,
                presence,
                has,
                ..
            } => {
                write!(
                    f,
                    "rule `{}` needs {need} {}",
                    escape::strict(rule),
                    either(roles)
                )?;
                if *not_requester {
                    let who = if *need == 1 { "who is" } else { "who are" };
                    write!(f, " {who} not the requester")?;
                }
                match presence {
                    Presence::Unproven => {}
                    Presence::Touch | Presence::Verified => {
                        write!(f, ", {}", presence_clause(*presence))?;
                    }
                }
                write!(f, ", has {has}")
            }
            Self::Seats {
                rule,
                seats,
                filled,
            } => write!(
                f,
                "rule `{}` needs {seats} different people for its seats, has {filled}",
                escape::strict(rule)
            ),
        }
    }
}

/// The plan's screen counts from 1.
fn number(action: u16) -> u32 {
    u32::from(action) + 1
}

fn actions(count: u32) -> String {
    if count == 1 {
        "1 action".to_owned()
    } else {
        format!("{count} actions")
    }
}

fn ago(seconds: u64) -> String {
    duration_text(seconds.saturating_mul(1_000))
}

fn either(roles: &[String]) -> String {
    roles.join(" or ")
}

fn presence_clause(presence: Presence) -> &'static str {
    match presence {
        Presence::Unproven => "signed by any key",
        Presence::Touch => "signed with the touch of a security key",
        Presence::Verified => "signed with a security key that verified its user",
    }
}

/// The command that supplies it.
fn missing_backtest(runbook: &str) -> String {
    format!(
        "`interlock backtest {} --corpus DIR --keep`",
        escape::strict(runbook)
    )
}

/// The lines that the policy is missing, ready to be filled in.
fn missing_caller(via: &str) -> String {
    let identity = match via.split_once(':') {
        Some(("uid", uid)) if uid.parse::<u32>().is_ok() => format!("uid = {uid}"),
        Some(_) | None => "bearer_sha256 = \"...\"".to_owned(),
    };
    format!("[[caller]] name = \"...\", {identity}, owner = \"...\"")
}
