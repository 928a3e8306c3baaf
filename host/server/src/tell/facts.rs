//! What a message says, read from the journal when it is sent.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use interlock_gate::Finding;
use interlock_gate::history::Kind;
use interlock_gate::ids::PlanDigest;
use interlock_gate::state::PlanState;
use interlock_gate::time::Time;
use interlock_gate::token::Decision;
use interlock_runner::error::RunError;
use interlock_runner::installed;
use interlock_runner::open::Runner;
use interlock_runner::record::{PlanRecord, RunRecord};
use interlock_screens::text::run::headline;
use interlock_store::Store as _;

use super::memory::{Due, Memory, Seen};
use super::message::{self, About, Became, Message, Proposed, What, Wrong};

/// Plans that are looked at, the newest first.
const PLANS_MAX: usize = 500;

/// Reads the store for what is due and for what to say of it.
pub(super) struct Looker {
    runner: Arc<Runner>,
    /// What never changes of a plan: its incident and when it runs out.
    fixed: HashMap<PlanDigest, (String, Time)>,
    /// Plans that could not be read, each of which was logged.
    unread: HashSet<PlanDigest>,
}

impl Looker {
    pub(super) fn new(runner: Arc<Runner>) -> Looker {
        Looker {
            runner,
            fixed: HashMap::new(),
            unread: HashSet::new(),
        }
    }

    /// Every plan that waits or was told of, as it stands.
    pub(super) async fn look(&mut self, memory: &Memory) -> Result<Vec<Seen>, RunError> {
        let now = self.runner.now();
        let mut seen = Vec::new();
        if self.fixed.len() > 4 * PLANS_MAX {
            self.fixed.clear();
            self.unread.clear();
        }
        for line in self.runner.store().plans(PLANS_MAX).await? {
            let told = memory.told().iter().find(|(plan, _)| *plan == line.plan);
            let waits = line.state == PlanState::Waiting;
            if !waits && told.is_none_or(|(_, told)| told.state == line.state.word()) {
                continue;
            }
            let Some((incident, expires_at)) = self.fixed(&line.plan).await else {
                continue;
            };
            let over = waits && now >= expires_at;
            let tokens = match told {
                Some(_) if waits && !over => self.runner.store().tokens(&line.plan).await?.len(),
                Some(_) | None => 0,
            };
            seen.push(Seen {
                plan: line.plan,
                run: line.run,
                incident,
                state: if over { PlanState::Expired } else { line.state },
                tokens,
            });
        }
        Ok(seen)
    }

    /// One plan that cannot be read keeps nobody from being told of the others.
    async fn fixed(&mut self, plan: &PlanDigest) -> Option<(String, Time)> {
        if let Some(known) = self.fixed.get(plan) {
            return Some(known.clone());
        }
        match self.runner.plan(*plan).await {
            Ok(read) => {
                let body = read.body();
                let fixed = (body.incident.clone(), body.expires_at);
                self.fixed.insert(*plan, fixed.clone());
                Some(fixed)
            }
            // The next look tries again: it may have been the store's bad moment.
            Err(error) => {
                if self.unread.insert(*plan) {
                    tracing::warn!(%plan, "a plan cannot be read, and is not told of: {error}");
                }
                None
            }
        }
    }

    /// The words of a message; `None` where it is no longer true.
    pub(super) async fn message(&self, due: &Due) -> Result<Option<Message>, RunError> {
        let page = self.runner.config().server.public_url.as_deref();
        match due {
            Due::Waiting { plans, .. } => {
                let mut about = About::default();
                let mut proposed = Vec::new();
                for one in plans {
                    let record = self.runner.run_record(&one.run).await?;
                    let Some(plan) = of(&record, &one.plan) else {
                        continue;
                    };
                    if plan.state != PlanState::Waiting {
                        continue;
                    }
                    about = self::about(&record);
                    proposed.push(self.proposed(&record, plan).await?);
                }
                Ok((!proposed.is_empty()).then(|| message::waiting(&about, &proposed, page)))
            }
            Due::Changed(one) => {
                let record = self.runner.run_record(&one.run).await?;
                let Some(plan) = of(&record, &one.plan) else {
                    return Ok(None);
                };
                let what = self.what(plan).await?;
                Ok(what.map(|what| {
                    let became = Became {
                        plan: one.plan,
                        run: one.run.clone(),
                        what,
                        would: headline(&plan.plan),
                    };
                    message::changed(&became, page)
                }))
            }
        }
    }

    async fn proposed(&self, record: &RunRecord, plan: &PlanRecord) -> Result<Proposed, RunError> {
        let body = plan.plan.body();
        let findings = self.runner.explain(&plan.plan, Kind::Apply).await?;
        let requester = &body.requester;
        Ok(Proposed {
            plan: plan.plan.id(),
            run: record.run.clone(),
            runbook: format!("{} {}", body.components.runbook, body.components.version),
            wrong: self.wrong(record),
            would: headline(&plan.plan),
            asked_by: requester
                .caller
                .clone()
                .unwrap_or_else(|| requester.via.clone()),
            owners: body.owners.iter().map(ToString::to_string).collect(),
            needs: missing(&findings),
            until: body.expires_at.clock(),
        })
    }

