//! Runs read from the journal for their counts: no cassette is opened but where somebody told the
//! place of an incident.

use interlock_capabilities::report::{Hypothesis, Incident};
use interlock_gate::{
    ids::{BlobDigest, CassetteDigest, PlanDigest},
    plan::Plan,
    screen,
    time::Time,
    token::{Decision, Token},
};
use interlock_store::{
    RunLine, Store as _,
    entry::{Entry, Stamped, StepEnd},
};

use super::{
    RUNS_MAX,
    case::{Case, Decided, reading_time_s},
};
use crate::{
    confidence::Confidence,
    error::RunError,
    learnt::{Learnt, Named, Verdict},
    open::Runner,
    report::StepReport,
    subject::subject,
};

/// What a run put first.
struct First {
    hypothesis: Hypothesis,
    confidence: Option<Confidence>,
    cassette: CassetteDigest,
}

/// A plan, as far as a decision about it is looked at.
struct Made {
    plan: PlanDigest,
    at: Time,
    words: u64,
    narrowed: bool,
}

impl Runner {
    /// The runs since then that have ended, oldest first, and whether there were more.
    pub(super) async fn cases(&self, since: Time) -> Result<(Vec<Case>, bool), RunError> {
        let learnt = Learnt::read(self.store().as_ref(), None).await?;
        let lines = self.store().runs(RUNS_MAX + 1).await?;
        let left_out =
            lines.len() > RUNS_MAX && lines.last().is_some_and(|line| line.opened_at >= since);
        let mut cases = Vec::new();
        for line in lines.iter().take(RUNS_MAX).rev() {
            // A run that goes on has come to nothing yet.
            if line.opened_at < since || line.state == "open" {
                continue;
            }
            cases.push(self.case(line, &learnt).await?);
        }
        Ok((cases, left_out))
    }

    async fn case(&self, line: &RunLine, learnt: &Learnt) -> Result<Case, RunError> {
        let mut case = Case {
            run: line.run.clone(),
            incident: None,
            runbook: line.runbook.clone(),
            cause: None,
            named: None,
            level: None,
            probability_percent: None,
            faulted: line.state == "faulted",
            verdict: None,
            right: None,
            alerted_at: line.opened_at,
            opened_at: line.opened_at,
            evidence_at: None,
            decided_at: None,
            fixed_at: None,
            approvals: Vec::new(),
        };
        let mut first = None;
        let mut plans = Vec::new();
        let mut over = false;
        for stamped in self.store().events(&line.run).await? {
            match &stamped.entry {
                Entry::StepEnded {
                    cassette,
                    end: StepEnd::Report(report),
                    ..
                } if !over => {
                    let blob = BlobDigest::from_raw(*report.raw());
                    let mut kept: StepReport = self.document(blob, "report").await?;
                    case.evidence_at = Some(stamped.at);
                    if !kept.report.hypotheses.is_empty() {
                        first = Some(First {
                            hypothesis: kept.report.hypotheses.remove(0),
                            confidence: kept.confidence.into_iter().next(),
                            cassette: *cassette,
                        });
                    }
                }
                Entry::RunEnded { .. } => over = true,
                _ => take(&mut case, &mut plans, &stamped),
            }
        }
        if let Some(first) = first {
            self.judged(&mut case, first, learnt).await?;
        } else {
            case.cause = learnt
                .actual(&case.run, case.incident.as_deref())
                .map(|actual| actual.cause.clone());
        }
        // A word on the diagnosis says more of it than a signature over what follows from it.
        if let Some((verdict, at)) = learnt.verdict(&case.run) {
            case.verdict = Some(verdict);
            case.decided_at = case.decided_at.or(Some(at));
        }
        Ok(case)
    }

    /// What was named, and what it came to.
    async fn judged(&self, case: &mut Case, first: First, learnt: &Learnt) -> Result<(), RunError> {
        let incident = case.incident.as_deref();
        let actual = learnt.actual(&case.run, incident);
        let mut blamed = None;
        if actual.is_some_and(|actual| actual.subject.is_some()) {
            let cassette = self.cassette(first.cassette).await?;
            blamed = subject(&first.hypothesis, |id| cassette.call(id)).map(str::to_owned);
        }
        let cause = first.hypothesis.cause;
        let named = Named {
            cause: &cause,
            subject: blamed.as_deref(),
        };
        let outcome = learnt.outcome(&case.run, incident, &named);
        case.right = outcome.right.filter(|_| !outcome.on_the_spot);
        case.cause = Some(actual.map_or_else(|| cause.clone(), |actual| actual.cause.clone()));
        case.named = Some(cause);
        case.level = first.confidence.as_ref().map(|one| one.level);
        case.probability_percent = first.confidence.and_then(|one| one.probability_percent);
        Ok(())
    }
}

/// What an entry says of a run beside its reports.
fn take(case: &mut Case, plans: &mut Vec<Made>, stamped: &Stamped) {
    match &stamped.entry {
        Entry::RunOpened { incident, .. } => {
            case.incident = stamped.entry.incident().map(str::to_owned);
            let given = serde_json::from_value::<Incident>(incident.clone()).ok();
            let alerts = given.iter().flat_map(|incident| &incident.alerts);
            let first = alerts
                .filter_map(|alert| Time::from_micros(alert.starts_at))
                .min();
            // An alert that begins after its run is the clock's of somebody else.
            case.alerted_at = first.unwrap_or(stamped.at).min(stamped.at);
        }
        Entry::Planned { plan } => plans.push(Made {
            plan: plan.id(),
            at: stamped.at,
            words: words(plan),
            narrowed: plan.body().parent.is_some(),
        }),
        Entry::Token { plan, token } => {
            if let Some(made) = plans.iter().find(|made| made.plan == *plan) {
                signed(case, token, made);
            }
        }
        Entry::Verified { verdict, .. } if verdict == "fixed" => {
            case.fixed_at = case.fixed_at.or(Some(stamped.at));
        }
        _ => {}
    }
}

fn signed(case: &mut Case, token: &Token, made: &Made) {
    let payload = token.payload();
    // The signer's clock says when; it may be a little ahead.
    let at = payload.issued_at.max(made.at);
    let verdict = match payload.decision {
        Decision::Approve if made.narrowed => Verdict::Modified,
        Decision::Approve => Verdict::Accepted,
        Decision::Reject => Verdict::Rejected,
        Decision::Revoke | Decision::Undo => return,
    };
    case.verdict = Some(verdict);
    case.decided_at = Some(case.decided_at.map_or(at, |earlier| earlier.min(at)));
    if payload.decision == Decision::Approve {
        case.approvals.push(Decided {
            after_s: at.seconds_since(made.at),
            reading_s: reading_time_s(made.words),
        });
    }
}

/// The words that an approver signs.
fn words(plan: &Plan) -> u64 {
    screen::what_you_sign(plan).split_whitespace().count() as u64
}