    /// The first hypothesis of the last report that has one: reports lead with the likeliest.
    fn wrong(&self, record: &RunRecord) -> Wrong {
        let report = record.report();
        let leading = report.steps.iter().rev().find_map(|step| {
            let hypothesis = step.report.hypotheses.first()?;
            Some((hypothesis, step.confidence.first()?))
        });
        let Some((hypothesis, confidence)) = leading else {
            return Wrong::Unresolved;
        };
        let roots = &self.runner.config().runbooks;
        let means = installed::find(roots, &record.runbook)
            .ok()
            .and_then(|runbook| runbook.manifest.causes.get(&hypothesis.cause).cloned());
        Wrong::Cause {
            cause: hypothesis.cause.clone(),
            means,
            level: confidence.level.to_string(),
        }
    }

    async fn what(&self, plan: &PlanRecord) -> Result<Option<What>, RunError> {
        let last = |decision: Decision| {
            let tokens = plan.tokens.iter().rev().map(|(_, token)| token.payload());
            let found = tokens.into_iter().find(|one| one.decision == decision);
            found.map_or_else(
                || ("a person".to_owned(), String::new()),
                |payload| (payload.approver.to_string(), payload.reason.clone()),
            )
        };
        Ok(Some(match plan.state {
            PlanState::Waiting => {
                let findings = self.runner.explain(&plan.plan, Kind::Apply).await?;
                let mut by: Vec<String> = findings
                    .iter()
                    .filter_map(|finding| match finding {
                        Finding::Filled { by, .. } => Some(by.to_string()),
                        Finding::Rule { .. }
                        | Finding::Empty { .. }
                        | Finding::Against(_)
                        | Finding::Ignored(_) => None,
                    })
                    .collect();
                by.sort();
                by.dedup();
                if by.is_empty() {
                    // A token that counts for nothing is nobody's news.
                    return Ok(None);
                }
                let missing = missing(&findings);
                What::Approval { by, missing }
            }
            PlanState::Rejected => {
                let (by, reason) = last(Decision::Reject);
                What::Rejected { by, reason }
            }
            PlanState::Revoked => {
                let (by, reason) = last(Decision::Revoke);
                What::Revoked { by, reason }
            }
            PlanState::Expired => What::Expired,
            PlanState::Superseded => What::Superseded,
            PlanState::Applied => What::Applied {
                outcomes: outcomes(plan),
            },
            PlanState::Stopped { .. } => What::Stopped {
                outcomes: outcomes(plan),
            },
            PlanState::Unknown { .. } => What::Unknown,
            PlanState::Undone => What::Undone,
            PlanState::Applying { .. } | PlanState::Undoing { .. } => return Ok(None),
        }))
    }
}

fn of<'a>(record: &'a RunRecord, plan: &PlanDigest) -> Option<&'a PlanRecord> {
    record.plans.iter().find(|one| one.plan.id() == *plan)
}

fn about(record: &RunRecord) -> About {
    let incident = &record.incident;
    About {
        incident: incident.id.clone(),
        service: incident.service.clone(),
        alerts: incident.alerts.iter().map(|it| it.name.clone()).collect(),
    }
}

/// The empty seats, alike ones together, and who could sit there.
fn missing(findings: &[Finding]) -> Vec<String> {
    let mut seats: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings {
        let Finding::Empty {
            freeze, roles, can, ..
        } = finding
        else {
            continue;
        };
        let mut seat = format!("of role {}", roles.join(" or "));
        if let Some(freeze) = freeze {
            seat.push_str(&format!(", for the freeze {freeze}"));
        }
        let can: Vec<&str> = can.iter().map(|one| one.as_str()).collect();
        seat.push_str(&if can.is_empty() {
            "; nobody may give it".to_owned()
        } else {
            format!("; who may give it: {}", can.join(", "))
        });
        *seats.entry(seat).or_default() += 1;
    }
    seats
        .into_iter()
        .map(|(seat, n)| match n {
            1 => format!("1 approval {seat}"),
            n => format!("{n} approvals {seat}"),
        })
        .collect()
}

/// `35 done, 1 gone`, in the order of first appearance.
fn outcomes(plan: &PlanRecord) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let forward = plan.acts.iter().filter(|act| act.kind == Kind::Apply);
    let words = forward.map(|act| act.outcome.as_ref().map_or("unknown", |it| it.name()));
    let mut begun = 0;
    for word in words {
        begun += 1;
        match counts.iter_mut().find(|(one, _)| *one == word) {
            Some((_, n)) => *n += 1,
            None => counts.push((word, 1)),
        }
    }
    let left = plan.plan.acts().count().saturating_sub(begun);
    if left > 0 {
        counts.push(("not begun", left));
    }
    let texts = counts
        .into_iter()
        .map(|(word, n)| format!("{n} {}", word.replace('_', " ")));
    texts.collect::<Vec<_>>().join(", ")
}
